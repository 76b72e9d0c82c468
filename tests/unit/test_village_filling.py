"""The village's way into Meguri: in time, whole, and the same however often it is killed."""

import base64
import csv
import hmac
import io
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest
from fakes.ingest import REPLAYER_TOKEN, SENSOR_TOKEN, FakeIngest
from meguri_sensors.batches import last_ms
from meguri_sensors.service import UplinkError
from meguri_sensors.uplink import Uplink
from meguri_village.days import Day
from meguri_village.filling import LIVE_CHUNK_MS, Filling
from meguri_village.habits import Habits
from meguri_village.outlets import Keys, Outlets
from meguri_village.posting import Poster
from meguri_village.progress import ProgressError
from meguri_village.shops import last_of_each
from meguri_village.truth import found_visits_of
from meguri_village.village import Village
from reference.village import KEY_DAY, TOWN_FILE, village_town, visits_in, whole_town

MINUTE = 60_000
HOUR = 60 * MINUTE
TOWN = village_town()
DAY_START, DAY_END = TOWN.day_bounds_ms(KEY_DAY)
NOON = DAY_START + 8 * HOUR
QUIET = replace(Habits(), passing_cars=5)
SMALL = Village(TOWN, seed=3, size=0.03, addresses="stable", habits=QUIET)
WHOLE = whole_town()
TRADING = Village(WHOLE, seed=3, size=0.1, habits=replace(QUIET, answers_per_mille=1_000))
SIGNATURE_KEY = "a signature key"


class Clock:
    """A wall clock that goes on only where somebody waits for it."""

    def __init__(self, now_ms):
        self.now_ms = now_ms

    def __call__(self):
        return self.now_ms

    def wait(self, seconds):
        self.now_ms += round(seconds * 1_000)


def uplink_of(ingest):
    return Uplink(ingest.url, REPLAYER_TOKEN, patience_s=2)


def outlets_of(ingest):
    town = ingest.town
    tokens = {name: SENSOR_TOKEN + name for name in (*town.shops, *town.counters)}
    keys = Keys(REPLAYER_TOKEN, tokens, tokens, dict.fromkeys(town.shops, SIGNATURE_KEY))
    service = Poster("ingest", ingest.url, patience_s=2)
    return Outlets(town, keys, service, service)


def fill(ingest, folder, start_ms, until_ms, *, village=SMALL, clock=None, report=None):
    clock = clock or Clock(until_ms)
    steps = []
    filling = Filling(village, uplink_of(ingest), outlets_of(ingest), folder, start_ms, until_ms)
    filling.run(clock, clock.wait, report or steps.append)
    return steps


def written(folder):
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def visits_delivered(ingest):
    return visits_in(ingest.detections(), ingest.town)


def true_visits(village, start_ms, until_ms):
    town = village.town
    return Counter(
        (visit.place, visit.first_ms, visit.last_ms, visit.receptions)
        for key_day in range(town.key_day_at(start_ms), town.key_day_at(until_ms - 1) + 1)
        for visit in found_visits_of(Day(village, key_day), start_ms, until_ms)
    )


@pytest.fixture
def ingest():
    with FakeIngest(TOWN) as ingest:
        yield ingest


def test_what_arrives_is_the_truth_but_for_the_losses(ingest, tmp_path):
    start, until = NOON, DAY_END + 3 * HOUR
    steps = fill(ingest, tmp_path, start, until)
    assert visits_delivered(ingest) == true_visits(SMALL, start, until)
    assert steps[-1].detections == steps[-1].frames == len(ingest.detections()) > 300
    assert steps[-1].rejected == 0
    names = {name.rsplit("-2025-11-", 1)[0] for name in written(tmp_path)} - {"progress.json"}
    assert names == {
        *("parties", "visits", "found-visits", "found-moves", "found-paths", "losses", "sales"),
        *("guide-events", "answers", "counts", "totals"),
    }
    assert len(written(tmp_path)) == 2 * len(names) + 1


