"""Judging counts: which are accepted, and why the others are not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_proto.quantities import Quantity
from meguri_proto.reasons import RejectReason
from meguri_proto.schema.counts_pb2 import Count

from meguri_ingest.fields import EARLIEST_MS, LATEST_MS, MOST_VERSION, FieldError, Fields, fields_of
from meguri_ingest.verdicts import Refusal, Verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguri_proto.towns import Town

LONGEST_MS = 24 * 3_600_000
"""The longest span of one count."""
MOST_COUNT = 2**32 - 1
OF_SENSORS = (Quantity.DETECTIONS, Quantity.DEVICES)
"""What a sensor counts instead of the detections that came too late to be delivered."""


@dataclass(frozen=True)
class CounterStanding:
    """What the counts of one request are judged against."""

    town: Town
    counter: str
    """A counter of the town's file, or a sensor whose detections became counts."""
    is_sensor: bool
    town_time_ms: int | None
    """None in a recording town before its first tick."""


def judge_counts(items: Iterable[object], standing: CounterStanding) -> Verdicts[Count]:
    """Judge the counts of a request, in the order in which they were posted."""
    verdicts: Verdicts[Count] = Verdicts()
    for index, item in enumerate(items):
        name = f"counts[{index}]"
        try:
            count = _read_count(fields_of(item), standing)
        except FieldError as error:
            verdicts.rejected.append(Refusal(name, RejectReason.BAD_FIELD, str(error)))
            continue
        add_count(verdicts, name, count, standing)
    return verdicts


def add_count(verdicts: Verdicts[Count], item: str, count: Count, standing: CounterStanding) -> None:
    """Judge one count that could be read."""
    refusal = _refusal(count, standing)
    if refusal is None:
        verdicts.accepted.append(count)
    else:
        verdicts.rejected.append(Refusal(item, *refusal, count))


def _refusal(count: Count, standing: CounterStanding) -> tuple[RejectReason, str] | None:
    town = standing.town
    if standing.is_sensor and standing.counter not in town.sensors:
        return RejectReason.UNKNOWN_SENSOR, f"The file of {town.town} names no sensor {standing.counter}."
    if not standing.is_sensor and standing.counter not in town.counters:
        return RejectReason.UNKNOWN_COUNTER, f"The file of {town.town} names no counter {standing.counter}."
    if standing.town_time_ms is None:
        return RejectReason.CLOCK_AHEAD, "The town has no time yet: the replayer ticks before it delivers."
    if count.to_ms > standing.town_time_ms + town.clock_lead_ms:
        return RejectReason.CLOCK_AHEAD, "to_ms is ahead of town time by more than a clock may lead."
    if standing.is_sensor and town.day_bounds_ms(count.key_day)[1] > standing.town_time_ms:
        return (
            RejectReason.BAD_FIELD,
            "A sensor counts only what it heard on key days that are over; it delivers the rest.",
        )
    return None


def _read_count(fields: Fields, standing: CounterStanding) -> Count:
    from_ms = fields.whole("from_ms", EARLIEST_MS, LATEST_MS)
    to_ms = fields.whole("to_ms", EARLIEST_MS, LATEST_MS)
    if not 0 < to_ms - from_ms <= LONGEST_MS:
        raise FieldError("to_ms is to be after from_ms, by 24 hours at most.")
    return Count(
        quantity=_quantity(fields, standing),
        from_ms=from_ms,
        to_ms=to_ms,
        count=fields.whole("count", 0, MOST_COUNT),
        key_day=standing.town.key_day_at(from_ms),
        version=fields.whole("version", 0, MOST_VERSION, 1),
    )


def _quantity(fields: Fields, standing: CounterStanding) -> str:
    """What was counted: a sensor says it, of a counter the town's file does."""
    if standing.is_sensor:
        return fields.choice("quantity", OF_SENSORS)
    counter = standing.town.counters.get(standing.counter)
    if counter is None:
        return fields.choice("quantity", list(Quantity)) if "quantity" in fields.values else ""
    if fields.values.get("quantity", counter.counts) != counter.counts:
        raise FieldError(f"quantity is to be {counter.counts}, as the town's file says, or left out.")
    return counter.counts
