"""Counts, times, durations and names as words of one language, in one town."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from meguri_proto.key_days import day_date

from meguri_dashboard.periods import Period, Unit
from meguri_dashboard.suppression import step_of
from meguri_dashboard.times import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from meguri_proto.towns import Town

    from meguri_dashboard.asked import Slot
    from meguri_dashboard.catalogue import Catalogue
    from meguri_dashboard.suppression import Count


class Wording:
    """Says values in the catalogue's language, and the names of one town in it."""

    def __init__(self, catalogue: Catalogue, town: Town) -> None:
        self.language = catalogue.language
        self._catalogue = catalogue
        self._text = catalogue.text
        self._town = town
        self._zone = town.zone

    def text(self, key: str, **values: object) -> str:
        """The text of the catalogue with its `{name}`s filled in."""
        return self._text(key, **values)

    def place(self, place: str) -> str:
        """The place's name."""
        return self._town.places[place].names[self.language]

    def count(self, count: Count) -> str:
        """Such as "about 25" or "fewer than 5"."""
        if count.shown is None:
            return self._text("count.fewer", step=step_of(self._town.k))
        return self._text("count.about", count=self.number(count.shown))

    def yen(self, count: Count) -> str:
        """Such as "about ¥12,000" or "fewer than 5 sales"."""
        if count.shown is None:
            return self._text("count.yen_fewer", step=step_of(self._town.k))
        return self._text("count.yen", yen=self.number(count.shown))

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

    def hour_axis(self, time_ms: int) -> str:
        """The hour as an axis names it."""
        return self._text("date.hour_axis", hour=self._local(time_ms).hour)

    def slot(self, slot: Slot) -> str:
        """An hour, day, week or month of a period."""
        if slot.unit is Unit.HOUR:
            return self.hours(slot.start_ms, slot.end_ms)
        first = day_date(slot.days.first)
        if slot.unit is Unit.MONTH and slot.days.whole_months == slot.days:
            months = self._catalogue.texts("date.months")
            return self._text("date.month", month=months[first.month - 1], year=first.year)
        return self.days_short(slot.days)

    def slot_so_far(self, slot: Slot) -> str:
        """As `slot`, said to be running where it is."""
        return self._text("date.so_far", slot=self.slot(slot)) if slot.so_far else self.slot(slot)

    def slot_axis(self, slot: Slot) -> str:
        """The slot's beginning as an axis names it."""
        if slot.unit is Unit.HOUR:
            return self.hour_axis(slot.start_ms)
        first = day_date(slot.days.first)
        month = self._catalogue.texts("date.months_short")[first.month - 1]
        if slot.unit is Unit.MONTH:
            return month
        return self._text("date.day_axis", day=first.day, month=month)

    def period(self, period: Period) -> str:
        """The days as a heading names them."""
        if period.is_day:
            return self.day(period.first)
        if period.whole_months == period and period.length <= 31:  # noqa: PLR2004  # one month
            first = day_date(period.first)
            months = self._catalogue.texts("date.months")
            return self._text("date.month", month=months[first.month - 1], year=first.year)
        first, last = day_date(period.first), day_date(period.last)
        key = "date.days" if first.year == last.year else "date.days_of_years"
        months = self._catalogue.texts("date.months")
        return self._text(
            key,
            first_day=first.day,
            first_month=months[first.month - 1],
            first_year=first.year,
            last_day=last.day,
            last_month=months[last.month - 1],
            last_year=last.year,
        )

    def days_short(self, days: Period) -> str:
        """Such as Fri 20 Nov, or Fri 20 Nov–Thu 26 Nov."""
        if days.is_day:
            return self.day_short(days.first)
        return self._text("date.range", first=self.day_short(days.first), to=self.day_short(days.last))

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
