"""What kind of day it is in the village: holidays by the law, seasons and weekends by what was counted."""

from datetime import date

import numpy as np
import pytest
from meguri_village.holidays import holidays_of, is_holiday
from meguri_village.outlook import Weather, outlook
from meguri_village.village import Village
from reference.village import whole_town

EPOCH = date(1970, 1, 1)
TOWN = whole_town()
VILLAGE = Village(TOWN, seed=1)


def of(day, seed=1):
    return outlook(Village(TOWN, seed), (day - EPOCH).days)


# As the Cabinet Office publishes them.
HOLIDAYS_2026 = (
    *("01-01", "01-12", "02-11", "02-23", "03-20", "04-29", "05-03", "05-04", "05-05", "05-06", "07-20"),
    *("08-11", "09-21", "09-22", "09-23", "10-12", "11-03", "11-23"),
)
HOLIDAYS_2025 = (
    *("01-01", "01-13", "02-11", "02-23", "02-24", "03-20", "04-29", "05-03", "05-04", "05-05", "05-06"),
    *("07-21", "08-11", "09-15", "09-23", "10-13", "11-03", "11-23", "11-24"),
)


@pytest.mark.parametrize(("year", "days"), [(2025, HOLIDAYS_2025), (2026, HOLIDAYS_2026)])
def test_the_years_holidays_are_those_of_the_law(year, days):
    assert sorted(f"{day:%m-%d}" for day in holidays_of(year)) == list(days)


def test_a_holiday_on_a_sunday_is_made_up_for_and_a_day_between_two_is_one_too():
    assert holidays_of(2026)[date(2026, 5, 6)] == "Substitute Holiday"
    assert holidays_of(2026)[date(2026, 9, 22)] == "Citizens' Holiday"
    assert not is_holiday(date(2026, 9, 24))


@pytest.mark.parametrize("year", [2021, 2100])
def test_a_year_of_which_the_law_or_the_formula_says_nothing_has_no_holidays(year):
    assert holidays_of(year) == {}


def mean_crowd(*days):
    """Over many villages, so that weather and chance even out."""
    return np.mean([of(day, seed).crowd_per_mille for day in days for seed in range(60)])


def test_weekends_and_holidays_have_more_visitors_than_weekdays():
    weekday, saturday = mean_crowd(date(2026, 10, 14)), mean_crowd(date(2026, 10, 17))
    holiday = mean_crowd(date(2026, 10, 12))
    assert 1.5 < saturday / weekday < 2.5
    assert 1.5 < holiday / weekday < 2.5


def test_obon_is_the_fullest_week_of_the_year_whatever_its_weekdays_are():
    obon = mean_crowd(date(2026, 8, 12), date(2026, 8, 13), date(2026, 8, 14))
    assert obon > mean_crowd(date(2026, 5, 4)) > mean_crowd(date(2026, 6, 10)) > mean_crowd(date(2026, 1, 14))


def test_a_year_of_days_has_about_the_years_mean_of_visitors():
    crowds = [outlook(VILLAGE, key_day).crowd_per_mille for key_day in range(20_454, 20_454 + 365)]
    assert 900 < np.mean(crowds) < 1_150


def test_rain_keeps_people_away():
    by_weather = {weather: [] for weather in Weather}
    for seed in range(400):
        day = of(date(2026, 6, 10), seed)
        by_weather[day.weather].append(day.crowd_per_mille)
    fine, rain, heavy = (np.mean(by_weather[weather]) for weather in Weather)
    assert fine > rain > heavy
    assert 0.3 < (len(by_weather[Weather.RAIN]) + len(by_weather[Weather.HEAVY_RAIN])) / 400 < 0.5


def test_something_is_held_on_one_sunday_of_each_month():
    events = [
        day.date for key_day in range(20_454, 20_454 + 365) if (day := outlook(VILLAGE, key_day)).has_event
    ]
    assert [day.month for day in events] == list(range(1, 13))
    assert {day.weekday() for day in events} == {6}
