"""A day of the village: the same everywhere, believable, and with everything in it that tests look for."""

from collections import Counter, defaultdict
from dataclasses import replace
from hashlib import blake2b
from itertools import pairwise

import numpy as np
import pytest
from meguri_proto.towns import PlaceKind
from meguri_sensors.capture_summary import summarise
from meguri_village.days import Day
from meguri_village.draws import Draws
from meguri_village.habits import USES, Habits
from meguri_village.people import Part
from meguri_village.phones import MODELS, Naming
from meguri_village.receptions import CAUSES, CLOCK, KEPT, OUTAGE
from meguri_village.truth import found_visits_of, moves_of, paths_of, visits_of, write_truth
from meguri_village.village import Village
from reference.captures import receptions
from reference.village import KEY_DAY, SUNDAY, expected, truth_rows, village_town, whole_town

TOWN = whole_town()
PLAIN = village_town()
HOUR = 3_600_000


@pytest.fixture(scope="module")
def day():
    return Day(Village(TOWN, seed=1, size=0.5), KEY_DAY)


@pytest.fixture(scope="module")
def stable_day():
    return Day(Village(TOWN, seed=1, size=0.5, addresses="stable"), KEY_DAY)


def captures(day):
    sensors = day.village.town.sensors
    return {sensor: day.capture(sensor, day.start_ms, day.end_ms) for sensor in sensors}


def everything(day):
    """All that the day tells anybody, as bytes."""
    told = (day.tellings, day.uses, day.answers, day.counts)
    return b"".join(captures(day).values()) + repr(told).encode()


def digest(day):
    return blake2b(everything(day), digest_size=8).hexdigest()


def with_fault(**figures):
    """A day on which what is figured happens for sure."""
    none = {"outage_per_mille": 0, "clock_off_per_mille": 0, "lost_per_mille": 0}
    return Day(Village(TOWN, 1, 0.5, habits=replace(Habits(), **{**none, **figures})), KEY_DAY)


def test_a_seed_gives_the_same_day_on_any_machine():
    # A change of the model changes this on purpose; a new machine, numpy or Python must not.
    assert digest(Day(Village(TOWN, seed=1, size=0.1), KEY_DAY)) == "bcd87a34fd4e82c3"


def test_another_seed_or_another_day_gives_another_village():
    found = {
        digest(Day(Village(TOWN, seed=1, size=0.1), KEY_DAY)),
        digest(Day(Village(TOWN, seed=2, size=0.1), KEY_DAY)),
        digest(Day(Village(TOWN, seed=1, size=0.1), KEY_DAY + 1)),
    }
    assert len(found) == 3


def test_streams_of_random_numbers_keep_their_bounds_and_their_names_apart():
    numbers = Draws("a", 1).between(-3, 5, 10_000)
    assert set(numbers.tolist()) == set(range(-3, 5))
    assert Draws("ab", "c").bytes(8) != Draws("a", "bc").bytes(8)
    assert np.bincount(Draws("x").among([1, 0, 3], 4_000)).tolist() == pytest.approx(
        [1_000, 0, 3_000], rel=0.1
    )


def test_a_village_twice_the_size_has_about_twice_the_people():
    sizes = [Day(Village(TOWN, 1, size), KEY_DAY).company.parties.size.sum() for size in (0.5, 1.0)]
    assert sizes[1] == pytest.approx(2 * sizes[0], rel=0.1)


@pytest.mark.parametrize("size", [0, -1, 101, float("nan")])
def test_a_size_that_is_none_is_refused(size):
    with pytest.raises(ValueError, match="size is"):
        Village(TOWN, 1, size)


# People and where they go.


def test_nobody_comes_to_a_place_that_is_closed(day):
    stays = day.company.stays
    village = day.village
    for index, kind in enumerate(village.kinds):
        use = USES[kind]
        here = (stays.place == index) & ~stays.at_night
        assert here.any() or kind is PlaceKind.HOTEL
        if use.closes - use.opens < 1_400:
            assert stays.from_ms[here].min() >= village.after_start_ms(use.opens)
            assert stays.to_ms[here].max() <= village.after_start_ms(use.closes)


def test_a_party_is_at_one_place_at_a_time(day):
    stays = day.company.stays
    same = np.diff(stays.party) == 0
    assert same.any()
    assert (stays.from_ms[1:] >= stays.to_ms[:-1])[same].all()


