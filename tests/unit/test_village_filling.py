"""The village's way into Meguri: in time, whole, and the same however often it is killed."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter

import pytest
from fakes.ingest import REPLAYER_TOKEN, SENSOR_TOKEN, FakeIngest
from meguri_sensors.batches import last_ms
from meguri_sensors.uplink import Uplink, UplinkError
from meguri_village.days import Day
from meguri_village.filling import LIVE_CHUNK_MS, Filling
from meguri_village.people import Village
from meguri_village.progress import ProgressError
from meguri_village.truth import visits_of
from reference.village import KEY_DAY, TOWN_FILE, village_town, visits_in

MINUTE = 60_000
HOUR = 60 * MINUTE
TOWN = village_town()
DAY_START, DAY_END = TOWN.day_bounds_ms(KEY_DAY)
NOON = DAY_START + 8 * HOUR
SMALL = Village(TOWN, seed=3, size=0.03)


class Clock:
    """A wall clock that goes on only where somebody waits for it."""

    def __init__(self, now_ms):
        self.now_ms = now_ms

    def __call__(self):
        return self.now_ms

    def wait(self, seconds):
        self.now_ms += round(seconds * 1_000)


def uplinks_of(ingest):
    return {
        sensor: Uplink(ingest.url, SENSOR_TOKEN + sensor, REPLAYER_TOKEN, patience_s=2)
        for sensor in ingest.town.sensors
    }


def fill(ingest, folder, start_ms, until_ms, *, village=SMALL, clock=None, uplinks=None, report=None):
    clock = clock or Clock(until_ms)
    steps = []
    filling = Filling(village, uplinks or uplinks_of(ingest), folder, start_ms, until_ms)
    filling.run(clock, clock.wait, report or steps.append)
    return steps


def written(folder):
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def visits_delivered(ingest):
    return visits_in(ingest.detections(), ingest.town)


def true_visits(village, start_ms, until_ms):
    town = village.town
    return Counter(
        (visit.place, visit.heard_first_ms, visit.heard_last_ms, visit.heard_receptions)
        for key_day in range(town.key_day_at(start_ms), town.key_day_at(until_ms - 1) + 1)
        for visit in visits_of(Day(village, key_day), start_ms, until_ms)
        if visit.heard_receptions
    )


@pytest.fixture
def ingest():
    with FakeIngest(TOWN) as ingest:
        yield ingest


def test_what_arrives_is_the_truth_but_for_the_losses(ingest, tmp_path):
    start, until = NOON, DAY_END + 3 * HOUR
    steps = fill(ingest, tmp_path, start, until)
    assert visits_delivered(ingest) == true_visits(SMALL, start, until)
    assert steps[-1].detections == steps[-1].frames == len(ingest.detections()) > 500
    assert steps[-1].rejected == 0
    assert sorted(written(tmp_path)) == [
        "losses-2025-11-19.csv",
        "losses-2025-11-20.csv",
        "progress.json",
        "visits-2025-11-19.csv",
        "visits-2025-11-20.csv",
    ]


def test_each_sensor_counts_its_batches_up_from_0_on_every_key_day(ingest, tmp_path):
    fill(ingest, tmp_path, DAY_END - HOUR, DAY_END + HOUR, village=Village(TOWN, 3, 0.3))
    counts = {}
    for sensor, boot, sequence, key_day in ingest.batches:
        counts.setdefault((sensor, boot, key_day), []).append(sequence)
    assert len(counts) == len({(sensor, day) for sensor, _, day in counts}) == 4
    assert all(sorted(each) == list(range(len(each))) for each in counts.values())


@pytest.mark.parametrize("lateness", ["30s", "3m", "10m", "2h"])
def test_nothing_is_ahead_of_the_towns_clock_and_nothing_is_late(lateness, tmp_path):
    town = village_town(lateness=lateness)
    with FakeIngest(town) as ingest:
        fill(ingest, tmp_path, NOON, NOON + HOUR, village=Village(town, 3, 0.03))
        greatest = 0
        for _, upload, town_time_ms in ingest.uploads:
            greatest = max(greatest, town_time_ms)
            for batch in upload.batches:
                assert batch.base_time_ms >= greatest - town.lateness_ms
                assert last_ms(batch) < town_time_ms
                assert last_ms(batch) - batch.base_time_ms <= 5 * MINUTE


def test_the_last_tick_closes_every_visit(ingest, tmp_path):
    fill(ingest, tmp_path, NOON, NOON + HOUR)
    assert ingest.ticks == sorted(ingest.ticks)
    assert ingest.ticks[-1] == NOON + HOUR + TOWN.gap_ms + TOWN.lateness_ms + 1


def test_uploads_say_that_they_are_of_a_recording(ingest, tmp_path):
    fill(ingest, tmp_path, NOON, NOON + HOUR)
    assert all(upload.recording for _, upload, _ in ingest.uploads)


def test_history_is_filled_in_long_chunks_and_then_the_wall_clock_sets_the_pace(ingest, tmp_path):
    clock = Clock(NOON + 25 * MINUTE + 3_000)
    steps = fill(ingest, tmp_path, NOON, NOON + 26 * MINUTE, clock=clock)
    times = [(step.town_time_ms - NOON) / 1_000 for step in steps]
    assert times == [600, 1_200, 1_500, 1_510, 1_520, 1_530, 1_540, 1_550, 1_560]
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
        truth = tmp_path / "visits-2025-11-19.csv"
        assert len(truth.read_text().splitlines()) - 1 == len(
            visits_of(Day(SMALL, KEY_DAY), NOON - HOUR, step.town_time_ms)
        )

    fill(
        ingest,
        tmp_path,
        NOON - HOUR,
        NOON + MINUTE,
        clock=Clock(NOON),
        report=lambda step: step.phase == "live" and report(step),
    )


def test_a_village_that_was_asleep_catches_up_in_long_chunks(ingest, tmp_path):
    clock = Clock(NOON)
    clock.wait = lambda _: setattr(clock, "now_ms", NOON + 45 * MINUTE)
    steps = fill(ingest, tmp_path, NOON, NOON + 45 * MINUTE, clock=clock)
    assert [(step.town_time_ms - NOON) // MINUTE for step in steps] == [10, 20, 30, 40, 45]


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
        (Village(TOWN, 4, 0.03), "seed is 3, not 4"),
        (Village(TOWN, 3, 0.04), "size is 0.03, not 0.04"),
        (Village(village_town(gap="20m"), 3, 0.03), "rules is"),
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


# The process.


@pytest.fixture
def town_file(tmp_path):
    path = tmp_path / "village.yaml"
    path.write_text(TOWN_FILE.format(gap="30m", lateness="10m"), encoding="utf-8")
    return path


TOKENS = json.dumps(
    {"sensors": {sensor: SENSOR_TOKEN + sensor for sensor in TOWN.sensors}, "replayer": REPLAYER_TOKEN}
)


def command(ingest_url, town_file, data, *more):
    options = {
        "--town": town_file,
        "--ingest": ingest_url,
        "--data": data,
        "--start": NOON,
        "--seed": SMALL.seed,
        "--size": SMALL.size,
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


def test_the_process_prints_a_line_a_chunk_and_ends_at_until(ingest, town_file, tmp_path):
    process = start(ingest.url, town_file, tmp_path / "data", "--until", NOON + HOUR)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["town_time_ms"] for line in lines] == [NOON + n * 10 * MINUTE for n in range(1, 7)]
    assert set(lines[0]) == {"phase", "town_time_ms", "frames", "detections", "rejected", "seconds"}
    assert visits_delivered(ingest) == true_visits(SMALL, NOON, NOON + HOUR)


def test_the_process_killed_in_the_middle_goes_on_and_delivers_the_same(ingest, town_file, tmp_path):
    until = NOON + 12 * HOUR
    for lines in (1, 3, 9):
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
    assert visits_delivered(ingest) == true_visits(SMALL, NOON, until)


def test_the_process_stops_when_it_is_told_to(ingest, town_file, tmp_path):
    # A day of history: it is told in the middle of it.
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
    tokens = json.dumps({"sensors": dict.fromkeys(TOWN.sensors, "secret-1"), "replayer": "secret-2"})
    process = start(ingest.url, town_file, tmp_path / "data", tokens=tokens)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.startswith(f"Ingest at {ingest.url} did not take a tick: it answered 401")
    assert "secret" not in err


@pytest.mark.parametrize(
    ("tokens", "more", "says"),
    [
        ("", (), 'Standard input has to begin with a line {"sensors"'),
        ('{"sensors": {"shop": "secret"}, "replayer": "secret"}', (), "shop, hall-door, parking"),
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
