"""A day of the village: the same everywhere, believable, and with everything in it that tests look for."""

import csv
from collections import defaultdict
from dataclasses import replace
from hashlib import blake2b
from itertools import pairwise

import numpy as np
import pytest
from meguri_sensors.capture_summary import summarise
from meguri_village.days import Day
from meguri_village.draws import Draws
from meguri_village.habits import Habits
from meguri_village.people import Village
from meguri_village.receptions import CAUSES, KEPT, OUTAGE
from meguri_village.truth import visits_of, write_truth
from reference.captures import receptions
from reference.village import KEY_DAY, village_town

TOWN = village_town()
HOUR = 3_600_000


@pytest.fixture(scope="module")
def day():
    return Day(Village(TOWN, seed=1, size=0.3), KEY_DAY)


def captures(day):
    return [day.capture(sensor, day.start_ms, day.end_ms) for sensor in TOWN.sensors]


def digest(day):
    return blake2b(b"".join(captures(day)), digest_size=8).hexdigest()


def test_a_seed_gives_the_same_day_on_any_machine():
    # A change of the model changes this on purpose; a new machine, numpy or Python must not.
    assert digest(Day(Village(TOWN, seed=1, size=0.1), KEY_DAY)) == "194df8dadb5464c5"


def test_another_seed_or_another_day_gives_another_village(day):
    found = {
        digest(day),
        digest(Day(Village(TOWN, seed=2, size=0.3), KEY_DAY)),
        digest(Day(Village(TOWN, seed=1, size=0.3), KEY_DAY + 1)),
    }
    assert len(found) == 3


def test_streams_of_random_numbers_keep_their_bounds_and_their_names_apart():
    numbers = Draws("a", 1).between(-3, 5, 10_000)
    assert set(numbers.tolist()) == set(range(-3, 5))
    assert Draws("ab", "c").bytes(8) != Draws("a", "bc").bytes(8)
    assert np.bincount(Draws("x").among([1, 0, 3], 4_000)).tolist() == pytest.approx(
        [1_000, 0, 3_000], rel=0.1
    )


def test_a_village_twice_the_size_has_about_twice_the_visitors():
    sizes = [len(Day(Village(TOWN, 1, size), KEY_DAY).visitors) for size in (0.5, 1.0)]
    assert sizes[1] == pytest.approx(2 * sizes[0], rel=0.02)


@pytest.mark.parametrize("size", [0, -1, 101, float("nan")])
def test_a_size_that_is_none_is_refused(size):
    with pytest.raises(ValueError, match="size is"):
        Village(TOWN, 1, size)


def test_captures_are_of_probe_requests_alone_with_global_and_random_addresses(day, tmp_path):
    for number, data in enumerate(captures(day)):
        path = tmp_path / f"{number}.pcap"
        path.write_bytes(data)
        summary = summarise(path)
        assert summary.frames == summary.probe_requests > 1_000
        assert summary.global_addresses > 10
        assert summary.random_addresses > 10