def test_somebody_is_at_one_place_at_a_time(day):
    stays = day.stays
    same = np.diff(stays.person) == 0
    assert (stays.from_ms[1:] >= stays.to_ms[:-1])[same].all()


def test_the_parties_of_a_coach_arrive_together_and_speak_one_language():
    parties = Day(Village(TOWN, seed=1, size=2), SUNDAY).company.parties
    coaches = set(parties.coach.tolist()) - {-1}
    assert len(coaches) >= 3
    for coach in coaches:
        aboard = parties.at(parties.coach == coach)
        assert len(set(aboard.arrival_ms.tolist())) == len(set(aboard.language.tolist())) == 1
        assert 5 < aboard.size.sum() < 80


def test_the_cave_is_walked_through_from_its_first_place_to_its_last_in_about_an_hour(day):
    names = day.village.places
    stays = day.company.stays
    mouth, depth = names.index("mouth"), names.index("depth")
    through = [
        (int(stays.from_ms[at]), int(stays.to_ms[at + 1]))
        for at in np.flatnonzero(stays.place[:-1] == mouth).tolist()
        if stays.place[at + 1] == depth and stays.party[at] == stays.party[at + 1]
    ]
    assert len(through) > 50
    minutes = [(last - first) / 60_000 for first, last in through]
    assert 25 < np.median(minutes) < 75


def test_who_comes_at_noon_may_eat_and_nobody_eats_in_the_evening_sun(day):
    stays, habits = day.company.stays, day.village.habits
    kitchen = stays.from_ms[(stays.place == day.village.places.index("kitchen")) & ~stays.at_night]
    assert kitchen.size > 20
    assert kitchen.min() >= day.village.after_start_ms(habits.meal_from)
    assert kitchen.max() < day.village.after_start_ms(habits.meal_to) + HOUR


def test_guests_of_the_hotel_wake_with_the_phones_they_went_to_bed_with():
    village = Village(TOWN, seed=1, size=0.5)
    evening, morning = Day(village, KEY_DAY), Day(village, KEY_DAY + 1)
    people = [
        dict(zip(each.people.names, map(bytes, each.people.phones.address), strict=True))
        for each in (evening, morning)
    ]
    guests = [
        name
        for name, part in zip(morning.people.names, morning.people.part.tolist(), strict=True)
        if part == Part.GUEST
    ]
    assert len(guests) > 10
    assert all(people[0][name] == people[1][name] for name in guests)
    last_evening = {
        evening.people.names[person]
        for person in evening.stays.person[evening.stays.to_ms == evening.end_ms].tolist()
    }
    assert set(guests) & last_evening


def test_residents_and_equipment_never_leave_and_staff_is_there_by_day(day):
    for name, part in zip(day.people.names, day.people.part.tolist(), strict=True):
        if part in (Part.RESIDENT, Part.EQUIPMENT):
            assert name.startswith(("residents-", "equipment-"))
    parts = day.people.part[day.stays.person]
    always = np.isin(parts, (Part.RESIDENT, Part.EQUIPMENT))
    assert (day.stays.from_ms[always] == day.start_ms).all()
    assert (day.stays.to_ms[always] == day.end_ms).all()
    staff = parts == Part.STAFF
    hours = (day.stays.to_ms - day.stays.from_ms)[staff] / HOUR
    assert 8 < hours.min() <= hours.max() < 12


def test_cars_that_pass_are_heard_weakly_or_for_a_moment_at_the_road(day):
    heard = day.receptions
    passing = heard.at(day.people.part[heard.person] == Part.PASSER_BY)
    sensors = list(TOWN.sensors)
    assert {sensors[sensor] for sensor in passing.sensor.tolist()} == {"park-gate"}
    assert 0.8 < np.mean(~passing.counts) < 0.95
    cars = [
        visit
        for visit in visits_of(day, day.start_ms, day.end_ms)
        if visit.visitor.startswith("2025-11-19-car-")
    ]
    assert cars
    assert all(visit.last_ms - visit.first_ms < 20_000 for visit in cars)


def test_a_town_of_any_kind_of_place_is_lived_in():
    day = Day(Village(PLAIN, seed=1, size=0.3), KEY_DAY)
    assert day.village.places == ["station", "hall"]
    assert {visit.place for visit in visits_of(day, day.start_ms, day.end_ms)} == {"station", "hall"}
    assert day.tellings == day.uses == day.answers == day.counts == []


# Phones.


