"""What is measured of the state itself: read from it every second, gone with the partition that it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from meguri_flow import metrics
from meguri_flow.domain import hearing, open_visits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prometheus_client import Gauge

    from meguri_flow.domain.day import Day
    from meguri_flow.stream.owned import OwnedPartition

Values: TypeAlias = "dict[tuple[Gauge, str], float]"
"""By gauge and the value of its one label."""


class StateGauges:
    """Sets gauges, and takes away those of partitions and towns that are not held any more."""

    def __init__(self) -> None:
        self._shown: set[tuple[Gauge, str]] = set()

    def show(self, values: Mapping[tuple[Gauge, str], float]) -> None:
        """Let the gauges say these values and no others."""
        for gauge, label in self._shown - values.keys():
            gauge.remove(label)
        for (gauge, label), value in values.items():
            gauge.labels(label).set(value)
        self._shown = set(values)


def state_values(owned: Iterable[tuple[OwnedPartition, int]], now_ms: int) -> Values:
    """What the gauges say of a worker's partitions.

    Args:
        owned: each with how many messages of the log it has not folded yet.
        now_ms: by the wall clock, milliseconds since 1970.
    """
    values: Values = {}
    for each, lag in owned:
        label, days = str(each.number), each.state.days.values()
        values[metrics.LAG, label] = lag
        values[metrics.UNKNOWN_RECORDS, label] = each.state.unknown_records
        values[metrics.SNAPSHOT_BYTES, label] = each.snapshot_bytes
        values[metrics.SNAPSHOT_AGE_SECONDS, label] = each.snapshot_age_s
        values[metrics.GENERATION, label] = max((day.generation for day in days), default=0)
        values[metrics.OPEN_VISITS, label] = sum(int(day.sizes[open_visits.OPEN]) for day in days)
        for day in days:
            _add_day(day, now_ms, values)
    return values


def _add_day(day: Day, now_ms: int, values: Values) -> None:
    """Add what is said of a day's town: sums of all its days, but the delay of the slowest."""
    town = day.rules.town
    counts = day.health.counts.sum(axis=(0, 1))
    for gauge, count in (
        (metrics.LATE_DETECTIONS, int(counts[hearing.LATE])),
        (metrics.DUPLICATE_DETECTIONS, int(counts[hearing.DUPLICATES])),
        (metrics.VISITS, day.visits),
    ):
        values[gauge, town] = values.get((gauge, town), 0) + count
    if day.watermark_ms > 0 and not day.is_complete:
        delay_s = (now_ms - day.watermark_ms) / 1000
        values[metrics.WATERMARK_DELAY_SECONDS, town] = max(
            delay_s, values.get((metrics.WATERMARK_DELAY_SECONDS, town), delay_s)
        )
