"""Lengths of stay: from rows to what may be shown, and how it is said."""

import pytest
from fakes.town_day import DAY, TOWN
from fakes.town_trade import Answers, asked, said
from meguri_dashboard.blocks import dwell
from meguri_dashboard.catalogue import catalogue
from meguri_dashboard.wording import Wording
from meguri_proto.key_days import day_date


def row(index, stays, devices=None, *, place="station", unit=DAY):
    devices = stays if devices is None else devices
    return {"unit": day_date(unit), "place": place, "bin": index, "stays": stays, "devices": devices}


def read(*rows, running=(), **question):
    question = asked(town=TOWN, complete=not running, **question)
    return dwell.read(Answers(dwell=list(rows), dwell_running=running), question)


def shown(place):
    return [count.shown for count in place.by_bin]


def test_units_of_a_period_are_published_apart_and_added_up():
    found = read(row(2, 12), row(2, 8, unit=DAY - 1), row(2, 4, unit=DAY - 2), row(3, 9, 4)).places[0]
    assert shown(found) == [None, None, 20, None, None, None, None]


def test_a_running_day_is_a_unit_of_its_own():
    found = read(row(2, 12), running=[row(2, 6), row(0, 4)], first=DAY - 1)
    assert shown(found.places[0])[:3] == [None, None, 15]


def test_only_days_that_are_known_are_asked_about():
    store = Answers()
    dwell.read(store, asked(town=TOWN, complete=False))
    assert list(store.asked) == ["dwell_running"]


@pytest.mark.parametrize(
    ("bins", "en", "ja"),
    [
        (
            {0: 20, 1: 20, 2: 20, 3: 60},
            "About 5 in 10 stays at Roadside station lasted 30 min or longer.",
            "道の駅では滞在のおよそ5割が30分以上でした。",
        ),
        (
            {0: 10, 4: 90},
            "About 9 in 10 stays at Roadside station lasted 5 min or longer.",
            "道の駅では滞在のおよそ9割が5分以上でした。",
        ),
        (
            {2: 30, 3: 4},
            "Stays at Roadside station that can be shown all lasted 15–30 min.",
            "道の駅で表示できる滞在はすべて15～30分でした。",
        ),
    ],
)
def test_the_sentence_divides_the_stays_where_they_are_most_even(bins, en, ja):
    figures = read(*(row(index, count) for index, count in bins.items()))
    assert said(figures, town=TOWN).sentences == (en,)
    assert said(figures, "ja", town=TOWN).sentences == (ja,)


def test_it_says_that_stays_are_those_of_stable_addresses_and_how_many():
    block = said(read(row(2, 30), row(1, 12, place="hall")), town=TOWN)
    assert block.notes == ("From about 40 stays by devices with a stable address, not from all signals.",)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_where_nothing_may_be_shown_there_is_an_empty_state(language):
    block = said(read(row(0, 4)), language, town=TOWN)
    assert block.empty
    assert (block.charts, block.tables) == ((), ())


@pytest.mark.parametrize(
    ("first", "to", "en", "ja"),
    [
        (None, 5, "under 5 min", "5分未満"),
        (15, 30, "15–30 min", "15～30分"),
        (30, 60, "30 min to 1 h", "30分～1時間"),
        (60, 120, "1–2 h", "1～2時間"),
        (240, None, "4 h or longer", "4時間以上"),
    ],
)
def test_durations_are_said_in_their_unit(first, to, en, ja):
    ms = [None if minutes is None else minutes * 60_000 for minutes in (first, to)]
    assert Wording(catalogue("en"), TOWN).durations(*ms) == en
    assert Wording(catalogue("ja"), TOWN).durations(*ms) == ja