def test_each_sensor_counts_its_batches_up_from_0_on_every_key_day(ingest, tmp_path):
    fill(ingest, tmp_path, DAY_END - HOUR, DAY_END + HOUR, village=replace(SMALL, size=0.5))
    counts = {}
    for sensor, boot, sequence, key_day in ingest.batches:
        counts.setdefault((sensor, boot, key_day), []).append(sequence)
    assert len(counts) == len({(sensor, day) for sensor, _, day in counts}) == 6
    assert all(sorted(each) == list(range(len(each))) for each in counts.values())


@pytest.mark.parametrize("lateness", ["30s", "3m", "10m", "2h"])
def test_nothing_is_ahead_of_the_towns_clock_and_nothing_is_late(lateness, tmp_path):
    town = village_town(lateness=lateness)
    with FakeIngest(town) as ingest:
        fill(ingest, tmp_path, NOON, NOON + 6 * HOUR, village=replace(SMALL, town=town))
        greatest = 0
        for _, upload, town_time_ms in ingest.uploads:
            for batch in upload.batches:
                # Each batch may be a message of its own in the log.
                assert batch.base_time_ms >= greatest - town.lateness_ms
                greatest = max(greatest, last_ms(batch))
                assert last_ms(batch) < town_time_ms + town.clock_lead_ms
                assert last_ms(batch) - batch.base_time_ms <= min(10 * MINUTE, town.lateness_ms)
            greatest = max(greatest, town_time_ms)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6, 7])
def test_what_a_clock_that_is_off_tells_is_all_refused_or_all_late(seed, tmp_path):
    habits = replace(Habits(), clock_off_per_mille=1_000, outage_per_mille=0)
    village = Village(WHOLE, seed, 0.2, habits=habits)
    day = Day(village, KEY_DAY)
    told = int((day.receptions.lost == 3).sum())
    with FakeIngest(WHOLE) as ingest:
        steps = fill(ingest, tmp_path, DAY_START, DAY_END, village=village)
        late, greatest = 0, DAY_START
        for _, upload, town_time_ms in ingest.uploads:
            for batch in upload.batches:
                if last_ms(batch) > town_time_ms + WHOLE.clock_lead_ms:
                    continue
                late += batch.count if last_ms(batch) < greatest - WHOLE.lateness_ms else 0
                greatest = max(greatest, last_ms(batch))
            greatest = max(greatest, town_time_ms)
    assert told > 10
    assert (steps[-1].rejected, late) in ((told, 0), (0, told))


def test_the_last_tick_closes_every_visit(ingest, tmp_path):
    fill(ingest, tmp_path, NOON, NOON + HOUR)
    assert ingest.ticks == sorted(ingest.ticks)
    assert ingest.ticks[-1] == NOON + HOUR + TOWN.gap_ms + TOWN.lateness_ms + 1


def test_uploads_say_that_they_are_of_a_recording(ingest, tmp_path):
    fill(ingest, tmp_path, NOON, NOON + HOUR)
    assert all(upload.recording for _, upload, _ in ingest.uploads)


def test_history_is_filled_by_days_and_then_the_wall_clock_sets_the_pace(ingest, tmp_path):
    start, now = NOON - 48 * HOUR, NOON + 25 * MINUTE + 3_000
    clock = Clock(now)
    steps = fill(ingest, tmp_path, start, NOON + 26 * MINUTE, clock=clock)
    times = [(step.town_time_ms - NOON) / 1_000 for step in steps]
    assert times == [-32 * 3_600, -8 * 3_600, 1_500, 1_510, 1_520, 1_530, 1_540, 1_550, 1_560]
    assert [step.phase for step in steps] == ["history"] * 2 + ["live"] * 7
    assert clock.now_ms == NOON + 26 * MINUTE


def test_a_live_chunk_is_delivered_when_its_time_is_over_and_not_before(ingest, tmp_path):
    clock = Clock(NOON)
    seen = []
    fill(
        ingest,
        tmp_path,
        NOON,
        NOON + MINUTE,
        clock=clock,
        report=lambda step: seen.append((step.town_time_ms, clock.now_ms)),
    )
    assert seen == [(NOON + at, NOON + at) for at in range(LIVE_CHUNK_MS, MINUTE + 1, LIVE_CHUNK_MS)]


