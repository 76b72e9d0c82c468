"""The demo's parts by themselves: what is asked for, what a folder holds already, what a village tells."""

import json
from datetime import datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from meguri import demo
from meguri.checkout import DEMO_TOWNS
from meguri.cli import app
from meguri.data_folder import DataFolder
from meguri.demo_record import LONGEST_AGE_MS, DemoRecord, settle
from meguri.engines import Children
from meguri.errors import LocalRunError
from meguri.town_files import read_town_files
from meguri.village_process import VillageProcess
from meguri_kit.registry import Registry
from typer.testing import CliRunner

TOWNS = read_town_files(list(DEMO_TOWNS.values()))
MINE = TOWNS["mine"]
DAY = 86_400_000
NOW_MS = 1_775_000_000_000
NOTHING = demo.Asked((), None, None, None, None, None, None)
RECORD = DemoRecord(60, NOW_MS - 60 * DAY, None, 1, 1.0, "field")


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder(tmp_path / "data")
    with folder.held():
        yield folder


@pytest.fixture
def started(monkeypatch, folder):
    """What `run_demo` would run: by town the record, and the file, for what is asked."""

    def start(**asked):
        made = {}

        class Demo:
            def __init__(self, files, records, *, exit_when_filled):
                made.update(files=files, records=records, exit_when_filled=exit_when_filled)

            run = None

        monkeypatch.setattr(demo, "Demo", Demo)
        monkeypatch.setattr(demo, "LocalRun", lambda *_: SimpleNamespace(run=lambda: None))
        other = DataFolder(folder.path / "demo")
        demo.run_demo(other, 0, demo.Asked(**{**NOTHING.__dict__, **asked}), exit_when_filled=False)
        return made

    return start


def test_a_new_demo_is_of_both_towns_and_of_sixty_whole_days_and_today(started):
    made = started()
    assert made["files"] == DEMO_TOWNS
    for name, record in made["records"].items():
        start = datetime.fromtimestamp(record.start_ms / 1000, TOWNS[name].zone)
        assert (start.hour, start.minute) == (4, 0)
        today = datetime.now(TOWNS[name].zone)
        assert 60 <= (today - start).total_seconds() / 86_400 < 61
        assert (record.until_ms, record.seed, record.size, record.addresses) == (None, 1, 1.0, "field")


