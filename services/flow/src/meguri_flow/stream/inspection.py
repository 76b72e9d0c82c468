"""What a worker says of the partitions that it holds: for `meguri status` and `meguri flow inspect`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import numpy as np

from meguri_flow.domain import hearing, open_visits

if TYPE_CHECKING:
    from meguri_flow.domain.day import Day
    from meguri_flow.stream.owned import OwnedPartition


class DayReport(TypedDict):
    """A day's slice. Times are milliseconds since 1970, 0 before the first message with a time."""

    town: str
    key_day: int
    slice: int
    open_devices: int
    """Devices with a visit that may still go on."""
    open_visits: int
    visits: int
    """How many were closed."""
    town_time_ms: int
    watermark_ms: int
    complete: bool
    late: int
    lost: int
    generation: int
    asked: int | None
    """The generation of the refold that is asked for and not done."""


class PartitionReport(TypedDict):
    """A partition and its days."""

    partition: int
    next_offset: int
    lag: int
    """Messages of the log that are not folded yet."""
    snapshot_offset: int
    """What is below it is written."""
    snapshot_bytes: int
    """0 if there is no snapshot yet."""
    snapshot_age_s: float
    """Since this worker wrote it, or took the partition over with it."""
    days: list[DayReport]


def report(owned: OwnedPartition, lag: int) -> PartitionReport:
    """All that is said of a partition; `lag` as in the report."""
    return PartitionReport(
        partition=owned.number,
        next_offset=owned.state.next_offset,
        lag=lag,
        snapshot_offset=owned.saved_offset,
        snapshot_bytes=owned.snapshot_bytes,
        snapshot_age_s=round(owned.snapshot_age_s, 1),
        days=[_day_report(day) for _, day in sorted(owned.state.days.items())],
    )


def _day_report(day: Day) -> DayReport:
    opened = day.table[(day.table["flags"] & open_visits.IS_OPEN) != 0]
    return DayReport(
        town=day.rules.town,
        key_day=day.rules.key_day,
        slice=day.rules.slice,
        open_devices=len(np.unique(opened["device"])),
        open_visits=len(opened),
        visits=day.visits,
        town_time_ms=max(day.town_time_ms, 0),
        watermark_ms=max(day.watermark_ms, 0),
        complete=day.is_complete,
        late=int(day.health.counts[:, :, hearing.LATE].sum()),
        lost=day.lost,
        generation=day.generation,
        asked=day.asked if day.asked > day.generation else None,
    )
