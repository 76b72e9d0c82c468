"""The period that a page shows: its key days, and the slots into which its charts divide it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from meguri_proto.key_days import day_date, day_number

WEEK = 7
LONGEST = 3 * 366
"""Days that one page can show; a longer period is a report and not a page."""
MOST_DAY_SLOTS = 45
MOST_WEEK_SLOTS_DAYS = 26 * WEEK


class Unit(StrEnum):
    """What one slot of a period is."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class PeriodError(ValueError):
    """The address asks for no period; `reason` is the key of the text that says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Period:
    """First and last key day, both inclusive."""

    first: int
    last: int

    @property
    def days(self) -> range:
        """Its key days."""
        return range(self.first, self.last + 1)

    @property
    def length(self) -> int:
        """How many key days it has."""
        return self.last - self.first + 1

    @property
    def is_day(self) -> bool:
        """It is one day."""
        return self.first == self.last

    @property
    def unit(self) -> Unit:
        """Into what its charts divide it."""
        if self.is_day:
            return Unit.HOUR
        if self.length <= MOST_DAY_SLOTS:
            return Unit.DAY
        return Unit.WEEK if self.length <= MOST_WEEK_SLOTS_DAYS else Unit.MONTH

    def earlier(self, days: int) -> Period:
        """The same period so many days before."""
        return Period(self.first - days, self.last - days)

    @property
    def before(self) -> Period:
        """The latest period of the same length and weekdays that ends before it begins."""
        return self.earlier(-(-self.length // WEEK) * WEEK)

    @property
    def spans(self) -> tuple[Period, ...]:
        """Its days, its weeks (from Monday) or its months, cut where it begins and ends."""
        starts = [day for day in self.days if day == self.first or self._begins_span(day)]
        ends = [*(start - 1 for start in starts[1:]), self.last]
        return tuple(Period(first, last) for first, last in zip(starts, ends, strict=True))

    def _begins_span(self, key_day: int) -> bool:
        if self.unit is Unit.MONTH:
            return day_date(key_day).day == 1
        return self.unit is not Unit.WEEK or day_date(key_day).weekday() == 0

    @property
    def whole_months(self) -> Period | None:
        """The calendar months that lie wholly in it, from the first day of the first; None without any."""
        first = day_date(self.first)
        if first.day > 1:
            first = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        last = day_date(self.last + 1).replace(day=1) - timedelta(days=1)
        return Period(day_number(first), day_number(last)) if first <= last else None

    @property
    def query(self) -> str:
        """How an address asks for it."""
        if self.is_day:
            return f"day={day_date(self.first)}"
        return f"from={day_date(self.first)}&to={day_date(self.last)}"


def asked_period(day: str | None, first: str | None, last: str | None) -> Period | None:
    """The period that an address asks for by `day`, or by `from` and `to`; None where it names none.

    Raises:
        PeriodError: it asks for something else.
    """
    if first or last:
        day = None
        period = Period(_key_day(first or last), _key_day(last or first))
    elif day is not None:
        period = Period(_key_day(day), _key_day(day))
    else:
        return None
    if period.last < period.first:
        raise PeriodError("error.period_backwards")
    if period.length > LONGEST:
        raise PeriodError("error.period_long")
    return period


def _key_day(text: str | None) -> int:
    try:
        return day_number(date.fromisoformat(text or ""))
    except ValueError:
        raise PeriodError("error.period_date") from None
