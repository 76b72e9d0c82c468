"""What a page may show of one town-day; sentences, tables and charts are made of this alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from meguri_dashboard.findings import DWELL_EDGES_MS, HEALTH_BIN_MS, HOUR_MS, MINUTE_MS, Cell
from meguri_dashboard.suppression import Count, publish, step_of, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meguri_proto.towns import Town

    from meguri_dashboard.findings import Findings, SensorDay

QUIET_AFTER_MS = 10 * MINUTE_MS
_NOBODY = Cell(0, 0)


class SensorState(StrEnum):
    """What is to be said of a sensor."""

    HEARD = "heard"
    """It delivered within the last 10 minutes, or on a day that is over at all."""
    QUIET = "quiet"
    """It delivered on this day, but not within the last 10 minutes."""
    SILENT = "silent"
    """It delivered nothing on this day."""


@dataclass(frozen=True)
class Hour:
    """One hour of the key day. Epoch milliseconds; the last hour may be shorter where clocks change."""

    start_ms: int
    end_ms: int
    so_far: bool
    """It was still running when the figures were made."""


@dataclass(frozen=True)
class Arrivals:
    """Arrivals at one place in the hours that have begun."""

    place: str
    by_hour: tuple[Count, ...]

    @property
    def total(self) -> Count:
        """Of the hours that are shown."""
        return total(self.by_hour)


@dataclass(frozen=True)
class Dwell:
    """Stays at one place by how long they lasted; the bins are those between `DWELL_EDGES_MS`."""

    place: str
    by_bin: tuple[Count, ...]

    @property
    def total(self) -> Count:
        """Of the bins that are shown."""
        return total(self.by_bin)


@dataclass(frozen=True)
class SensorFigures:
    """One sensor's day. Signals are frames, not devices, so they are not suppressed (decision 0006)."""

    sensor: str
    place: str
    state: SensorState
    last_ms: int | None
    """The five-minute bin in which it was last heard (its start), None for never on this day."""
    heard_bins: tuple[int, ...]
    """By hour that has begun: in how many five-minute bins it was heard."""
    signals: int
    weak: int
    late: int
    repeated: int


@dataclass(frozen=True)
class DayFigures:
    """One town-day as it may be shown."""

    key_day: int
    start_ms: int
    end_ms: int
    as_of_ms: int
    """Arrivals are complete up to here (the watermark)."""
    is_running: bool
    late: int
    step: int
    hours: tuple[Hour, ...]
    """All of the day; `Arrivals.by_hour` has entries for those that have begun."""
    arrivals: tuple[Arrivals, ...]
    dwell: tuple[Dwell, ...]
    sensors: tuple[SensorFigures, ...]

    @property
    def begun(self) -> tuple[Hour, ...]:
        """The hours that have begun."""
        return self.hours[: _begun(self.hours, self.as_of_ms)]


def day_figures(town: Town, findings: Findings) -> DayFigures:
    """What may be shown of the findings, for the town's places and sensors in the order of its file."""
    day = findings.day
    start_ms, end_ms = town.day_bounds_ms(day.key_day)
    step = step_of(town.k)
    as_of_ms = end_ms if day.complete else max(start_ms, min(day.watermark_ms, end_ms))
    hours = tuple(
        Hour(
            start_ms=hour_ms,
            end_ms=min(hour_ms + HOUR_MS, end_ms),
            so_far=hour_ms <= as_of_ms < min(hour_ms + HOUR_MS, end_ms),
        )
        for hour_ms in range(start_ms, end_ms, HOUR_MS)
    )
    begun = range(_begun(hours, as_of_ms))
    bins = range(len(DWELL_EDGES_MS) + 1)
    return DayFigures(
        key_day=day.key_day,
        start_ms=start_ms,
        end_ms=end_ms,
        as_of_ms=as_of_ms,
        is_running=not day.complete,
        late=day.late,
        step=step,
        hours=hours,
        arrivals=tuple(
            Arrivals(place, _counts(findings.arrivals, place, begun, step)) for place in town.places
        ),
        dwell=tuple(Dwell(place, _counts(findings.dwell, place, bins, step)) for place in town.places),
        sensors=_sensors(town, findings, day.town_time_ms, range(_begun(hours, day.town_time_ms))),
    )


def _begun(hours: Iterable[Hour], now_ms: int) -> int:
    return sum(hour.start_ms <= now_ms for hour in hours)


def _counts(
    cells: Mapping[tuple[str, int], Cell], place: str, indices: Iterable[int], step: int
) -> tuple[Count, ...]:
    found = (cells.get((place, index), _NOBODY) for index in indices)
    return tuple(publish(cell.visits, cell.devices, step) for cell in found)


def _sensors(
    town: Town, findings: Findings, town_time_ms: int, begun: Iterable[int]
) -> tuple[SensorFigures, ...]:
    hours = tuple(begun)
    now_ms = None if findings.day.complete else town_time_ms
    return tuple(
        _sensor(
            sensor.sensor,
            sensor.place,
            findings.sensors.get(sensor.sensor),
            tuple(findings.heard_bins.get((sensor.sensor, hour), 0) for hour in hours),
            now_ms,
        )
        for sensor in town.sensors.values()
    )


def _sensor(
    sensor: str, place: str, day: SensorDay | None, heard_bins: tuple[int, ...], now_ms: int | None
) -> SensorFigures:
    """`now_ms` is None on a day that is over: then nothing is quiet any more."""
    if day is None or not day.detections:
        return SensorFigures(sensor, place, SensorState.SILENT, None, heard_bins, 0, 0, 0, 0)
    quiet = now_ms is not None and now_ms - day.last_ms > QUIET_AFTER_MS
    return SensorFigures(
        sensor=sensor,
        place=place,
        state=SensorState.QUIET if quiet else SensorState.HEARD,
        last_ms=day.last_ms // HEALTH_BIN_MS * HEALTH_BIN_MS,
        heard_bins=heard_bins,
        signals=day.detections,
        weak=day.weak,
        late=day.late,
        repeated=day.duplicates,
    )