def test_while_it_is_live_the_truth_is_that_of_the_last_chunk(ingest, tmp_path):
    def report(step):
        truth = tmp_path / "found-visits-2025-11-19.csv"
        assert len(truth.read_text().splitlines()) - 1 == len(
            found_visits_of(Day(SMALL, KEY_DAY), NOON - HOUR, step.town_time_ms)
        )

    fill(
        ingest,
        tmp_path,
        NOON - HOUR,
        NOON + MINUTE,
        clock=Clock(NOON),
        report=lambda step: step.phase == "live" and report(step),
    )


def test_a_village_that_was_asleep_catches_up_at_once(ingest, tmp_path):
    clock = Clock(NOON)
    clock.wait = lambda _: setattr(clock, "now_ms", NOON + 45 * MINUTE)
    steps = fill(ingest, tmp_path, NOON, NOON + 45 * MINUTE, clock=clock)
    assert [(step.town_time_ms - NOON) // MINUTE for step in steps] == [45]


def test_a_chunk_begun_is_cut_in_the_same_place_when_the_clock_has_gone_on(ingest, tmp_path):
    clock = Clock(NOON + 12_000)
    ingest.refusals.append((400, {}))
    with pytest.raises(UplinkError):
        fill(ingest, tmp_path, NOON, NOON + HOUR, clock=clock)
    clock.wait(500)
    steps = fill(ingest, tmp_path, NOON, NOON + 9 * MINUTE, clock=clock)
    assert steps[0].town_time_ms == NOON + 10_000


def test_a_village_goes_on_where_it_was_whatever_start_it_is_given(ingest, tmp_path):
    fill(ingest, tmp_path, NOON, NOON + HOUR)
    before = len(ingest.uploads)
    fill(ingest, tmp_path, NOON + 5 * MINUTE, NOON + HOUR)
    assert len(ingest.uploads) == before
    fill(ingest, tmp_path, NOON + 5 * MINUTE, NOON + 2 * HOUR)
    assert visits_delivered(ingest) == true_visits(SMALL, NOON, NOON + 2 * HOUR)


@pytest.mark.parametrize(
    ("village", "what"),
    [
        (replace(SMALL, seed=4), "seed is 3, not 4"),
        (replace(SMALL, size=0.04), "size is 0.03, not 0.04"),
        (replace(SMALL, addresses="field"), "addresses is stable, not field"),
        (replace(SMALL, town=village_town(gap="20m")), "rules is"),
    ],
)
def test_another_villages_folder_is_not_gone_on_with(ingest, tmp_path, village, what):
    fill(ingest, tmp_path, NOON, NOON + MINUTE)
    with pytest.raises(ProgressError, match=what):
        fill(ingest, tmp_path, NOON, NOON + MINUTE, village=village)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 1}', "nonsense"])
def test_a_damaged_progress_is_named(ingest, tmp_path, content):
    (tmp_path / "progress.json").write_text(content)
    with pytest.raises(ProgressError, match=r"progress\.json is damaged"):
        fill(ingest, tmp_path, NOON, NOON + MINUTE)


def test_what_ingest_does_not_accept_is_counted_as_rejected(ingest, tmp_path, monkeypatch):
    monkeypatch.setattr("fakes.ingest.key_check", lambda _: 0)
    steps = fill(ingest, tmp_path, NOON, NOON + HOUR)
    assert steps[-1].detections == 0
    assert steps[-1].rejected == steps[-1].frames > 0


# Tills, counters and the guide.


@pytest.fixture(scope="module")
def afternoon():
    return Day(TRADING, KEY_DAY)


def told_in(ingest, path):
    return [(sender, headers, body) for posted, sender, headers, body in ingest.posts if posted == path]


@pytest.fixture
def whole():
    with FakeIngest(WHOLE) as ingest:
        yield ingest


def table(body, encoding):
    return list(csv.DictReader(io.StringIO(body.decode(encoding), newline="")))


