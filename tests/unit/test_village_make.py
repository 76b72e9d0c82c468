"""`meguri village make`: the same bytes for the same seed, whole days or none, and gone on with."""

import json
from hashlib import blake2b

import pytest
from meguri.cli import app
from meguri.errors import LocalRunError
from meguri_sensors.capture_summary import summarise
from reference.village import WHOLE_TOWN_FILE, expected, whole_town
from typer.testing import CliRunner


@pytest.fixture
def town_file(tmp_path):
    path = tmp_path / "whole.yaml"
    path.write_text(WHOLE_TOWN_FILE.format(gap="30m", lateness="10m"), encoding="utf-8")
    return path


def make(town_file, out, *more, days=2, seed=1):
    options = ["--days", days, "--seed", seed, "--from", "2026-05-03", "--size", 0.05, "--json", *more]
    result = CliRunner().invoke(
        app, ["village", "make", "--town", str(town_file), "--out", str(out), *map(str, options)]
    )
    if isinstance(result.exception, LocalRunError):
        raise result.exception
    return result


def digest(folder):
    found = blake2b(digest_size=8)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return found.hexdigest()


def test_a_seed_gives_the_same_bytes_on_any_machine(town_file, tmp_path):
    make(town_file, tmp_path / "out")
    # A change of the model changes this on purpose; a new machine, numpy or Python must not.
    assert digest(tmp_path / "out") == "8ef2d205a2cf645f"


def test_a_day_has_what_each_source_tells_and_the_truth_of_it(town_file, tmp_path):
    report = json.loads(make(town_file, tmp_path / "out", days=1).stdout)
    day = tmp_path / "out" / "2026-05-03"
    names = {path.name for path in day.iterdir()}
    assert names == {
        *(f"{sensor}.pcap" for sensor in whole_town().sensors),
        *("gifts.square.ndjson", "meals.smaregi.csv", "cafe.csv", "kiosk.json"),
        *("mouth-gate.counts.json", "guide.ndjson", "truth"),
    }
    captures = [summarise(path) for path in day.glob("*.pcap")]
    assert sum(each.frames for each in captures) == report["frames"] > 100
    truth = expected(day / "truth", whole_town())
    assert len(truth.sales) == report["sales"] > 0
    for line in (day / "gifts.square.ndjson").read_text().splitlines():
        assert json.loads(line)["headers"]["x-square-hmacsha256-signature"]


def test_a_run_that_was_stopped_goes_on_where_it_was(town_file, tmp_path):
    make(town_file, tmp_path / "whole", days=3)
    made = tmp_path / "stopped"
    make(town_file, made, days=1)
    half = made / ".2026-05-04.new"
    half.mkdir()
    (half / "street-lower.pcap").write_bytes(b"half a day")
    report = json.loads(make(town_file, made, days=3).stdout)
    assert (report["days"], report["days_there_already"]) == (2, 1)
    assert digest(made) == digest(tmp_path / "whole")


def test_another_villages_folder_is_not_written_to(town_file, tmp_path):
    make(town_file, tmp_path / "out", days=1)
    with pytest.raises(LocalRunError, match="seed is 1, not 2: write to another folder"):
        make(town_file, tmp_path / "out", seed=2)
    (tmp_path / "out" / "village.json").write_text("[]")
    with pytest.raises(LocalRunError, match="is damaged"):
        make(town_file, tmp_path / "out")
    assert not (tmp_path / "out" / "2026-05-04").exists()


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--from", "yesterday", "--from: 'yesterday' is no date such as 2026-04-01."),
        ("--size", "0", "--size: The village's size is 0.0"),
        ("--town", "nowhere.yaml", "The town file nowhere.yaml cannot be read: No such file"),
    ],
)
def test_wrong_use_is_said_in_a_sentence(town_file, tmp_path, option, value, says):
    with pytest.raises(LocalRunError, match=says.replace(".", r"\.")):
        make(town_file, tmp_path / "out", option, value)
    assert not (tmp_path / "out").exists()
