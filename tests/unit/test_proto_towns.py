"""Town files: what is read of them, and the errors that name the line."""

import pytest
from meguri_proto.quantities import Quantity
from meguri_proto.towns import PlaceKind, Shop, TownFileError, parse_town

HOUR = 3_600_000
WHOLE = """\
town: village
name: {ja: 村, en: Village}
time_zone: Asia/Tokyo
places:
  station: {ja: 駅, en: Station, kind: roadside_station, at: [20, 70]}
  cave: {ja: 洞, en: Cave, kind: cave, at: [80, 10]}
  gate: {ja: 門, en: Gate}
sensors:
  door: {place: station, minimum_rssi: -75}
shops:
  sweets: {ja: 菓子, en: Sweets, place: station}
counters:
  turnstile: {place: cave, counts: people}
sights: {1: cave, 12: gate}
ways:
  - [station, cave]
  - [cave, gate]
"""


def test_a_file_with_everything_is_read():
    town = parse_town(WHOLE, "village.yaml")
    assert town.places["station"].kind is PlaceKind.ROADSIDE_STATION
    assert town.places["station"].at == (20, 70)
    assert (town.places["gate"].kind, town.places["gate"].at) == (PlaceKind.SIGHT, None)
    assert town.shops == {"sweets": Shop("sweets", {"ja": "菓子", "en": "Sweets"}, "station")}
    assert (town.counters["turnstile"].place, town.counters["turnstile"].counts) == ("cave", Quantity.PEOPLE)
    assert town.sights == {1: "cave", 12: "gate"}
    assert town.ways == (("station", "cave"), ("cave", "gate"))


def test_what_a_town_does_not_have_is_left_out():
    town = parse_town(WHOLE[: WHOLE.index("shops:")], "village.yaml")
    assert (town.shops, town.counters, town.sights, town.ways) == ({}, {}, {}, ())
    assert (town.slices, town.staff_ms, town.equipment_ms) == (1, 6 * HOUR, 16 * HOUR)


SLICED = f"{WHOLE}slices: 4\nstaff: 6h\nequipment: 20h\n"


def test_the_record_that_opens_a_day_carries_slices_and_how_long_staff_and_equipment_stay():
    rules = parse_town(SLICED, "village.yaml").rules(19_797)
    assert (rules.slices, rules.staff_ms, rules.equipment_ms) == (4, 6 * HOUR, 20 * HOUR)
    assert (rules.slice, rules.key_day) == (0, 19_797)


def version(old, new, key_day=19_797):
    assert old in SLICED
    return parse_town(SLICED.replace(old, new), "village.yaml").rules(key_day).version


@pytest.mark.parametrize(
    ("old", "new"),
    [("slices: 4", "slices: 5"), ("staff: 6h", "staff: 7h"), ("equipment: 20h", "equipment: 21h")],
)
def test_rules_of_another_content_have_another_version(old, new):
    assert version(old, new) != version(old, old)


def test_what_folds_no_day_leaves_the_rules_their_version():
    assert version("12: gate", "12: cave") == version("slices", "slices", 19_798) == version("k", "k")


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ("kind: cave", "kind: cavern", 6, "found 'cavern', expected one of sight, roadside_station, cave"),
        ("at: [80, 10]", "at: [80]", 6, "a position such as"),
        ("at: [80, 10]", "at: [80, 101]", 6, "a whole number from 0 to 100"),
        ("Sweets, place: station", "Sweets, place: hall", 11, "found 'hall', expected one of station"),
        ("Sweets, place: station", "Sweets", 11, "shop sweets with a place"),
        ("turnstile: {place: cave", "door: {place: cave", 13, "a counter with a name of its own"),
        ("counts: people", "counts: detections", 13, "one of people, wifi_devices, ble_devices"),
        ("12: gate", "twelve: gate", 14, "a whole number from 1"),
        ("12: gate", "1: gate", 14, "each of sights once"),
        ("[cave, gate]", "[cave, hall]", 17, "found 'hall', expected one of"),
        ("[cave, gate]", "cave", 17, "a pair of places"),
        ("  - [cave, gate]", "slices: 0", 17, "a whole number from 1 to 64"),
        ("  - [cave, gate]", "staff: 30m", 17, "a duration from 3600s to 86400s"),
        ("  - [cave, gate]", "staff: 9h\nequipment: 8h", 18, "a duration from 32400s to 86400s"),
    ],
)
def test_an_error_names_the_line_what_stands_there_and_what_was_expected(old, new, line, expected):
    assert old in WHOLE
    with pytest.raises(TownFileError) as error:
        parse_town(WHOLE.replace(old, new), "village.yaml")
    assert f"village.yaml, line {line}: " in str(error.value)
    assert expected in str(error.value)