def test_a_start_and_an_end_without_an_offset_are_the_towns_own_time(started, tmp_path):
    paris = tmp_path / "paris.yaml"
    paris.write_text(
        DEMO_TOWNS["mine"]
        .read_text("utf-8")
        .replace("Asia/Tokyo", "Europe/Paris")
        .replace("town: mine", "town: p")
    )
    times = {"start": "2026-04-01T04:00", "until": "2026-04-02T04:00:00+02:00"}
    records = started(towns=["minamiyamashiro", str(paris)], **times)["records"]
    april = datetime(2026, 4, 1, 4, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp() * 1000
    assert records["minamiyamashiro"].start_ms == april
    assert records["p"].start_ms == april + 7 * 3_600_000
    assert {record.until_ms for record in records.values()} == {records["p"].start_ms + DAY}
    assert {record.days for record in records.values()} == {None}


def test_one_town_can_be_chosen_and_an_unknown_one_is_said_with_those_that_ship(started):
    assert list(started(towns=["mine"], days=3)["records"]) == ["mine"]
    with pytest.raises(LocalRunError, match="yours is no town file, and no town that ships: minamiyamashiro"):
        started(towns=["yours"])


@pytest.mark.parametrize("asked", [{"start": "yesterday"}, {"until": "99"}])
def test_a_time_that_cannot_be_read_is_said_with_its_option(started, asked):
    option = "--from" if "start" in asked else "--until"
    with pytest.raises(LocalRunError, match=f"{option}: .* is no time in ISO 8601"):
        started(**asked)


def test_a_days_option_is_the_same_demo_on_another_day_and_another_number_is_refused(started):
    first = started(days=3, towns=["mine"])
    assert started(days=3, towns=["mine"]) == first
    assert started(towns=["mine"]) == first
    with pytest.raises(LocalRunError, match="a demo of mine whose days is 3, not 4"):
        started(days=4, towns=["mine"])


def test_days_and_from_together_are_wrong_use(tmp_path):
    wrong = ["demo", "--data", str(tmp_path), "--days", "3", "--from", "2026-04-01T04:00"]
    answer = CliRunner().invoke(app, wrong)
    assert answer.exit_code == 2
    assert "by --days or by --from" in answer.output


def test_a_second_start_goes_on_with_what_is_there(folder):
    first, word = settle(folder, {"mine": RECORD}, {"mine": {}}, NOW_MS)
    assert (first, word) == ({"mine": RECORD}, None)
    later = DemoRecord(60, RECORD.start_ms + DAY, None, 1, 1.0, "field")
    again, word = settle(folder, {"mine": later}, {"mine": {}}, NOW_MS + DAY)
    assert again == first
    assert word == "Going on with the village that is there."


def test_a_town_that_was_left_out_is_remembered_and_a_new_one_joins(folder):
    settle(folder, {"mine": RECORD}, {"mine": {}}, NOW_MS)
    other = DemoRecord(2, NOW_MS - 2 * DAY, None, 5, 1.0, "field")
    settle(folder, {"tea": other}, {"tea": {}}, NOW_MS)
    both, _ = settle(folder, {"mine": other, "tea": RECORD}, {"mine": {}, "tea": {}}, NOW_MS)
    assert both == {"mine": RECORD, "tea": other}


def stored(folder):
    for path in (folder.kafka, folder.clickhouse, folder.village):
        path.mkdir()
    folder.registry.touch()
    own = folder.path / "notes.txt"
    own.write_text("the user's own")
    return own


def is_empty(folder):
    return not any(
        path.exists() for path in (folder.kafka, folder.clickhouse, folder.village, folder.registry)
    )


def test_a_history_that_began_too_long_ago_is_begun_anew(folder):
    settle(folder, {"mine": RECORD}, {"mine": {}}, NOW_MS)
    own = stored(folder)
    still = RECORD.start_ms + LONGEST_AGE_MS
    assert settle(folder, {"mine": RECORD}, {"mine": {}}, still)[1].startswith("Going on")
    assert not is_empty(folder)
    anew = DemoRecord(60, still - 60 * DAY, None, 1, 1.0, "field")
    records, word = settle(folder, {"mine": anew}, {"mine": {}}, still + 1)
    assert records == {"mine": anew}
    assert "beginning anew" in word
    assert is_empty(folder)
    assert own.exists()


def test_a_named_start_or_end_keeps_a_demo_whatever_its_age(folder):
    old = DemoRecord(None, 0, None, 1, 1.0, "field")
    ended = DemoRecord(None, 0, 10, 1, 1.0, "field")
    settle(folder, {"mine": old, "tea": ended}, {"mine": {}, "tea": {}}, NOW_MS)
    stored(folder)
    assert settle(folder, {"mine": old}, {"mine": {"start_ms": 0}}, NOW_MS)[0] == {"mine": old}
    assert settle(folder, {"tea": ended}, {"tea": {}}, NOW_MS)[0] == {"tea": ended}
    assert not is_empty(folder)


def test_another_village_than_the_one_there_is_refused(folder):
    settle(folder, {"mine": RECORD}, {"mine": {}}, NOW_MS)
    with pytest.raises(LocalRunError, match=r"a demo of mine whose size is 1\.0, not 2\.0"):
        settle(folder, {"mine": RECORD}, {"mine": {"size": 2.0}}, NOW_MS)


def test_a_demo_of_an_earlier_meguri_is_begun_anew_with_a_word(folder):
    own = stored(folder)
    folder.demo_record.write_text('{"start_ms": 1, "until_ms": null, "seed": 1, "size": 1.0}')
    records, word = settle(folder, {"mine": RECORD}, {"mine": {}}, NOW_MS)
    assert (records, word) == (
        {"mine": RECORD}, "The demo that is there was made by an earlier Meguri: beginning anew."
    )  # fmt: skip
    assert is_empty(folder)
    assert own.exists()


@pytest.mark.parametrize("damaged", ["{", "[]", '{"mine": {"seed": 1}}', '{"mine": 3}'])
def test_a_damaged_record_is_said_so(folder, damaged):
    folder.demo_record.write_text(damaged)
    with pytest.raises(LocalRunError, match="is damaged"):
        settle(folder, {"mine": RECORD}, {"mine": {}}, NOW_MS)


@pytest.fixture
def running(folder):
    registry = Registry(f"sqlite:///{folder.registry}")
    yield SimpleNamespace(
        folder=folder,
        towns=TOWNS,
        children=Children(folder.path),
        services=SimpleNamespace(registry=registry),
        addresses={"ingest": "http://ingest", "guide": "http://guide"},
    )
    registry.close()


PROGRAM = """
import json, sys
print(json.dumps({"arguments": sys.argv[1:], "tokens": json.loads(sys.stdin.readline())}))
print("not a step")
sys.exit(int(sys.argv[0]))
"""


@pytest.fixture
def village(running, monkeypatch):
    """A process in the village's place that tells what it was given and ends with a status."""

    def start(status=0):
        begin = running.children.start

        def in_its_place(name, command, **options):
            python, _, module, *arguments = command
            assert module == "meguri_village"
            program = PROGRAM.replace("sys.argv[0]", str(status))
            return begin(name, [python, "-c", program, *arguments], **options)

        monkeypatch.setattr(running.children, "start", in_its_place)
        process = VillageProcess(running, MINE, DEMO_TOWNS["mine"], RECORD)
        process.child.process.wait(30)
        process.read()
        return process

    return start


def test_a_village_is_told_its_town_and_gets_tokens_of_what_it_plays_on_its_standard_input(village, running):
    process = village()
    given = process.step
    options = dict(zip(given["arguments"][::2], given["arguments"][1::2], strict=True))
    assert options == {
        "--town": str(DEMO_TOWNS["mine"]),
        "--ingest": "http://ingest",
        "--guide": "http://guide",
        "--data": str(running.folder.village / "mine"),
        "--start": str(RECORD.start_ms),
        "--seed": "1",
        "--size": "1.0",
        "--addresses": "field",
    }
    tokens, registry = given["tokens"], running.services.registry
    who = {
        (principal.role, principal.name)
        for token in (tokens["replayer"], *tokens["tills"].values(), *tokens["counters"].values())
        for principal in [registry.authenticate(token)]
    }
    shops, counters = {("till", shop) for shop in MINE.shops}, {("counter", name) for name in MINE.counters}
    assert who == {("replayer", "village"), *shops, *counters}
    (square,) = tokens["square"]
    assert square == next(iter(MINE.shops))
    assert registry.webhook_key("mine", square, "square") == tokens["square"][square]
    process.check()
    assert process.history_is_in


@pytest.mark.parametrize("status", [1, -9])
def test_a_village_that_failed_is_said_with_its_town_and_its_last_words(village, status):
    process = village(status if status > 0 else "__import__('os').kill(__import__('os').getpid(), 9)")
    with pytest.raises(LocalRunError) as raised:
        process.check()
    if status > 0:
        assert str(raised.value) == "The village of Mine Akiyoshido ended: not a step"
    else:
        assert str(raised.value).startswith("The village of Mine Akiyoshido was ended by signal 9.")


def test_the_record_is_written_for_a_program_to_read(folder):
    settle(folder, {"mine": RECORD}, {"mine": {}}, NOW_MS)
    assert json.loads(folder.demo_record.read_text()) == {
        "mine": {
            "days": 60,
            "start_ms": RECORD.start_ms,
            "until_ms": None,
            "seed": 1,
            "size": 1.0,
            "addresses": "field",
        }
    }