def test_the_past_of_each_shop_comes_as_its_till_would_tell_it(whole, tmp_path, afternoon):
    fill(whole, tmp_path, NOON, DAY_END, village=TRADING)
    told = [each for each in afternoon.tellings if each.told_ms >= NOON]
    by_shop = {shop: [each for each in told if each.sale.shop == shop] for shop in WHOLE.shops}
    assert all(by_shop.values())

    ((sender, headers, body),) = told_in(whole, "/v1/sales?source=square")
    assert (sender, headers["Content-Type"]) == ("gifts", "text/csv; charset=utf-8")
    rows = table(body, "utf-8-sig")
    assert [(row["external_id"], int(row["version"])) for row in rows] == [
        (each.sale.external_id, each.told_ms) for each in by_shop["gifts"]
    ]

    ((sender, headers, body),) = told_in(whole, "/v1/sales?format=smaregi&source=smaregi")
    assert (sender, headers["Content-Type"]) == ("meals", "text/csv; charset=cp932")
    sold = [(row["取引ID"], int(row["合計"]), row["取消区分"] == "1") for row in table(body, "cp932")]
    assert sold == [
        (each.sale.external_id, each.sale.amount_yen, each.cancelled)
        for each in last_of_each(by_shop["meals"])
    ]

    ((sender, _, body),) = told_in(whole, "/v1/sales?source=till-file")
    assert sender == "cafe"
    assert [row["at"][-6:] for row in table(body, "utf-8-sig")] == ["+09:00"] * len(by_shop["cafe"])

    ((sender, _, body),) = told_in(whole, "/v1/sales?source=till")
    assert sender == "kiosk"
    assert [sale["amount_yen"] for sale in json.loads(body)["sales"]] == [
        each.sale.amount_yen for each in by_shop["kiosk"]
    ]


def test_what_a_square_shop_sells_now_comes_as_signed_webhooks_approved_and_then_completed(
    whole, tmp_path, afternoon
):
    first = next(each for each in afternoon.tellings if each.sale.shop == "gifts" and each.told_ms > NOON)
    start = first.told_ms // LIVE_CHUNK_MS * LIVE_CHUNK_MS
    fill(whole, tmp_path, start, start + LIVE_CHUNK_MS, village=TRADING, clock=Clock(start))
    path = "/v1/webhooks/square/whole/gifts"
    posted = told_in(whole, path)
    for _, headers, body in posted:
        made = hmac.digest(SIGNATURE_KEY.encode(), f"{whole.url}{path}".encode() + body, "sha256")
        assert headers["x-square-hmacsha256-signature"] == base64.b64encode(made).decode()
    payments = [json.loads(body)["data"]["object"]["payment"] for _, _, body in posted][:2]
    assert [payment["status"] for payment in payments] == ["APPROVED", "COMPLETED"]
    assert {payment["id"] for payment in payments} == {first.sale.external_id}
    assert payments[1]["amount_money"] == {"amount": first.sale.amount_yen, "currency": "JPY"}


def test_counters_and_phones_tell_all_of_the_day(whole, tmp_path, afternoon):
    fill(whole, tmp_path, NOON, DAY_END, village=TRADING)
    ((sender, _, body),) = told_in(whole, "/v1/counts")
    counts = json.loads(body)["counts"]
    assert sender == "mouth-gate"
    assert [count["from_ms"] for count in counts] == list(range(NOON, DAY_END, 5 * MINUTE))
    bodies = [json.loads(body) for _, _, body in told_in(whole, "/v1/events")]
    events = [event for each in bodies for event in each.get("events", [])]
    answers = [answer for each in bodies for answer in each.get("answers", [])]
    assert [event["event_id"] for event in events] == [u.event_id for u in afternoon.uses if u.at_ms >= NOON]
    assert len(answers) == len([each for each in afternoon.answers if each.at_ms >= NOON])
    assert {answer["town"] for answer in answers} == {"whole"}


# The process.


@pytest.fixture
def town_file(tmp_path):
    path = tmp_path / "village.yaml"
    path.write_text(TOWN_FILE.format(gap="30m", lateness="10m"), encoding="utf-8")
    return path