def test_phones_of_a_day_have_different_addresses_of_their_own():
    # Staff, guests, visitors, equipment and cars are drawn apart; the shift of days, too.
    for key_day in (KEY_DAY, KEY_DAY + 1):
        addresses = Day(Village(TOWN, seed=1, size=3), key_day).people.phones.address
        assert len(np.unique(addresses, axis=0)) == len(addresses) > 3_000


def test_phones_name_themselves_as_their_sort_does(day):
    heard, naming = day.receptions, day.people.phones.naming
    addresses, scans = defaultdict(set), Counter()
    for person, address, first in zip(
        heard.person.tolist(),
        heard.address.tolist(),
        (np.diff(heard.time_us, prepend=0) > 10**6),
        strict=True,
    ):
        addresses[person].add(bytes(day.addresses[address]))
        scans[person] += bool(first)
    often = [person for person, number in scans.items() if number >= 6]
    by_sort = defaultdict(list)
    for person in often:
        by_sort[Naming(naming[person])].append(len(addresses[person]) / scans[person])
    own = {person: bytes(day.people.phones.address[person]) for person in often}
    for person in often:
        kept = naming[person] in (Naming.GLOBAL, Naming.NETWORK)
        assert (addresses[person] == {own[person]}) == kept
        assert bool(own[person][0] & 2) == (naming[person] != Naming.GLOBAL)
    assert 0.5 < np.mean(by_sort[Naming.SCAN]) <= 1.05
    assert np.mean(by_sort[Naming.BURST]) > np.mean(by_sort[Naming.SCAN])


def test_stable_addresses_are_one_a_phone(stable_day):
    heard = stable_day.receptions
    assert (heard.address == heard.person).all()


def test_models_collide_in_what_they_can_do(day):
    capabilities = {
        tuple(each for each in reception.elements if each[0] not in (0, 3))
        for data in captures(day).values()
        for reception in receptions(data)
    }
    assert len(capabilities) == len(MODELS) - 1


def test_few_phones_ask_for_networks_by_name_and_none_that_makes_up_addresses(day):
    phones = day.people.phones
    asking = [bool(names) for names in phones.networks.tolist()]
    assert 0 < sum(asking) < 0.1 * len(asking)
    assert (phones.naming[np.array(asking)] <= Naming.NETWORK).all()


def test_sequence_numbers_of_a_phone_go_up_by_frame(stable_day):
    by_phone = defaultdict(list)
    for sensor, data in captures(stable_day).items():
        for each in receptions(data):
            by_phone[sensor, each.address].append(each)
    for heard in by_phone.values():
        steps = [(b.sequence_number - a.sequence_number) % 4_096 for a, b in pairwise(heard)]
        assert all(0 < step < 2_000 for step in steps)


# Sensors.


def test_captures_are_of_probe_requests_alone_with_global_and_random_addresses(day, tmp_path):
    for sensor, data in captures(day).items():
        path = tmp_path / f"{sensor}.pcap"
        path.write_bytes(data)
        summary = summarise(path)
        assert summary.frames == summary.probe_requests > 100
        assert summary.global_addresses > 3
        assert summary.random_addresses > 30


def test_a_frame_is_heard_at_two_sensors_of_a_place_and_at_no_other_place(day):
    places = defaultdict(set)
    for sensor, data in captures(day).items():
        for each in receptions(data):
            places[each.address, each.sequence_number].add(TOWN.sensors[sensor].place)
    assert {len(each) for each in places.values()} == {1}
    sensors = defaultdict(set)
    for sensor, data in captures(day).items():
        for each in receptions(data):
            sensors[each.address, each.sequence_number].add(sensor)
    assert {"street-lower", "street-upper"} in sensors.values()


def test_signals_lie_above_and_below_each_sensors_minimum_where_there_are_two(day):
    for sensor in ("street-lower", "street-upper", "park-gate"):
        signals = [each.rssi for each in receptions(captures(day)[sensor])]
        assert max(signals) > TOWN.sensors[sensor].minimum_rssi > min(signals)


def test_clocks_drift_by_less_than_the_town_lets_them_lead(day):
    wrong = day.receptions.recorded_us - day.receptions.time_us
    assert 0 < np.abs(wrong).max() < TOWN.clock_lead_ms * 1_000 // 3
    assert len({int(wrong[day.receptions.sensor == sensor].mean()) for sensor in range(9)}) == 9


