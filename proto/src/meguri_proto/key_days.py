"""Key days: from the town's day start (04:00) to the next, in the town's time zone.

A key day is named by its number: days since 1970-01-01 of the local date on which it starts.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """The number of the key day that starts on this local date."""
    return (day - _EPOCH).days


def day_date(number: int) -> date:
    """The local date on which the key day starts."""
    return _EPOCH + timedelta(days=number)


def key_day_at(time_ms: int, zone: ZoneInfo, day_start: time) -> int:
    """The key day to which an instant (epoch milliseconds) belongs."""
    local = datetime.fromtimestamp(time_ms / 1000, zone)
    number = day_number(local.date())
    return number if time_ms >= start_ms(number, zone, day_start) else number - 1


def start_ms(number: int, zone: ZoneInfo, day_start: time) -> int:
    """The key day's first instant in epoch milliseconds; the next day's is this one's end.

    A day start that a change of the clocks skips or repeats is read by PEP 495 (fold 0).
    """
    local = datetime.combine(day_date(number), day_start, tzinfo=zone)
    return int(local.astimezone(UTC).timestamp() * 1000)