TOKENS = json.dumps({"replayer": REPLAYER_TOKEN, "tills": {}, "counters": {}, "square": {}})


STARTED = Village(TOWN, seed=3, size=0.02, addresses="stable")


def command(ingest_url, town_file, data, *more):
    options = {
        "--town": town_file,
        "--ingest": ingest_url,
        "--guide": ingest_url,
        "--addresses": "stable",
        "--data": data,
        "--start": NOON,
        "--seed": STARTED.seed,
        "--size": STARTED.size,
    }
    given = [str(part) for option in options.items() for part in option]
    return [sys.executable, "-m", "meguri_village", *given, *map(str, more)]


def start(*arguments, tokens=TOKENS):
    process = subprocess.Popen(
        command(*arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdin.write(tokens + "\n")
    process.stdin.flush()
    return process


def test_the_process_prints_a_line_a_stretch_and_ends_at_until(ingest, town_file, tmp_path):
    process = start(ingest.url, town_file, tmp_path / "data", "--until", NOON + 60 * HOUR)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["town_time_ms"] - NOON) // HOUR for line in lines] == [16, 40, 60]
    assert set(lines[0]) == {
        *("phase", "town_time_ms", "frames", "detections", "sales", "guide_events", "rejected", "seconds")
    }
    assert visits_delivered(ingest) == true_visits(STARTED, NOON, NOON + 60 * HOUR)


def test_the_process_killed_in_the_middle_goes_on_and_delivers_the_same(ingest, town_file, tmp_path):
    until = NOON + 8 * 24 * HOUR
    for lines in (1, 3):
        process = start(ingest.url, town_file, tmp_path / "data", "--until", until)
        for _ in range(lines):
            assert process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
    process = start(ingest.url, town_file, tmp_path / "data", "--until", until)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert ingest.renamed == []
    assert visits_delivered(ingest) == true_visits(STARTED, NOON, until)


def test_the_process_stops_when_it_is_told_to(ingest, town_file, tmp_path):
    # A year of history: it is told in the middle of it.
    process = start(ingest.url, town_file, tmp_path / "data")
    process.stdout.readline()
    process.terminate()
    assert process.wait(timeout=60) == 0
    process.communicate()


def test_the_process_ends_when_nobody_reads_it_any_more(ingest, town_file, tmp_path):
    process = start(ingest.url, town_file, tmp_path / "data")
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 1
    assert process.stderr.read() == ""
    process.stderr.close()
    process.stdin.close()


def test_the_process_says_in_a_sentence_that_ingest_refuses_it(ingest, town_file, tmp_path):
    tokens = TOKENS.replace(REPLAYER_TOKEN, "secret")
    process = start(ingest.url, town_file, tmp_path / "data", tokens=tokens)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.startswith(f"Ingest at {ingest.url} did not take a tick: it answered 401")
    assert "secret" not in err


@pytest.mark.parametrize(
    ("tokens", "more", "says"),
    [
        ("", (), 'Standard input has to begin with a line {"replayer"'),
        ('{"tills": {"shop": "secret"}}', (), "every shop (none), every counter (none)"),
        (TOKENS, ("--size", "0"), "The village's size is 0.0"),
        (TOKENS, ("--town", "nowhere.yaml"), "The town file nowhere.yaml cannot be read: No such file"),
        (TOKENS, ("--seed", "x"), "invalid int value: 'x'"),
        (TOKENS, ("--ingest", "localhost"), "has to be like http://"),
    ],
)
def test_a_process_started_wrongly_says_how(town_file, tmp_path, tokens, more, says):
    process = start("http://127.0.0.1:1", town_file, tmp_path / "data", *more, tokens=tokens)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1 if "--ingest" in more else 2, "")
    assert says in err
    assert "secret" not in err
    assert "Traceback" not in err


def test_a_live_town_is_not_simulated(town_file, tmp_path):
    town_file.write_text(town_file.read_text("utf-8").replace("recording", "live"), encoding="utf-8")
    process = start("http://127.0.0.1:1", town_file, tmp_path / "data")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "only a town whose clock is `recording` can be simulated" in err