def test_an_outage_silences_one_sensor_for_its_time():
    day = with_fault(outage_per_mille=1_000)
    out = day.receptions.at(day.receptions.lost == OUTAGE)
    assert len(set(out.sensor.tolist())) == 1
    first, last = out.time_us.min() // 1_000, out.time_us.max() // 1_000
    sensor = list(TOWN.sensors)[int(out.sensor[0])]
    assert receptions(day.capture(sensor, int(first), int(last))) == []


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_a_clock_that_is_off_is_off_by_more_than_lateness_and_lead_let_pass(seed):
    figures = {"outage_per_mille": 0, "clock_off_per_mille": 1_000, "clock_off_by_minutes": (1, 2)}
    habits = replace(Habits(), **figures)
    day = Day(Village(TOWN, seed, 0.5, habits=habits), KEY_DAY)
    heard = day.receptions
    off = heard.at(heard.lost == CLOCK)
    assert len(set(off.sensor.tolist())) == 1
    # Whatever was delivered together, it is refused or late: a delivery spans ten minutes at most.
    wrong_ms = np.abs(off.recorded_us - off.time_us) // 1_000
    assert wrong_ms.min() > TOWN.lateness_ms + TOWN.clock_lead_ms + 10 * 60_000
    spell = day.faults.clock_off
    within = [cut for cut in day.cuts if spell.from_ms <= cut <= spell.to_ms]
    assert within[0] == spell.from_ms
    assert within[-1] == spell.to_ms
    assert all(b - a <= 10 * 60_000 for a, b in pairwise(within))


def test_a_day_without_a_clock_that_is_off_is_delivered_at_once():
    assert with_fault().cuts == [Day(Village(TOWN, 1, 0.1), KEY_DAY).end_ms]


def test_a_village_without_losses_hears_everything():
    day = with_fault()
    assert set(day.receptions.lost.tolist()) == {KEPT}
    by_then = [each[:2] + each[4:] for each in visits_of(day, day.start_ms, day.end_ms)]
    found = [each[:2] + each[4:] for each in found_visits_of(day, day.start_ms, day.end_ms)]
    assert by_then == found


def test_a_place_without_a_sensor_has_no_visitors():
    day = Day(Village(PLAIN, seed=1, size=0.3), KEY_DAY)
    assert "silent" not in day.village.places


# The truth's files.


def test_the_truths_files_say_what_was_visited_and_what_was_lost(tmp_path):
    day = with_fault(outage_per_mille=1_000, clock_off_per_mille=1_000, lost_per_mille=10)
    write_truth(day, day.start_ms, day.end_ms, tmp_path)
    rows = {
        name: [row for _, row in truth_rows(tmp_path, name)] for name in ("visits", "found-visits", "losses")
    }
    assert {loss["cause"] for loss in rows["losses"]} == set(CAUSES) - {""}
    heard = [sum(int(visit["receptions"]) for visit in rows[name]) for name in ("visits", "found-visits")]
    assert heard[0] - heard[1] == len(rows["losses"]) > 0


def test_the_truths_files_name_no_address_and_no_network(day, tmp_path):
    write_truth(day, day.start_ms, day.end_ms, tmp_path)
    written = "".join(path.read_text("utf-8") for path in tmp_path.iterdir()).lower()
    for address in day.addresses:
        assert bytes(address).hex(":") not in written
    for names in day.people.phones.networks.tolist():
        assert not any(name.lower() in written for name in names)


def test_the_truth_is_replaced_as_a_whole(day, tmp_path):
    write_truth(day, day.start_ms, day.end_ms, tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    write_truth(day, day.start_ms, day.start_ms + 1, tmp_path)
    assert truth_rows(tmp_path, "visits") == []
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_the_reference_finds_the_moves_and_paths_that_the_truth_names(stable_day, tmp_path):
    day = stable_day
    write_truth(day, day.start_ms, day.end_ms, tmp_path)
    found = expected(tmp_path, TOWN)
    moves = moves_of(found_visits_of(day, day.start_ms, day.end_ms), TOWN.gap_ms)
    assert found.moves == sorted(move[1:] for move in moves)
    assert len(found.moves) > 300
    paths = Counter((">".join(path.path), path.random) for path in paths_of(moves))
    assert Counter({key[1:]: number for key, number in found.paths.items()}) == paths
    assert max(len(path.split(">")) for path, _ in paths) >= 5
    assert sum(found.presence.values()) > len(found.visits)
