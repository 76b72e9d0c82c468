"""What kind of day it is: season, weekend or holiday, weather, an event; and so how many people come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from meguri_proto.key_days import day_date

from meguri_village.holidays import is_holiday

if TYPE_CHECKING:
    from datetime import date

    from meguri_village.village import Village

_SATURDAY: Final = 5
_SUNDAY: Final = 6
_PER_MILLE: Final = 1_000


class Weather(IntEnum):
    """The day's weather."""

    FINE = 0
    RAIN = 1
    HEAVY_RAIN = 2


@dataclass(frozen=True)
class Outlook:
    """A day as its visitors see it."""

    date: date
    is_free: bool
    """A weekend day or a public holiday."""
    weather: Weather
    has_event: bool
    crowd_per_mille: int
    """Visitors against the year's mean day, in thousandths."""


def outlook(village: Village, key_day: int) -> Outlook:
    """What kind of day a key day is."""
    habits = village.habits
    day = day_date(key_day)
    draws = village.draws("outlook", key_day)
    is_free = day.weekday() >= _SATURDAY or is_holiday(day)
    wet = habits.rain_per_mille[day.month - 1]
    rains, heavily = bool(draws.chances(wet, 1)[0]), bool(draws.chances(habits.heavy_rain_per_mille, 1)[0])
    weather = Weather.HEAVY_RAIN if rains and heavily else Weather.RAIN if rains else Weather.FINE
    has_event = _has_event(village, day)

    share = habits.free_day_per_mille if is_holiday(day) else habits.weekday_per_mille[day.weekday()]
    crowd = habits.month_per_mille[day.month - 1] * share // _PER_MILLE
    for first, last, factor in habits.seasons:
        if first <= (day.month, day.day) <= last:
            # Everybody has time off, whatever the weekday is.
            crowd = habits.month_per_mille[day.month - 1] * habits.free_day_per_mille // _PER_MILLE
            crowd = crowd * factor // _PER_MILLE
    crowd = crowd * habits.weather_per_mille[weather] // _PER_MILLE
    if has_event:
        crowd = crowd * habits.event_per_mille // _PER_MILLE
    least, bound = habits.any_day_per_mille
    crowd = crowd * int(draws.between(least, bound, 1)[0]) // _PER_MILLE
    return Outlook(day, is_free, weather, has_event, crowd)


def _has_event(village: Village, day: date) -> bool:
    """Whether it is the Sunday of its month on which the town holds something: a market, a festival."""
    if day.weekday() != _SUNDAY:
        return False
    which = int(village.draws("event", day.year, day.month).below(4, 1)[0])
    return (day.day - 1) // 7 == which
