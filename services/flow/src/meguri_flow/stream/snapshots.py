"""Snapshots of partitions in ClickHouse: the newest and the one before it, each in a slot of its own.

The highest offset of a slot wins in the table itself, so a worker that wakes up and writes an older one
changes nothing.
"""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from meguri_flow import metrics
from meguri_flow.domain import snapshot

if TYPE_CHECKING:
    from meguri_kit.clickhouse.store import Column, Store

    from meguri_flow.domain.partition import Partition

logger = logging.getLogger(__name__)
SLOTS = 2


class Loaded(NamedTuple):
    """A partition's state and the slot that it came from."""

    partition: Partition
    slot: int


class Snapshots:
    """The snapshots of one topic's partitions."""

    def __init__(self, store: Store, log: str) -> None:
        self._store = store
        self._log = log

    def load(self, partition: int) -> Loaded | None:
        """The newest snapshot that can be read; None if there is none at all.

        Raises:
            snapshot.SnapshotError: a newer Meguri wrote it, or all there are are damaged.
        """
        rows = self._store.query("meguri_flow/snapshots", {"log": self._log, "partition": partition})
        failure: snapshot.SnapshotError | None = None
        for row in rows:
            format_ = int(str(row["format"]))
            if format_ > snapshot.FORMAT:
                snapshot.load(b"", format_)  # refuses with its sentence
            try:
                return Loaded(_read(str(row["body"]), str(row["checksum"]), format_), int(str(row["slot"])))
            except snapshot.SnapshotError as error:
                metrics.DAMAGED_SNAPSHOTS.inc()
                logger.warning("snapshot at offset %s is skipped: %s", row["next_offset"], error)
                failure = error
        if failure:
            raise snapshot.SnapshotError(
                f"no snapshot of partition {partition} can be read; to fold the whole log again, delete the "
                f"rows of the table snapshots with partition = {partition} ({failure})"
            )
        return None

    def save(self, partition: int, state: Partition, slot: int) -> int:
        """Write the state to a slot; its rows must have been taken and written. Returns the size in bytes."""
        data = snapshot.dump(state)
        columns: dict[str, Column] = {
            "log": [self._log],
            "partition": [partition],
            "slot": [slot],
            "next_offset": [state.next_offset],
            "format": [snapshot.FORMAT],
            "checksum": [_checksum(data)],
            "body": [b64encode(data).decode()],
        }
        self._store.insert("snapshots", columns)
        return len(data)


def _read(body: str, checksum: str, format_: int) -> Partition:
    try:
        data = b64decode(body, validate=True)
    except ValueError as error:
        raise snapshot.SnapshotError(f"the snapshot is damaged: {error}") from error
    if _checksum(data) != checksum:
        raise snapshot.SnapshotError("the snapshot is damaged: its checksum does not match")
    return snapshot.load(data, format_)


def _checksum(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
