"""The same visits by ClickHouse's own SQL in chDB: all detections as rows, then sessions.sql, one thread.

It begins where the flow has read and decoded the log, and ends where the flow has closed its visits: no
moves, presence, paths or snapshots, and nothing before the day is over.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.statements import substitute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_kit.clickhouse.store import Column
    from packed_day import PackedDay

SESSIONS = (Path(__file__).parent / "sessions.sql").read_text("utf-8")
ROWS_AT_ONCE = 1_000_000
Visit = tuple[str, int, int, int, int]
"""Place, device, first and last instant in milliseconds, receptions."""


class Run(NamedTuple):
    """One insert and one query of a day."""

    rate: float
    """Detections a second."""
    visits: set[Visit]


def by_name(folder: Path, day: PackedDay) -> Run:
    """Places are strings, as in Meguri's tables."""
    place = np.array(day.places, object)[day.place]
    return _run(folder, day, "String", place, {name: name for name in day.places})


def by_number(folder: Path, day: PackedDay) -> Run:
    """Places were made numbers by whoever inserts, and are made names by whoever reads."""
    return _run(folder, day, "UInt8", day.place, dict(enumerate(day.places)))


def _run(folder: Path, day: PackedDay, place_type: str, place: Column, names: Mapping[object, str]) -> Run:
    store = EmbeddedStore(folder, database="beside")
    store.execute("SET max_threads = 1")
    for table in ("detections", "sessions"):
        store.execute(f"DROP TABLE IF EXISTS {table}")
    store.execute(
        f"CREATE TABLE detections (place {place_type}, device UInt64, time_ms Int64, rssi Int8) "
        "ENGINE = MergeTree ORDER BY tuple()"
    )
    store.execute(
        f"CREATE TABLE sessions (place {place_type}, device UInt64, first_ms Int64, last_ms Int64, "
        "receptions UInt32) ENGINE = MergeTree ORDER BY (place, first_ms, device)"
    )
    columns = {"place": place, "device": day.device, "time_ms": day.time_ms, "rssi": day.rssi}
    params = {"gap_ms": day.rules.gap_ms, "minimum_rssi": day.minimum_rssi}
    began = time.perf_counter()
    for start in range(0, len(day), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        store.insert("detections", {name: column[rows] for name, column in columns.items()})
    store.execute(f"INSERT INTO sessions {substitute(SESSIONS, params, 'sessions.sql')}")
    seconds = time.perf_counter() - began
    found = store.select("SELECT place, device, first_ms, last_ms, receptions FROM sessions")
    store.close()
    return Run(len(day) / seconds, {(names[row.pop("place")], *row.values()) for row in found})
