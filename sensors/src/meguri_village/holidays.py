"""Japan's public holidays, computed from the law as it stands since 2022 (国民の祝日に関する法律)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_YEAR: Final = 2022
LAST_YEAR: Final = 2099
"""Until when the formulas of the equinoxes hold."""

_FIXED: Final = {
    (1, 1): "New Year's Day",
    (2, 11): "National Foundation Day",
    (2, 23): "Emperor's Birthday",
    (4, 29): "Showa Day",
    (5, 3): "Constitution Day",
    (5, 4): "Greenery Day",
    (5, 5): "Children's Day",
    (8, 11): "Mountain Day",
    (11, 3): "Culture Day",
    (11, 23): "Labour Thanksgiving Day",
}
_MONDAYS: Final = {
    (1, 2): "Coming of Age Day",
    (7, 3): "Marine Day",
    (9, 3): "Respect for the Aged Day",
    (10, 2): "Sports Day",
}
"""Month, and which Monday of it."""
_SUNDAY: Final = 6
_DAY: Final = timedelta(days=1)


@cache
def holidays_of(year: int) -> Mapping[date, str]:
    """The year's holidays by date, substitute and in-between ones included; none outside 2022 to 2099."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return {}
    found = {date(year, month, day): name for (month, day), name in _FIXED.items()}
    found |= {_monday(year, month, which): name for (month, which), name in _MONDAYS.items()}
    found[date(year, 3, _equinox(year, 208_431))] = "Vernal Equinox Day"
    found[date(year, 9, _equinox(year, 232_488))] = "Autumnal Equinox Day"
    of_law = frozenset(found)
    for holiday in sorted(of_law):
        between = holiday + _DAY
        if between not in of_law and between + _DAY in of_law and between.weekday() != _SUNDAY:
            found[between] = "Citizens' Holiday"
    for holiday in sorted(of_law):
        if holiday.weekday() == _SUNDAY:
            substitute = holiday + _DAY
            while substitute in found:
                substitute += _DAY
            found[substitute] = "Substitute Holiday"
    return found


def is_holiday(day: date) -> bool:
    """Whether the date is a public holiday."""
    return day in holidays_of(day.year)


def _monday(year: int, month: int, which: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7 + 7 * (which - 1))


def _equinox(year: int, at_1980: int) -> int:
    """The day of the month, by the almanac's formula for 1980 to 2099; `at_1980` in 1/10,000 of a day."""
    years = year - 1980
    return (at_1980 * 100 + 242_194 * years) // 1_000_000 - years // 4
