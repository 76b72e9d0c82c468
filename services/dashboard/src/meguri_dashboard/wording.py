"""Counts, times and durations as words of one language, in one town's time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from meguri_proto.key_days import day_date

from meguri_dashboard.findings import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from meguri_dashboard.catalogue import Catalogue
    from meguri_dashboard.figures import Hour
    from meguri_dashboard.suppression import Count


Counted: TypeAlias = Literal["devices", "stays"]
"""What a count is of; Japanese has a counting word for each."""


class Wording:
    """Says values in the catalogue's language."""

    def __init__(self, catalogue: Catalogue, zone: ZoneInfo) -> None:
        self._catalogue = catalogue
        self._text = catalogue.text
        self._zone = zone

    def count(self, count: Count, step: int, of: Counted) -> str:
        """Such as "about 25" or "fewer than 5"."""
        if count.shown is None:
            return self._text("count.devices_fewer" if of == "devices" else "count.stays_fewer", step=step)
        return self._text(
            "count.devices" if of == "devices" else "count.stays", count=self.number(count.shown)
        )

    def number(self, value: int) -> str:
        """A whole number with thousands apart; both languages write them alike."""
        return f"{value:,}"

    def clock(self, time_ms: int) -> str:
        """The town's time of day, such as 14:05."""
        return f"{self._local(time_ms):%H:%M}"

    def iso(self, time_ms: int) -> str:
        """For the attribute `datetime`."""
        return self._local(time_ms).isoformat(timespec="minutes")

    def hours(self, start_ms: int, end_ms: int) -> str:
        """From the first clock time to the second."""
        return self._text("date.range", first=self.clock(start_ms), to=self.clock(end_ms))

    def hour(self, hour: Hour) -> str:
        """One hour of the day, said to be running where it is."""
        hours = self.hours(hour.start_ms, hour.end_ms)
        return self._text("date.so_far", hours=hours) if hour.so_far else hours

    def hour_axis(self, time_ms: int) -> str:
        """The hour as an axis names it."""
        return self._text("date.hour_axis", hour=self._local(time_ms).hour)

    def day(self, key_day: int) -> str:
        """Such as Friday 20 November 2026."""
        day = day_date(key_day)
        return self._text(
            "date.full",
            weekday=self._catalogue.texts("date.weekdays")[day.weekday()],
            day=day.day,
            month=self._catalogue.texts("date.months")[day.month - 1],
            year=day.year,
        )

    def day_short(self, key_day: int) -> str:
        """Such as Fri 20 Nov."""
        day = day_date(key_day)
        return self._text(
            "date.short",
            weekday=self._catalogue.texts("date.weekdays_short")[day.weekday()],
            day=day.day,
            month=self._catalogue.texts("date.months_short")[day.month - 1],
        )

    def duration(self, duration_ms: int) -> str:
        """Full hours as hours, all else as minutes."""
        if duration_ms % HOUR_MS == 0:
            return self._text("date.hours", n=duration_ms // HOUR_MS)
        return self._text("date.minutes", n=duration_ms // MINUTE_MS)

    def durations(self, first_ms: int | None, to_ms: int | None) -> str:
        """From (included) and to (excluded); None is open. At least one is given."""
        if to_ms is None:
            return self._text("date.over", first=self.duration(first_ms or 0))
        if not first_ms:
            return self._text("date.under", to=self.duration(to_ms))
        for key, unit_ms in (("date.hours", HOUR_MS), ("date.minutes", MINUTE_MS)):
            if first_ms % unit_ms == 0 and to_ms % unit_ms == 0 and (to_ms < HOUR_MS or unit_ms == HOUR_MS):
                numbers = self._text("date.range", first=first_ms // unit_ms, to=to_ms // unit_ms)
                return self._text(key, n=numbers)
        return self._text("date.between", first=self.duration(first_ms), to=self.duration(to_ms))

    def _local(self, time_ms: int) -> datetime:
        return datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(self._zone)