def test_a_frame_is_heard_at_two_sensors_of_a_place_and_at_no_other_place(day):
    places = defaultdict(set)
    for sensor, data in zip(TOWN.sensors, captures(day), strict=True):
        for each in receptions(data):
            places[each.address, each.sequence_number, each.time_ms // 1_000].add(sensor)
    assert {"shop", "parking"} in places.values()
    assert {frozenset(each) for each in places.values()} <= {
        frozenset(each) for each in ({"shop"}, {"parking"}, {"shop", "parking"}, {"hall-door"})
    }


def test_signals_lie_above_and_below_each_sensors_minimum(day):
    for sensor, data in zip(TOWN.sensors, captures(day), strict=True):
        signals = [each.rssi for each in receptions(data)]
        assert max(signals) > TOWN.sensors[sensor].minimum_rssi
        # A place with one sensor hears its own visitors well.
        assert (min(signals) < TOWN.sensors[sensor].minimum_rssi) == (sensor != "hall-door")


def test_phones_ask_for_any_network_and_some_for_networks_by_name(day):
    names = [dict(each.elements)[0] for data in captures(day) for each in receptions(data)]
    named = [name for name in names if name]
    assert 0.02 < len(named) / len(names) < 0.3
    known = {name.encode() for visitor in day.visitors for name in visitor.phone.network_names}
    assert set(named) <= known


def test_models_differ_in_what_they_can_do(day):
    capabilities = {
        tuple(each for each in reception.elements if each[0] not in (0, 3))
        for reception in receptions(captures(day)[0])
    }
    assert len(capabilities) == 6


def test_sequence_numbers_of_a_phone_go_up_by_frame(day):
    by_phone = defaultdict(list)
    for each in receptions(captures(day)[1]):
        by_phone[each.address].append(each)
    for heard in by_phone.values():
        steps = [(b.sequence_number - a.sequence_number) % 4_096 for a, b in pairwise(heard)]
        assert all(0 < step < 2_000 for step in steps)


def test_visitors_come_by_day_and_staff_stays_all_of_it(day):
    visits = visits_of(day, day.start_ms, day.end_ms)
    noon = day.start_ms + 8 * HOUR
    arrivals = [visit.first_ms for visit in visits if "night" not in visit.visitor]
    assert sum(abs(first - noon) < 4 * HOUR for first in arrivals) > 0.7 * len(arrivals)
    staff = [visit for visit in visits if visit.visitor.startswith("staff-")]
    assert {visit.place for visit in staff} == {"station", "hall"}
    assert all(visit.last_ms - visit.first_ms > 7 * HOUR for visit in staff)


def test_some_go_on_to_another_place_and_some_come_back_after_more_than_the_gap(day):
    visits = defaultdict(list)
    for visit in visits_of(day, day.start_ms, day.end_ms):
        visits[visit.visitor].append(visit)
    pairs = [each for each in visits.values() if len(each) == 2]
    onward = [(a, b) for a, b in pairs if a.place != b.place]
    back = [(a, b) for a, b in pairs if a.place == b.place]
    assert len(onward) > 10
    assert len(back) > 3
    assert all(b.first_ms > a.last_ms for a, b in onward)
    assert all(b.first_ms - a.last_ms > TOWN.gap_ms for a, b in back)


def test_who_sleeps_in_the_car_park_has_the_same_phone_on_both_days():
    village = Village(TOWN, seed=1, size=0.3)
    evening, morning = Day(village, KEY_DAY), Day(village, KEY_DAY + 1)
    phones = [
        {each.name: each.phone for each in day.visitors if "night" in each.name} for day in (evening, morning)
    ]
    both = phones[0].keys() & phones[1].keys()
    assert len(both) == 3
    assert all(phones[0][name] == phones[1][name] for name in both)
    names = [
        {visit.visitor for visit in visits_of(day, day.start_ms, day.end_ms)} for day in (evening, morning)
    ]
    assert both <= names[0] & names[1]


def test_phones_of_a_day_have_different_addresses(day):
    assert len({visitor.phone.address for visitor in day.visitors}) == len(day.visitors)


def test_two_phones_that_draw_the_same_address_are_told_apart(monkeypatch):
    # With one byte drawn for all of an address, a hundred visitors meet at once.
    real = Draws.bytes
    monkeypatch.setattr(Draws, "bytes", lambda self, size: real(self, 1) * size)
    day = Day(Village(TOWN, seed=1, size=0.04), KEY_DAY)
    assert len({visitor.phone.address for visitor in day.visitors}) == len(day.visitors) > 30


def test_an_outage_silences_one_sensor_for_its_time(day):
    out = day.receptions.at(day.receptions.lost == OUTAGE)
    assert len(set(out.sensor.tolist())) == 1
    first, last = out.time_us.min() // 1_000, out.time_us.max() // 1_000
    assert last - first < 10 * 60_000
    sensor = list(TOWN.sensors)[int(out.sensor[0])]
    assert receptions(day.capture(sensor, int(first), int(last))) == []


def test_a_place_without_a_sensor_has_no_visitors(day):
    assert {visit.place for visit in visits_of(day, day.start_ms, day.end_ms)} == {"station", "hall"}


def test_a_village_without_losses_hears_everything():
    habits = replace(Habits(), lost_per_mille=0, outage_minutes=0)
    day = Day(Village(TOWN, 1, 0.1, habits), KEY_DAY)
    assert set(day.receptions.lost.tolist()) == {KEPT}
    assert all(
        (visit.first_ms, visit.last_ms, visit.receptions)
        == (visit.heard_first_ms, visit.heard_last_ms, visit.heard_receptions)
        for visit in visits_of(day, day.start_ms, day.end_ms)
    )


def rows(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_truths_files_say_what_was_visited_and_what_was_lost(day, tmp_path):
    write_truth(day, day.start_ms, day.end_ms, tmp_path)
    visits, losses = rows(tmp_path / "visits-2025-11-19.csv"), rows(tmp_path / "losses-2025-11-19.csv")
    assert len(visits) == len(visits_of(day, day.start_ms, day.end_ms))
    assert {loss["cause"] for loss in losses} == set(CAUSES) - {""}
    assert sum(int(v["receptions"]) - int(v["heard_receptions"]) for v in visits) == len(losses) > 0
    for visit in visits:
        if visit["first_ms"] != visit["heard_first_ms"]:
            lost = [(each["visitor"], each["place"], each["time_ms"]) for each in losses]
            assert (visit["visitor"], visit["place"], visit["first_ms"]) in lost


def test_a_visit_of_which_all_was_lost_has_no_heard_times(tmp_path):
    habits = replace(Habits(), outage_minutes=60, outage_from_minutes=(480, 481))
    day = Day(Village(village_town(gap="3h"), 1, 0.3, habits), KEY_DAY)
    write_truth(day, day.start_ms, day.end_ms, tmp_path)
    gone = [row for row in rows(tmp_path / "visits-2025-11-19.csv") if row["heard_receptions"] == "0"]
    assert gone
    assert all(row["heard_first_ms"] == row["heard_last_ms"] == "" for row in gone)


def test_the_truths_files_name_no_address_and_no_network(day, tmp_path):
    write_truth(day, day.start_ms, day.end_ms, tmp_path)
    written = "".join(path.read_text("utf-8") for path in tmp_path.iterdir()).lower()
    for visitor in day.visitors:
        assert visitor.phone.address.hex() not in written
        assert visitor.phone.address.hex(":") not in written
        assert not any(name.lower() in written for name in visitor.phone.network_names)


def test_the_truth_is_replaced_as_a_whole(day, tmp_path):
    write_truth(day, day.start_ms, day.end_ms, tmp_path)
    write_truth(day, day.start_ms, day.start_ms + 1, tmp_path)
    assert rows(tmp_path / "visits-2025-11-19.csv") == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "losses-2025-11-19.csv",
        "visits-2025-11-19.csv",
    ]
