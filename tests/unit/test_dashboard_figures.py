"""From what was found to what may be shown."""

from dataclasses import replace
from datetime import date

import pytest
from fakes.town_day import DAY, HOUR, MINUTE, TOWN
from meguri_dashboard.figures import SensorState, day_figures
from meguri_dashboard.findings import Cell, DayRow, Findings, SensorDay
from meguri_proto.key_days import day_number
from meguri_proto.towns import parse_town

START, END = TOWN.day_bounds_ms(DAY)
NOON = START + 8 * HOUR


def findings(*, watermark_ms=NOON, town_time_ms=NOON + 10 * MINUTE, complete=False, late=0, **found):
    day = DayRow(DAY, 0, watermark_ms, town_time_ms, late, complete)
    empty = {"arrivals": {}, "dwell": {}, "sensors": {}, "heard_bins": {}}
    return Findings(day=day, **{**empty, **found})


def shown(counts):
    return [count.shown for count in counts]


def test_arrivals_have_an_entry_for_each_hour_that_has_begun_and_none_for_the_others():
    figures = day_figures(TOWN, findings(arrivals={("station", 7): Cell(12, 12)}))
    station, hall = figures.arrivals
    assert (station.place, hall.place) == ("station", "hall")
    assert shown(station.by_hour) == [None] * 7 + [10, None]
    assert len(figures.hours) == 24
    assert [hour.so_far for hour in figures.begun] == [False] * 8 + [True]


def test_an_hour_of_many_arrivals_by_few_devices_is_not_shown():
    figures = day_figures(TOWN, findings(arrivals={("station", 0): Cell(12, 4), ("station", 1): Cell(12, 5)}))
    assert shown(figures.arrivals[0].by_hour)[:2] == [None, 10]


def test_a_total_is_of_the_shown_hours_alone():
    arrivals = {("station", 0): Cell(4, 4), ("station", 1): Cell(12, 12), ("station", 2): Cell(23, 23)}
    station, hall = day_figures(TOWN, findings(arrivals=arrivals)).arrivals
    assert station.total.shown == 35
    assert hall.total.shown is None


def test_a_town_with_a_greater_k_has_greater_steps():
    arrivals = {("station", 0): Cell(9, 9), ("station", 1): Cell(14, 14)}
    figures = day_figures(replace(TOWN, k=10), findings(arrivals=arrivals))
    assert figures.step == 10
    assert shown(figures.arrivals[0].by_hour)[:2] == [None, 10]


def test_a_running_day_is_as_of_its_watermark_and_a_complete_one_as_of_its_end():
    assert day_figures(TOWN, findings()).as_of_ms == NOON
    complete = day_figures(TOWN, findings(complete=True))
    assert (complete.as_of_ms, complete.is_running) == (END, False)
    assert not any(hour.so_far for hour in complete.hours)


@pytest.mark.parametrize("watermark_ms", [0, START - 5 * MINUTE])
def test_a_day_whose_watermark_has_not_reached_it_is_as_of_its_start(watermark_ms):
    figures = day_figures(TOWN, findings(watermark_ms=watermark_ms))
    assert figures.as_of_ms == START
    assert len(figures.begun) == 1


def test_a_place_that_the_town_file_no_longer_names_is_not_shown():
    figures = day_figures(TOWN, findings(arrivals={("closed-museum", 0): Cell(50, 50)}))
    assert [place.total.shown for place in figures.arrivals] == [None, None]


@pytest.mark.parametrize(
    ("last_ms", "state"),
    [
        (NOON + 1, SensorState.HEARD),
        (NOON, SensorState.HEARD),
        (NOON - 1, SensorState.QUIET),
    ],
)
def test_a_sensor_is_quiet_after_ten_minutes_without_a_signal(last_ms, state):
    sensors = {"shop": SensorDay(100, 5, 1, 2, last_ms)}
    assert day_figures(TOWN, findings(sensors=sensors)).sensors[0].state is state


def test_a_sensor_without_a_signal_on_the_day_is_silent():
    sensors = {"shop": SensorDay(0, 0, 0, 4, NOON)}
    shop, gate = day_figures(TOWN, findings(sensors=sensors)).sensors
    assert (shop.state, shop.last_ms) == (SensorState.SILENT, None)
    assert gate.state is SensorState.SILENT


def test_on_a_day_that_is_over_no_sensor_is_quiet_any_more():
    sensors = {"shop": SensorDay(100, 0, 0, 0, START + HOUR)}
    assert day_figures(TOWN, findings(sensors=sensors, complete=True)).sensors[0].state is SensorState.HEARD


def test_when_a_sensor_was_last_heard_is_told_in_five_minutes_and_not_to_the_signal():
    sensors = {"shop": SensorDay(100, 0, 0, 0, START + 64 * MINUTE + 59_999)}
    assert day_figures(TOWN, findings(sensors=sensors)).sensors[0].last_ms == START + 60 * MINUTE


def test_a_day_of_25_hours_has_25():
    text = """
town: a
name: {ja: あ, en: A}
time_zone: Europe/Berlin
places: {p: {ja: ぴ, en: P}}
sensors: {s: {place: p, minimum_rssi: -80}}
"""
    town = parse_town(text, "a.yaml")
    day = DayRow(day_number(date(2024, 10, 26)), 0, 0, 0, 0, complete=True)
    figures = day_figures(town, Findings(day, {("p", 24): Cell(7, 7)}, {}, {}, {}))
    assert len(figures.hours) == 25
    assert figures.arrivals[0].by_hour[24].shown == 5
