"""Periods: what an address asks for, how charts divide it, and what is compared with it."""

from datetime import date

import pytest
from fakes.town_trade import asked
from meguri_dashboard.periods import Period, PeriodError, Unit, asked_period
from meguri_proto.key_days import day_date, day_number
from meguri_proto.towns import parse_town


def period(first, last):
    return Period(day_number(date.fromisoformat(first)), day_number(date.fromisoformat(last)))


@pytest.mark.parametrize(
    ("day", "first", "last", "expected"),
    [
        (None, None, None, None),
        ("2024-10-04", None, None, period("2024-10-04", "2024-10-04")),
        (None, "2024-10-01", "2024-10-07", period("2024-10-01", "2024-10-07")),
        (None, "2024-10-01", None, period("2024-10-01", "2024-10-01")),
        (None, None, "2024-10-07", period("2024-10-07", "2024-10-07")),
        ("2024-10-04", "2024-10-01", "2024-10-07", period("2024-10-01", "2024-10-07")),
    ],
)
def test_an_address_asks_for_a_day_or_from_a_day_to_another(day, first, last, expected):
    assert asked_period(day, first, last) == expected


@pytest.mark.parametrize(
    ("day", "first", "last", "reason"),
    [
        ("yesterday", None, None, "error.period_date"),
        ("", None, None, "error.period_date"),
        (None, "2024-13-01", "2024-10-07", "error.period_date"),
        (None, "2024-10-07", "2024-10-01", "error.period_backwards"),
        (None, "2020-01-01", "2024-10-01", "error.period_long"),
    ],
)
def test_an_address_that_asks_for_no_period_says_why(day, first, last, reason):
    with pytest.raises(PeriodError) as refused:
        asked_period(day, first, last)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("days", "unit", "spans"),
    [(1, Unit.HOUR, 1), (2, Unit.DAY, 2), (45, Unit.DAY, 45), (46, Unit.WEEK, 7), (365, Unit.MONTH, 13)],
)
def test_a_longer_period_is_divided_more_coarsely(days, unit, spans):
    last = day_number(date(2024, 10, 4))
    one = Period(last - days + 1, last)
    assert (one.unit, len(one.spans)) == (unit, spans)


def test_weeks_begin_on_monday_and_months_on_their_first_day():
    weeks = period("2024-08-21", "2024-10-10").spans
    assert {day_date(week.first).weekday() for week in weeks[1:]} == {0}
    months = period("2024-01-15", "2024-12-10").spans
    assert {day_date(month.first).day for month in months[1:]} == {1}


def test_slots_of_a_day_are_its_hours_and_those_that_have_not_begun_have_no_figures():
    slots = asked(complete=False).slots
    assert len(slots) == 24
    assert [slot.has_figures for slot in slots] == [True] * 8 + [False] * 16
    assert [slot.so_far for slot in slots].index(True) == 7


def test_a_day_whose_watermark_has_not_reached_it_is_as_of_its_start():
    question = asked(complete=False, until_ms=0)
    assert question.as_of_ms == question.bounds_ms[0]
    assert sum(slot.has_figures for slot in question.slots) == 1


def test_a_day_of_25_hours_has_25():
    text = """
town: a
name: {ja: あ, en: A}
time_zone: Europe/Berlin
places: {p: {ja: ぴ, en: P}}
sensors: {s: {place: p, minimum_rssi: -80}}
"""
    day = day_number(date(2024, 10, 26))
    assert len(asked(day, day, town=parse_town(text, "a.yaml")).slots) == 25


def test_days_without_figures_are_missing_and_slots_of_them_alone_have_none():
    question = asked(100, 104, days=[100, 103, 104])
    assert question.missing == (101, 102)
    assert [slot.has_figures for slot in question.slots] == [True, False, False, True, True]
