"""What a block is asked: a town, a period, and what is known of the town's days."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from meguri_proto.key_days import day_date

from meguri_dashboard.periods import Period, Unit
from meguri_dashboard.suppression import step_of
from meguri_dashboard.times import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_proto.towns import Town

    from meguri_dashboard.days import DayRow


@dataclass(frozen=True)
class Slot:
    """One hour of a day, or one day, week or month of a longer period. Epoch milliseconds."""

    unit: Unit
    days: Period
    start_ms: int
    end_ms: int
    so_far: bool
    """It was still running when the figures were made."""
    has_figures: bool
    """The town has figures of at least one of its days, and it has begun."""


@dataclass(frozen=True)
class Asked:
    """A question of a page. `days` are all of the town's, the newest first."""

    town: Town
    period: Period
    days: Mapping[int, DayRow]

    @cached_property
    def known(self) -> tuple[DayRow, ...]:
        """The days of the period of which anything is known, the earliest first."""
        return tuple(self.days[day] for day in self.period.days if day in self.days)

    @cached_property
    def complete(self) -> tuple[DayRow, ...]:
        """Those that are over: what was found of them stands in the tables `day_*`."""
        return tuple(day for day in self.known if day.complete)

    @cached_property
    def running(self) -> tuple[DayRow, ...]:
        """Those that are not: what is found of them stands in `visits` and `moves`."""
        return tuple(day for day in self.known if day.is_running)

    @cached_property
    def lost(self) -> tuple[DayRow, ...]:
        """Those that were dropped before they were found: of visits and moves nothing is known."""
        return tuple(day for day in self.known if day.is_lost)

    @property
    def missing(self) -> tuple[int, ...]:
        """The days of the period of which nothing is known."""
        return tuple(day for day in self.period.days if day not in self.days)

    @property
    def step(self) -> int:
        """In which counts of devices are shown."""
        return step_of(self.town.k)

    @property
    def as_of_ms(self) -> int:
        """Up to when the figures of the period are: the end of its last day, or that day's watermark."""
        if not self.known:
            return self.bounds_ms[0]
        last = self.known[-1]
        start_ms, end_ms = self.town.day_bounds_ms(last.key_day)
        return max(start_ms, min(last.watermark_ms, end_ms)) if last.is_running else end_ms

    @property
    def bounds_ms(self) -> tuple[int, int]:
        """First instant of the period, and the first after it."""
        return self.town.day_bounds_ms(self.period.first)[0], self.town.day_bounds_ms(self.period.last)[1]

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """The period, divided as its charts divide it; also what has not begun or has no figures."""
        return self._hours() if self.period.is_day else self._spans()

    def slot_index(self, key_day: int, hour: int = 0) -> int:
        """Where in `slots` a day of the period is, or an hour of the only day."""
        return hour if self.period.is_day else self._index_of_day[key_day]

    @cached_property
    def _index_of_day(self) -> Mapping[int, int]:
        return {day: index for index, span in enumerate(self.period.spans) for day in span.days}

    def _hours(self) -> tuple[Slot, ...]:
        start_ms, end_ms = self.bounds_ms
        as_of_ms, is_known = self.as_of_ms, bool(self.complete or self.running)
        return tuple(
            Slot(
                unit=Unit.HOUR,
                days=self.period,
                start_ms=hour_ms,
                end_ms=min(hour_ms + HOUR_MS, end_ms),
                so_far=hour_ms <= as_of_ms < min(hour_ms + HOUR_MS, end_ms),
                has_figures=is_known and hour_ms <= as_of_ms,
            )
            for hour_ms in range(start_ms, end_ms, HOUR_MS)
        )

    def _spans(self) -> tuple[Slot, ...]:
        running = {day.key_day for day in self.running}
        has_figures = running | {day.key_day for day in self.complete}
        return tuple(
            Slot(
                unit=self.period.unit,
                days=span,
                start_ms=self.town.day_bounds_ms(span.first)[0],
                end_ms=self.town.day_bounds_ms(span.last)[1],
                so_far=any(day in running for day in span.days),
                has_figures=any(day in has_figures for day in span.days),
            )
            for span in self.period.spans
        )

    def of_period(self) -> dict[str, object]:
        """The parameters of a query about the period: town, first, last."""
        return {
            "town": self.town.town,
            "first": day_date(self.period.first),
            "last": day_date(self.period.last),
        }

    def of_day(self, day: DayRow) -> dict[str, object]:
        """The parameters of a query about one day: town, key_day, folds."""
        return {"town": self.town.town, "key_day": day_date(day.key_day), "folds": day.folds}

    def of_units(self) -> dict[str, object]:
        """`of_period`, with the first and last day of its whole calendar months (first_whole, last_whole).

        A month that lies wholly in the period is published as one, its other days one by one. Without such a
        month the two are a day of 1970.
        """
        months = self.period.whole_months or Period(0, 0)
        return {
            **self.of_period(),
            "first_whole": day_date(months.first),
            "last_whole": day_date(months.last),
        }
