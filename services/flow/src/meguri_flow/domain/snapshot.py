"""A partition's state as bytes and back: versioned, with everything that folding on needs.

Format 3: zlib over a JSON header (its length first, uint32 little-endian) and the arrays it lists, one
after another. Of the tables only the visits that are still needed are kept, of sensor health only the bins
that were used.

Older ones are read as states in which there was none of what they do not know. Format 2: slices, second
folds, lost messages, marks. Format 1: moves, refused detections and the time of ticks as well.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from meguri_proto.schema.log_pb2 import Rules, SensorRule

from meguri_flow.domain import open_visits
from meguri_flow.domain.day import UNKNOWN_OFFSET, Day
from meguri_flow.domain.day_rules import day_rules
from meguri_flow.domain.deliveries import Sequences
from meguri_flow.domain.latest_visits import IS_CLOSED, IS_KNOWN, LATEST
from meguri_flow.domain.marking import DWELL
from meguri_flow.domain.partition import Partition

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from meguri_flow.domain.day_rules import DayRules

FORMAT = 3
_DEPARTURE = np.dtype(
    [
        ("device", "u8"),
        ("first_ms", "i8"),
        ("last_ms", "i8"),
        ("place", "i2"),
        ("ordinal", "u1"),
        ("flags", "u1"),
        ("padding", "u4"),
    ]
)
"""Of format 2: visits that were closed."""
_RECORDS = {"entry": open_visits.ENTRY, "latest": LATEST, "departure": _DEPARTURE, "dwell": DWELL}
_FIELDS = ("first_offset", "generation", "asked", "turned_ms", "is_over", "lost", "visits", "from_bin")
"""Of a day, plain numbers."""


class SnapshotError(ValueError):
    """The bytes are no snapshot that this version can read; the message says why."""


class Image(NamedTuple):
    """A state as it was: nothing that is folded later changes it."""

    header: dict[str, Any]
    arrays: list[NDArray[Any]]

    def to_bytes(self) -> bytes:
        """The bytes of the format; most of the time that a snapshot takes is spent here."""
        arrays = [[_dtype_text(array.dtype), list(array.shape)] for array in self.arrays]
        text = json.dumps({**self.header, "arrays": arrays}).encode()
        packer = zlib.compressobj(level=1)
        packed = [packer.compress(len(text).to_bytes(4, "little") + text)]
        packed += [packer.compress(array.reshape(-1).view(np.uint8).data) for array in self.arrays]
        return b"".join([*packed, packer.flush()])


def image_of(partition: Partition) -> Image:
    """The state as it is now. Rows not yet taken are not part of it: take them first."""
    arrays: list[NDArray[Any]] = []

    def keep(array: NDArray[Any]) -> int:
        arrays.append(np.array(array, order="C"))
        return len(arrays) - 1

    header = {
        "next_offset": partition.next_offset,
        "town_times": dict(partition.town_times),
        "unknown_records": partition.unknown_records,
        "days": [_dump_day(day, keep) for day in partition.days.values()],
    }
    return Image(header, arrays)


def dump(partition: Partition) -> bytes:
    """The state as bytes: see `image_of`."""
    return image_of(partition).to_bytes()


def load(data: bytes, format_: int) -> Partition:
    """The state from bytes of a format.

    Raises:
        SnapshotError: another format, or damaged bytes.
    """
    if format_ > FORMAT:
        raise SnapshotError(
            f"the snapshot has format {format_}, written by a newer Meguri; this one reads {FORMAT}"
        )
    try:
        raw = zlib.decompress(data)
        length = int.from_bytes(raw[:4], "little")
        header = json.loads(raw[4 : 4 + length])
        position = 4 + length
        arrays = []
        for dtype_text, shape in header["arrays"]:
            dtype = _dtype(dtype_text)
            count = int(np.prod(shape))
            arrays.append(np.frombuffer(raw, dtype, count, position).reshape(shape).copy())
            position += count * dtype.itemsize
        days = [_load_day(day, arrays) for day in header["days"]]
    except (zlib.error, ValueError, KeyError, IndexError, TypeError) as error:
        raise SnapshotError(f"the snapshot is damaged: {error}") from error
    return Partition(
        next_offset=header["next_offset"],
        days={day.rules.key: day for day in days},
        town_times=header["town_times"],
        unknown_records=header["unknown_records"],
    )


def _dtype_text(dtype: np.dtype[Any]) -> str:
    return next((name for name, record in _RECORDS.items() if record == dtype), dtype.str)


def _dtype(text: str) -> np.dtype[Any]:
    return _RECORDS.get(text) or np.dtype(text)


def _dump_day(day: Day, keep: Any) -> dict[str, Any]:  # noqa: ANN401
    sensor, bin_ = np.nonzero(day.health.last_ms.astype(bool) | day.health.counts.any(axis=2))
    return {
        "rules": _dump_rules(day.rules),
        **{name: getattr(day, name) for name in _FIELDS},
        "sequences": [[sensor, boot, known.intervals()] for (sensor, boot), known in day.sequences.items()],
        "clock": keep(day.clock),
        "open": keep(day.table[(day.table["flags"] & open_visits.IS_OPEN) != 0]),
        "latest": keep(day.latest.kept(day.watermark_ms - day.rules.bounds.move_ms)),
        "late_offsets": keep(day.late_offsets),
        "dwell": keep(day.dwell.table),
        "closed_presence": keep(day.closed_presence[:, day.from_bin :]),
        "health": [
            keep(sensor),
            keep(bin_),
            keep(day.health.counts[sensor, bin_]),
            keep(day.health.last_ms[sensor, bin_]),
            keep(day.health.lead_ms[sensor, bin_]),
        ],
    }


def _load_day(header: dict[str, Any], arrays: list[NDArray[Any]]) -> Day:
    known = {"first_offset": UNKNOWN_OFFSET, **{name: header[name] for name in _FIELDS if name in header}}
    day = Day(_load_rules(header["rules"]), **known, changed=False)
    clock = arrays[header["clock"]]
    day.clock[: clock.size] = clock
    day.table, day.sizes = open_visits.rebuilt(arrays[header["open"]])
    if "latest" in header:
        day.latest.restore(arrays[header["latest"]])
        day.late_offsets[:] = arrays[header["late_offsets"]]
        day.dwell.table = arrays[header["dwell"]]
    else:
        departures = arrays[header["departures"]] if "departures" in header else np.zeros(0, _DEPARTURE)
        day.latest.restore(_latest_of_format_2(day.table, departures))
    day.closed_presence[:, day.from_bin :] = arrays[header["closed_presence"]]
    sensor, bin_, counts, last_ms, *later = (arrays[index] for index in header["health"])
    day.health.counts[sensor, bin_, : counts.shape[1]] = counts
    day.health.last_ms[sensor, bin_] = last_ms
    for lead_ms in later:
        day.health.lead_ms[sensor, bin_] = lead_ms
    day.sequences = {
        (sensor, boot): Sequences([(first, last) for first, last in intervals])
        for sensor, boot, intervals in header["sequences"]
    }
    return day


def _latest_of_format_2(table: NDArray[np.void], departures: NDArray[np.void]) -> NDArray[np.void]:
    """The latest visits of devices: of those that were closed, and of those open ones that are announced."""
    announced = table[(table["flags"] & open_visits.ANNOUNCED) != 0]
    latest = np.zeros(len(departures) + len(announced), LATEST)
    for name in ("device", "first_ms", "place", "ordinal"):
        latest[name] = np.concatenate([departures[name], announced[name]])
    latest["dwell_ms"][: len(departures)] = departures["last_ms"] - departures["first_ms"]
    latest["flags"][: len(departures)] = IS_CLOSED | departures["flags"]
    latest["flags"][len(departures) :] = IS_KNOWN | announced["flags"] & open_visits.IS_RANDOM
    random = latest["flags"] & open_visits.IS_RANDOM
    order = np.lexsort((latest["place"], latest["first_ms"], random, latest["device"]))
    ordered, random = latest[order], random[order]
    is_last = np.ones(len(ordered), np.bool_)
    is_last[:-1] = (ordered["device"][1:] != ordered["device"][:-1]) | (random[1:] != random[:-1])
    return ordered[is_last]


def _dump_rules(rules: DayRules) -> dict[str, Any]:
    return {
        "town": rules.town,
        "key_day": rules.key_day,
        "slice": rules.slice,
        "version": rules.version,
        "day_start_ms": rules.start_ms,
        "day_end_ms": rules.end_ms,
        "gap_ms": rules.gap_ms,
        "lateness_ms": rules.lateness_ms,
        "staff_ms": rules.staff_ms,
        "equipment_ms": rules.equipment_ms,
        "sensors": [
            [sensor, rules.places[place], int(rssi)]
            for sensor, place, rssi in zip(
                rules.sensors, rules.sensor_place, rules.sensor_minimum_rssi, strict=True
            )
        ],
    }


def _load_rules(fields: dict[str, Any]) -> DayRules:
    sensors = [SensorRule(sensor=s, place=p, minimum_rssi=r) for s, p, r in fields["sensors"]]
    return day_rules(Rules(**{**fields, "sensors": sensors}))
