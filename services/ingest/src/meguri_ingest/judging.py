"""Judging a batch: which of its detections are accepted, and why the others are not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from meguri_proto.columns import DTYPES, ColumnsDisagreeError, Kind, read_columns, write_columns
from meguri_proto.reasons import RejectReason
from meguri_proto.schema.log_pb2 import Segment
from meguri_proto.schema.upload_pb2 import Batch
from meguri_proto.towns import Clock

from meguri_ingest.late_counts import late_counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meguri_proto.columns import Column
    from meguri_proto.schema.counts_pb2 import CountBatch
    from meguri_proto.towns import Town
    from numpy.typing import NDArray

SEALED_AFTER_MS = 24 * 3_600_000
"""How long after its end a key day takes what was late."""
MAX_ITEMS = 50
"""Ranges named for one batch and reason; the last one stands for the rest."""
_IS_KIND = np.isin(np.arange(256), [kind.value for kind in Kind])
"""By the value of the column `kind`."""


@dataclass(frozen=True)
class Standing:
    """What the batches of one upload are judged against."""

    town: Town
    sensor: str
    """The token's own."""
    names_sensors: bool
    """Whether each batch may name its sensor: a replayer's in a recording town."""
    recording: bool
    town_time_ms: int | None
    """None in a recording town before its first tick."""
    key_checks: Mapping[int, int | None]
    """By key day: the check value of the town's key, None where no key was ever drawn."""
    max_detections: int


@dataclass(frozen=True)
class Delivery:
    """What is accepted of one batch: its name in the log, and its columns as bytes."""

    segment: Segment
    columns: Mapping[str, bytes]


@dataclass(frozen=True)
class Rejection:
    """What is not accepted, and why."""

    item: str
    """`batches[0]`, or `batches[0].detections[17-203]`, both ends included."""
    reason: RejectReason
    message: str
    detections: int
    """How many detections that is (of a range that stands for the rest: fewer than its length)."""
    counted: int = 0
    """How many of them are told as counts instead."""


@dataclass(frozen=True)
class Rejected:
    """All of one batch that was rejected for one reason."""

    reason: RejectReason
    items: list[Rejection]
    detections: int
    batch: Batch | None = None
    """The detections, where they may be kept among the dead letters: their key's check value shows that
    they are pseudonymised, and their day is not over (a pseudonym outlives it by 24 hours at most)."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of one batch."""

    sensor: str
    """Whose it is."""
    delivery: Delivery | None
    rejected: list[Rejected]
    lead_ms: int = 0
    """How far the newest of what was rejected as ahead of town time is ahead of it."""
    counts: CountBatch | None = None
    """What is told instead of the detections of a sealed day, where nobody else does."""


def judge(batch: Batch, index: int, standing: Standing) -> Verdict:
    """Judge the upload's batch number `index`. The same batch and standing give the same verdict."""
    item = f"batches[{index}]"
    sensor = _sensor(batch, standing)
    for reason, message in _refusals(batch, standing):
        count = min(batch.count, standing.max_detections)
        # A name that only the request knows goes no further.
        known = sensor if sensor in standing.town.sensors else standing.sensor
        counts, counted = None, 0
        # A sensor counts its own; who replays what it heard cannot.
        if reason is RejectReason.DAY_SEALED and standing.names_sensors:
            counts = late_counts(batch, sensor, standing.town)
            counted = sum(each.count for each in counts.counts)
        rejection = Rejection(item, reason, message, count, counted)
        return Verdict(known, None, [Rejected(reason, [rejection], count)], counts=counts)
    columns = read_columns(batch, batch.count)
    town_time_ms = cast("int", standing.town_time_ms)  # without it the batch was refused above
    times = columns["time_offset_ms"].astype(np.int64)
    # A base near the end of int64 wraps to before the day, and is rejected as outside of it.
    times += np.int64(batch.base_time_ms)
    faults = _faults(batch, times, columns["kind"], standing.town, town_time_ms)
    if not faults:
        whole = {name: getattr(batch, name) for name in DTYPES}
        return Verdict(sensor, _delivery(batch, batch.count, whole, standing), [])
    _, day_end_ms = standing.town.day_bounds_ms(batch.key_day)
    kept = columns if town_time_ms < day_end_ms else None
    rejected = [_rejected(reason, fault, item, batch, kept) for reason, fault in faults.items()]
    ahead = faults.get(RejectReason.CLOCK_AHEAD)
    lead_ms = 0 if ahead is None else int(times[ahead].max()) - town_time_ms
    accepted = ~np.logical_or.reduce(list(faults.values()))
    count = int(accepted.sum())
    if not count:
        return Verdict(sensor, None, rejected, lead_ms)
    kept_columns = {name: column[accepted].tobytes() for name, column in columns.items()}
    return Verdict(sensor, _delivery(batch, count, kept_columns, standing), rejected, lead_ms)


