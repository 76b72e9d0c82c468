"""A file of detections to a file of visits."""

from __future__ import annotations

import csv
import heapq
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from meguri_flow.domain.stays import stays

from meguri.errors import LocalRunError
from meguri.stays.spill import Spill
from meguri.stays.table_file import open_table
from meguri.stays.times import UNREADABLE, NaiveTimeError, iso, microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from meguri.stays.table_file import Rows

MOST_EXAMPLES = 20
_CHUNK_ROWS = 4096
_VISITS = pa.schema(
    [
        ("device", pa.string()),
        ("place", pa.string()),
        ("first_us", pa.int64()),
        ("last_us", pa.int64()),
        ("detections", pa.uint32()),
    ]
)


@dataclass(frozen=True)
class Source:
    """A file of detections, and which of its columns hold what."""

    path: Path
    time: str
    device: str
    place: str | None
    """None where the whole file is of one place, `place_name`."""
    place_name: str
    zone: ZoneInfo | None
    """Of times without an offset, and of the times that are written (UTC without one)."""

    @property
    def columns(self) -> list[str]:
        """The columns to read: time, device, and place if there is one."""
        return [self.time, self.device, *([] if self.place is None else [self.place])]


@dataclass
class Report:
    """What was read, left out and written."""

    detections: int = 0
    visits: int = 0
    blank_rows: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """Rows left out, by reason."""
    examples: list[str] = field(default_factory=list)
    """The first rejected rows: line, column, what is wrong. Never what stands there: it may be an address."""

    def reject(self, line: int, reason: str, where: str) -> None:
        """Count one row."""
        self.rejected[reason] += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(f"line {line}, {where}: {reason}")


def write_visits(source: Source, gap_us: int, out: Path, progress: Callable[[int], None]) -> Report:
    """Read detections in any order and write their visits, ordered by device, place and first detection.

    What does not fit into memory is kept in a folder beside `out` meanwhile. `out` appears when it is whole.

    Args:
        source: a delimited text file with a header, see `table_file`.
        gap_us: microseconds; a longer pause ends a visit.
        out: CSV in UTF-8: device, place, first, last (ISO 8601 with offset), detections.
        progress: told how many bytes of the file were read.

    Raises:
        LocalRunError: the file cannot be read so, or a time has no offset and the source has no zone.
    """
    table = open_table(source.path, source.columns)
    report = Report()
    with tempfile.TemporaryDirectory(prefix=".meguri-stays-", dir=out.parent) as name:
        folder = Path(name)
        with closing(Spill(folder)) as spill:
            for rows in table.rows(source.columns, progress):
                _set_aside(rows, source, spill, report)
            for wrong in table.wrong_rows:
                report.reject(
                    wrong.line, "wrong number of fields", f"{wrong.fields} fields instead of {wrong.expected}"
                )
            files = [
                _write_part(part, gap_us, folder / f"visits-{number}.arrow")
                for number, part in enumerate(spill.parts())
            ]
        written = folder / "visits.csv"
        with written.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["device", "place", "first", "last", "detections"])
            for device, place, first_us, last_us, count in heapq.merge(*map(_visits, files)):
                writer.writerow([device, place, iso(first_us, source.zone), iso(last_us, source.zone), count])
                report.visits += 1
        written.replace(out)
    return report


def _set_aside(rows: Rows, source: Source, spill: Spill, report: Report) -> None:
    """Put a block's good rows into the spill and count the others."""
    times, device = rows.columns[:2]
    if source.place is None:
        place = pa.array([source.place_name]).take(pa.array(np.zeros(len(device), np.int64)))
    else:
        place = rows.columns[2]
    blank = _is_empty(times) & _is_empty(device) & (_is_empty(place) | (source.place is None))
    report.blank_rows += int(blank.sum())
    kept = np.flatnonzero(~blank)
    try:
        time_us = microseconds(times.take(pa.array(kept)), source.zone)
    except NaiveTimeError as error:
        raise LocalRunError(
            f"{source.path}, line {rows.lines[kept[error.index]]}, column {source.time}: this time has no "
            "offset from UTC. Say in which zone the file's times are, such as --zone Asia/Tokyo."
        ) from error
    problems = [
        (time_us == UNREADABLE, "unreadable time", f"column {source.time}"),
        (_is_empty(device)[kept], "no device", f"column {source.device}"),
        (_is_empty(place)[kept] & (source.place is not None), "no place", f"column {source.place}"),
    ]
    good = np.ones(len(kept), np.bool_)
    for wrong, reason, where in problems:
        for index in np.flatnonzero(wrong & good):
            report.reject(int(rows.lines[kept[index]]), reason, where)
        good &= ~wrong
    chosen = pa.array(kept[good])
    spill.add(device.take(chosen), place.take(chosen), time_us[good])
    report.detections += len(chosen)


def _is_empty(texts: pa.StringArray) -> NDArray[np.bool_]:
    empty: NDArray[np.bool_] = pa.compute.equal(texts, "").to_numpy(zero_copy_only=False)
    return empty


def _write_part(part: pa.Table, gap_us: int, path: Path) -> Path:
    """Fold one part and write its visits, in order."""
    device, place = (part[name].combine_chunks().dictionary_encode() for name in ("device", "place"))
    # A visit is one device's at one place: the pair is what the fold takes for a device.
    places = len(place.dictionary)
    pair = device.indices.to_numpy().astype(np.uint64) * np.uint64(places) + place.indices.to_numpy().astype(
        np.uint64
    )
    everywhere = np.zeros(len(pair), np.int16)
    found = stays(pair, everywhere, part["time_us"].to_numpy(), gap_us)
    device_code, place_code = np.divmod(found["device"], np.uint64(max(places, 1)))
    devices = device.dictionary.take(pa.array(device_code))
    at = place.dictionary.take(pa.array(place_code))
    columns = [devices, at, *(pa.array(found[name]) for name in ("first_ms", "last_ms", "receptions"))]
    visits = pa.table(columns, schema=_VISITS).sort_by(
        [("device", "ascending"), ("place", "ascending"), ("first_us", "ascending")]
    )
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, _VISITS) as writer:
        # All parts are merged at once: each is then in memory for one chunk.
        writer.write_table(visits, max_chunksize=_CHUNK_ROWS)
    return path


def _visits(path: Path) -> Iterator[tuple[str, str, int, int, int]]:
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
        for batch in reader:
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
