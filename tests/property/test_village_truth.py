"""The village's truth is what a newcomer finds in what its sensors hear."""

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from meguri_village.days import Day
from meguri_village.receptions import KEPT
from meguri_village.shops import last_of_each
from meguri_village.truth import found_visits_of, visits_of
from meguri_village.village import Village
from reference.captures import receptions
from reference.village import KEY_DAY, village_town, visits_in, whole_town

villages = st.builds(
    Village,
    st.builds(
        lambda town, gap: town(gap),
        st.sampled_from([village_town, whole_town]),
        st.sampled_from(["2m", "10m", "30m", "3h"]),
    ),
    st.integers(0, 2**32),
    st.sampled_from([0.01, 0.03]),
    st.just("stable"),
)
key_days = st.integers(KEY_DAY, KEY_DAY + 6)


def detections(day, *, found):
    """(sensor, time_ms, person, rssi): of everything as it was, or of what is of use as it was told."""
    heard = day.receptions.at(day.receptions.lost == KEPT) if found else day.receptions
    sensors = list(day.village.town.sensors)
    times = heard.recorded_us if found else heard.time_us
    columns = (heard.sensor, times // 1_000, heard.person, heard.rssi)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [(sensors[sensor], *row) for sensor, *row in rows]


def found(visits):
    return Counter((each.place, each.first_ms, each.last_ms, each.receptions) for each in visits)


@settings(max_examples=20)
@given(villages, key_days)
def test_visits_are_those_that_the_receptions_make(village, key_day):
    day = Day(village, key_day)
    truth = visits_of(day, day.start_ms, day.end_ms)
    assert truth
    assert visits_in(detections(day, found=False), village.town) == found(truth)


@settings(max_examples=20)
@given(villages, key_days)
def test_what_is_found_of_visits_is_what_the_receptions_that_were_not_lost_make(village, key_day):
    day = Day(village, key_day)
    truth = found_visits_of(day, day.start_ms, day.end_ms)
    assert visits_in(detections(day, found=True), village.town) == found(truth)


@settings(max_examples=15)
@given(villages, key_days, st.data())
def test_the_truth_between_two_instants_is_what_is_heard_between_them(village, key_day, data):
    day = Day(village, key_day)
    first = data.draw(st.integers(day.start_ms, day.end_ms))
    after = data.draw(st.integers(first, day.end_ms))
    within = [each for each in detections(day, found=False) if first <= each[1] < after]
    assert visits_in(within, village.town) == found(visits_of(day, first, after))


@settings(max_examples=15)
@given(villages, key_days, st.data())
def test_captures_hold_what_was_told_however_the_day_is_cut(village, key_day, data):
    day = Day(village, key_day)
    cuts = sorted(data.draw(st.lists(st.integers(day.start_ms, day.end_ms), max_size=5)))
    bounds = [day.start_ms, *cuts, day.end_ms]
    of_address = {bytes(each): number for number, each in enumerate(day.addresses)}
    told = [
        (number, each.time_ms, of_address[each.address], each.rssi)
        for number, sensor in enumerate(village.town.sensors)
        for first, after in pairwise(bounds)
        for each in receptions(day.capture(sensor, first, after))
    ]
    heard = day.receptions.at(day.receptions.was_sent)
    columns = (heard.sensor, heard.recorded_us // 1_000, heard.person, heard.rssi)
    assert told == list(zip(*(column.tolist() for column in columns), strict=True))


@settings(max_examples=15)
@given(st.integers(0, 2**32), key_days)
def test_sales_are_of_parties_that_are_there_and_no_more_than_their_stays(seed, key_day):
    day = Day(Village(whole_town(), seed, 0.1), key_day)
    names, stays = day.village.places, day.company.stays
    of_stay = Counter()
    for telling in day.tellings:
        sale = telling.sale
        if telling.ordinal > 1:
            assert telling.told_ms > sale.at_ms
            assert 0 <= telling.refunded_yen <= sale.amount_yen
            continue
        place = names.index(day.village.town.shops[sale.shop].place)
        at = sale.at_ms - day.start_ms
        here = (stays.party == sale.party) & (stays.place == place)
        here &= (stays.from_ms - 1_000 <= at) & (at < stays.to_ms)
        assert here.any()
        of_stay[sale.shop, int(here.argmax())] += 1
    assert all(number == 1 for number in of_stay.values())
    assert len(last_of_each(day.tellings)) == sum(of_stay.values())


@settings(max_examples=15)
@given(st.integers(0, 2**32), key_days)
def test_the_guide_is_used_at_sights_by_people_who_are_there(seed, key_day):
    day = Day(Village(whole_town(), seed, 0.3), key_day)
    names, stays = day.village.places, day.company.stays
    assert len({use.event_id for use in day.uses}) == len(day.uses)
    languages = {}
    stored = {use.walk for use in day.uses if use.kind == "stored"}
    assert len(stored) == sum(use.kind == "stored" for use in day.uses), "a phone stores its guide once"
    for use in day.uses:
        assert (use.sight == 0) == (use.kind == "stored")
        if use.kind == "stored":
            continue
        place = names.index(day.village.town.sights[use.sight])
        at = use.at_ms - day.start_ms
        if use.kind == "opened":
            assert ((stays.place == place) & (stays.from_ms <= at) & (at < stays.to_ms)).any()
        assert languages.setdefault(use.walk, use.language) == use.language
        assert (use.rating > 0) == (use.kind == "rated")
        assert (use.seconds > 0) == (use.kind == "listened")


@settings(max_examples=15)
@given(st.integers(0, 2**32), key_days)
def test_the_gate_counts_everybody_who_comes_in_once_each_time(seed, key_day):
    day = Day(Village(whole_town(), seed, 0.1), key_day)
    mouth = day.village.places.index("mouth")
    stays = day.company.stays
    comes = sum(int(day.company.parties.size[party]) for party in stays.party[stays.place == mouth].tolist())
    assert sum(count.people for count in day.counts) == comes
    assert [count.from_ms for count in day.counts] == list(range(day.start_ms, day.end_ms, 300_000))
