"""The village's truth is what a newcomer finds in what its sensors hear."""

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from meguri_village.days import Day
from meguri_village.people import Village
from meguri_village.receptions import KEPT
from meguri_village.truth import visits_of
from reference.captures import receptions
from reference.village import KEY_DAY, village_town, visits_in

villages = st.builds(
    Village,
    st.builds(village_town, st.sampled_from(["2m", "10m", "30m", "3h"])),
    st.integers(0, 2**32),
    st.sampled_from([0.01, 0.03]),
)
key_days = st.integers(KEY_DAY, KEY_DAY + 6)


def detections(day, *, lost):
    """(sensor, time_ms, visitor, rssi) of everything, or of what was not lost."""
    heard = day.receptions if lost else day.receptions.at(day.receptions.lost == KEPT)
    sensors = list(day.village.town.sensors)
    columns = (heard.sensor, heard.time_us, heard.visitor, heard.rssi)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [(sensors[sensor], time_us // 1_000, visitor, rssi) for sensor, time_us, visitor, rssi in rows]


@settings(max_examples=40)
@given(villages, key_days)
def test_visits_are_those_that_the_receptions_make(village, key_day):
    day = Day(village, key_day)
    truth = visits_of(day, day.start_ms, day.end_ms)
    assert truth
    assert visits_in(detections(day, lost=True), village.town) == Counter(
        (visit.place, visit.first_ms, visit.last_ms, visit.receptions) for visit in truth
    )


@settings(max_examples=40)
@given(villages, key_days)
def test_what_is_heard_of_visits_is_what_the_receptions_that_were_not_lost_make(village, key_day):
    day = Day(village, key_day)
    truth = visits_of(day, day.start_ms, day.end_ms)
    assert visits_in(detections(day, lost=False), village.town) == Counter(
        (visit.place, visit.heard_first_ms, visit.heard_last_ms, visit.heard_receptions)
        for visit in truth
        if visit.heard_receptions
    )


@settings(max_examples=20)
@given(villages, key_days, st.data())
def test_the_truth_between_two_instants_is_what_is_heard_between_them(village, key_day, data):
    day = Day(village, key_day)
    first = data.draw(st.integers(day.start_ms, day.end_ms))
    after = data.draw(st.integers(first, day.end_ms))
    within = [each for each in detections(day, lost=True) if first <= each[1] < after]
    # A cut may leave of a visit only what is too weak to count; it is then no visit.
    assert visits_in(within, village.town) == Counter(
        (visit.place, visit.first_ms, visit.last_ms, visit.receptions)
        for visit in visits_of(day, first, after)
    )


@settings(max_examples=20)
@given(villages, key_days, st.data())
def test_captures_hold_what_was_not_lost_however_the_day_is_cut(village, key_day, data):
    day = Day(village, key_day)
    cuts = sorted(data.draw(st.lists(st.integers(day.start_ms, day.end_ms), max_size=5)))
    bounds = [day.start_ms, *cuts, day.end_ms]
    addresses = {visitor.phone.address: number for number, visitor in enumerate(day.visitors)}
    found = [
        (sensor, each.time_ms, addresses[each.address], each.rssi)
        for sensor in village.town.sensors
        for first, after in pairwise(bounds)
        for each in receptions(day.capture(sensor, first, after))
    ]
    assert found == detections(day, lost=False)
