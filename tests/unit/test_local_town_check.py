"""`meguri town check`: what a town file holds, the errors in it and what in it is probably not meant."""

import json
from dataclasses import replace

import pytest
from meguri.checkout import ROOT
from meguri.cli import app
from meguri.town_check import contents, suspicions
from meguri_proto.towns import parse_town
from typer.testing import CliRunner

TEXT = """
town: valley
name: {ja: 谷, en: "Valley [north]"}
time_zone: Asia/Tokyo
gap: 45m
clock_lead: 1500ms
places:
  station: {ja: 道の駅, en: Station, kind: roadside_station, at: [10, 20]}
  hall: {ja: 茶の館, en: Hall, at: [50, 60]}
sensors:
  shop: {place: station, minimum_rssi: -75}
  gate: {place: hall, minimum_rssi: -80}
shops:
  market: {ja: 市場, en: Market, place: station}
counters:
  turnstile: {place: hall, counts: people}
sights:
  7: hall
ways:
  - [station, hall]
"""
TOWN = parse_town(TEXT, "valley.yaml")
INN = "  inn: {ja: 宿, en: Inn, at: [9, 9]}"
SHIPPED = sorted((ROOT / "infra" / "towns").glob("*.yaml"))


def check(*arguments):
    return CliRunner().invoke(app, ["town", "check", *map(str, arguments)])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "valley.yaml"
    path.write_text(TEXT, "utf-8")
    return path


def test_the_towns_that_ship_have_no_error_and_nothing_suspicious():
    answer = check(*SHIPPED, "--json")
    assert answer.exit_code == 0
    assert {each["town"]: each["warnings"] for each in json.loads(answer.stdout)["files"]} == {
        "mine": [],
        "minamiyamashiro": [],
    }


def test_what_the_file_holds_is_said_by_place(file):
    said = check(file).stdout
    for part in (
        "谷 / Valley [north] (valley), a live town",
        "Days begin at 04:00 (Asia/Tokyo).",
        "more than 45 min ends a visit",
        "may lead by 1500 ms",
        "station (道の駅 / Station): roadside station, on the map at 10, 20",
        "sensors: shop (from -75 dBm)",
        "shops: market (市場 / Market)",
        "counters: turnstile (people)",
        "sights of the guide: 7",
        "ways: station - hall",
    ):
        assert part in said


def test_slices_and_stays_of_staff_are_said_where_a_town_has_them(tmp_path):
    path = tmp_path / "valley.yaml"
    path.write_text(f"{TEXT}slices: 4\nstaff: 6h\nequipment: 20h\n", "utf-8")
    said = check(path).stdout
    assert "Its devices are folded in 4 slices." in said
    assert "A device that stays for 6 h in a day is staff's." in said
    assert "A device that stays for 20 h in a day is equipment." in said
    (found,) = json.loads(check(path, "--json").stdout)["files"]
    assert found["rules"].items() >= {"slices": 4, "staff_ms": 21_600_000}.items()


def test_json_holds_the_same_for_a_program(file):
    (found,) = json.loads(check(file, "--json").stdout)["files"]
    assert found.items() >= contents(TOWN).items()
    assert found["places"]["hall"]["sensors"] == ["gate"]
    assert found["rules"]["gap_ms"] == 45 * 60_000
    assert found["warnings"] == []


def test_a_sight_of_which_the_guide_that_ships_does_not_tell_is_suspicious(tmp_path):
    path = tmp_path / "tea.yaml"
    path.write_text(TEXT.replace("town: valley", "town: minamiyamashiro"), "utf-8")
    (found,) = json.loads(check(path, "--json").stdout)["files"]
    untold, unplaced = found["warnings"]
    assert "no text of the sight 7" in untold
    assert "tells of the sight 1, " in unplaced


def test_an_error_is_told_with_its_line_beside_what_the_other_files_hold(file, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text(TEXT.replace("minimum_rssi: -80", "minimum_rssi: loud"), "utf-8")
    answer = check(broken, file)
    assert answer.exit_code == 1
    assert f"{broken}, line 12: found 'loud'" in answer.stdout
    assert "Days begin at 04:00" in answer.stdout
    assert "line 12" in json.loads(check(broken, "--json").stdout)["files"][0]["error"]


def test_files_that_cannot_run_together_are_errors(file, tmp_path):
    twin = tmp_path / "twin.yaml"
    twin.write_text(TEXT, "utf-8")
    assert "valley is the town of" in check(file, twin).stdout
    neighbour = tmp_path / "neighbour.yaml"
    neighbour.write_text(TEXT.replace("town: valley", "town: hill"), "utf-8")
    answer = check(file, neighbour)
    assert answer.exit_code == 1
    assert "The sight 7 is in the files of valley and of hill" in answer.stdout


@pytest.mark.parametrize("name", ["none.yaml", "."])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path, name):
    answer = check(tmp_path / name)
    assert answer.exit_code == 1
    assert "cannot be read" in answer.stdout


def changed(old, new):
    assert old in TEXT
    return parse_town(TEXT.replace(old, new), "valley.yaml")


@pytest.mark.parametrize(
    ("town", "said"),
    [
        (changed("place: hall, minimum_rssi", "place: station, minimum_rssi"), "hall has no sensor"),
        (changed("minimum_rssi: -75", "minimum_rssi: -39"), "sensor shop counts nothing weaker than -39 dBm"),
        (changed("minimum_rssi: -75", "minimum_rssi: -96"), "sensor shop counts everything down to -96 dBm"),
        (changed("en: Hall, at: [50, 60]", "en: Hall"), "hall has no position"),
        (changed("[50, 60]", "[10, 20]"), "station and hall are at the same position [10, 20]"),
        (changed("- [station, hall]", "- [station, hall]\n  - [hall, hall]"), "hall to hall leads nowhere"),
        (
            changed("- [station, hall]", "- [station, hall]\n  - [hall, station]"),
            "between hall and station is given 2 times",
        ),
        (
            changed("sensors:", f"{INN}\nsensors:\n  door: {{place: inn, minimum_rssi: -75}}"),
            "No way leads to the place inn",
        ),
        (changed("  7: hall", "  7: hall\n  8: hall"), "no text of the sight 8"),
        (changed("gap: 45m", "staff: 90m"), "stays for 1.5 hours in a day is staff's"),
        (changed("gap: 45m", "staff: 2h\nequipment: 3h"), "stays for 2 hours in a day is staff's"),
    ],
)  # fmt: skip
def test_what_is_probably_not_meant_is_told_by_its_name(town, said):
    (sentence,) = suspicions(town, {7})
    assert said in sentence
    assert sentence.endswith(".")


def test_a_sight_that_the_guide_tells_of_and_the_file_places_nowhere_is_told():
    (sentence,) = suspicions(TOWN, {7, 9})
    assert "tells of the sight 9" in sentence


def test_a_shop_without_passers_by_is_told_beside_its_place():
    town = changed("shop: {place: station", "shop: {place: hall")
    assert [said.partition(" ")[2][:11] for said in suspicions(town, {7})] == ["place stati", "shop market"]


@pytest.mark.parametrize(("dbm", "number"), [(-40, 0), (-39, 1), (-95, 0), (-96, 1)])
def test_a_strength_is_suspicious_beyond_minus_40_and_minus_95(dbm, number):
    assert len(suspicions(changed("minimum_rssi: -75", f"minimum_rssi: {dbm}"), {7})) == number


def test_a_town_without_a_map_is_not_suspicious():
    bare = replace(
        TOWN, ways=(), places={name: replace(place, at=None) for name, place in TOWN.places.items()}
    )
    assert suspicions(bare, {7}) == []