def _refusals(batch: Batch, standing: Standing) -> Iterator[tuple[RejectReason, str]]:
    """Why the batch as a whole is not accepted; the first one counts, and what follows may rely on it."""
    town = standing.town
    yield from _refusals_of_sensors(batch, standing)
    if standing.recording and town.clock is Clock.LIVE:
        yield RejectReason.RECORDING_IN_LIVE_TOWN, f"{town.town} is live and takes only what is heard now."
    if batch.count == 0:
        yield RejectReason.EMPTY, "The batch has no detections."
    if batch.count > standing.max_detections:
        most = standing.max_detections
        yield RejectReason.TOO_LARGE, f"The batch has {batch.count} detections; one batch may have {most}."
    try:
        read_columns(batch, batch.count)
    except ColumnsDisagreeError as error:
        yield RejectReason.COLUMNS_DISAGREE, f"In the batch, {error}."
    check = standing.key_checks[batch.key_day]
    if check is None:
        yield RejectReason.UNKNOWN_KEY, f"No key was handed out for key day {batch.key_day}."
    if check != batch.key_check:
        message = (
            f"The pseudonyms were not made with the key of key day {batch.key_day}; ask for the keys again."
        )
        yield RejectReason.KEY_OUT_OF_STEP, message
    _, end_ms = town.day_bounds_ms(batch.key_day)
    if standing.town_time_ms is None:
        yield RejectReason.CLOCK_AHEAD, "The town has no time yet: the replayer ticks before it delivers."
    elif standing.town_time_ms >= end_ms + SEALED_AFTER_MS:
        yield (
            RejectReason.DAY_SEALED,
            f"Key day {batch.key_day} ended 24 hours ago and is sealed: only counts are taken.",
        )


def _refusals_of_sensors(batch: Batch, standing: Standing) -> Iterator[tuple[RejectReason, str]]:
    sensor = _sensor(batch, standing)
    if batch.sensor not in ("", sensor):
        yield RejectReason.BAD_FIELD, "sensor: only a replayer in a recording town names a batch's sensor."
    if sensor not in standing.town.sensors:
        which = f"sensor {sensor}" if sensor == standing.sensor else "such sensor"
        yield RejectReason.UNKNOWN_SENSOR, f"The file of {standing.town.town} names no {which}."


def _sensor(batch: Batch, standing: Standing) -> str:
    """Whose detections these are."""
    return batch.sensor if standing.names_sensors and batch.sensor else standing.sensor


def _faults(
    batch: Batch, times: NDArray[np.int64], kinds: Column, town: Town, town_time_ms: int
) -> dict[RejectReason, NDArray[np.bool_]]:
    """For each reason that applies, which detections fail by it; a detection fails by the first of them."""
    start_ms, end_ms = town.day_bounds_ms(batch.key_day)
    is_kind = _IS_KIND[kinds]
    newest_ms = times.max()
    is_within = times.min() >= start_ms and newest_ms < end_ms
    if is_within and newest_ms <= town_time_ms + town.clock_lead_ms and is_kind.all():
        return {}  # nearly always, and half the work
    outside = (times < start_ms) | (times >= end_ms)
    ahead = (times > town_time_ms + town.clock_lead_ms) & ~outside
    unknown = ~is_kind & ~outside & ~ahead
    found = {
        RejectReason.WRONG_KEY_DAY: outside,
        RejectReason.CLOCK_AHEAD: ahead,
        RejectReason.UNKNOWN_KIND: unknown,
    }
    return {reason: fault for reason, fault in found.items() if fault.any()}


_MESSAGES = {
    RejectReason.WRONG_KEY_DAY: "Their times are outside key day {key_day}.",
    RejectReason.CLOCK_AHEAD: "Their times are ahead of town time by more than the sensor's clock may lead.",
    RejectReason.UNKNOWN_KIND: "Their kind is none that the contract names.",
}


def _rejected(
    reason: RejectReason,
    fault: NDArray[np.bool_],
    item: str,
    batch: Batch,
    columns: Mapping[str, Column] | None,
) -> Rejected:
    """What fails for this reason; with its detections where the columns are given."""
    message = _MESSAGES[reason].format(key_day=batch.key_day)
    count = int(fault.sum())
    if count == batch.count:
        items = [Rejection(item, reason, message, count)]
    else:
        items = [
            Rejection(
                f"{item}.detections[{first}-{last}]", reason, message, int(fault[first : last + 1].sum())
            )
            for first, last in _ranges(fault)
        ]
    kept = None
    if columns is not None:
        kept = Batch(
            boot=batch.boot,
            sequence=batch.sequence,
            key_day=batch.key_day,
            key_check=batch.key_check,
            base_time_ms=batch.base_time_ms,
            count=count,
        )
        write_columns(kept, {name: column[fault] for name, column in columns.items()})
    return Rejected(reason, items, count, kept)


def _ranges(fault: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each run of True; past `MAX_ITEMS` runs, the last one spans the rest."""
    edges = np.flatnonzero(np.diff(fault, prepend=False, append=False))
    firsts, lasts = edges[::2], edges[1::2] - 1
    if len(firsts) > MAX_ITEMS:
        firsts, lasts = firsts[:MAX_ITEMS], np.append(lasts[: MAX_ITEMS - 1], lasts[-1])
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def _delivery(batch: Batch, count: int, columns: Mapping[str, bytes], standing: Standing) -> Delivery:
    segment = Segment(
        town=standing.town.town,
        sensor=_sensor(batch, standing),
        boot=batch.boot,
        sequence=batch.sequence,
        key_day=batch.key_day,
        base_time_ms=batch.base_time_ms,
        count=count,
    )
    return Delivery(segment, columns)
