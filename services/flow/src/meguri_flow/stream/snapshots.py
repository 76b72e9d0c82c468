"""Snapshots of partitions in ClickHouse: the newest and the one before it, each in a slot of its own.

The highest offset of a slot wins in the table itself, so a worker that wakes up and writes an older one
changes nothing. Days that are sealed move the slots on: two for each day ever sealed, so that a slot's number
follows from the log's prefix as the state does. Slots below those of a snapshot hold nothing but states of
before, which is why anybody may drop them at any time, the worker that wakes up too.
"""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from meguri_flow import metrics
from meguri_flow.domain import snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguri_kit.clickhouse.store import Column, Store

    from meguri_flow.domain.partition import Partition
    from meguri_flow.domain.snapshot import Image

logger = logging.getLogger(__name__)
TURNS = 2
"""Slots that are written in turn."""


class Loaded(NamedTuple):
    """A partition's state, and the slot that it came from."""

    partition: Partition
    slot: int
    size: int
    """Bytes of the snapshot."""


def slots_after(slot: int | None, sealed: int) -> tuple[int, ...]:
    """Where the next snapshot goes.

    Args:
        slot: of the one before; None if there is none.
        sealed: days that the next one holds no longer. It goes to both slots then, since those with the one
            before it are dropped.
    """
    if sealed:
        first = (slot or 0) // TURNS * TURNS + TURNS * sealed
        return first, first + 1
    return (0,) if slot is None else (slot // TURNS * TURNS + (slot + 1) % TURNS,)


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
                data = _decoded(str(row["body"]), str(row["checksum"]))
                return Loaded(snapshot.load(data, format_), int(str(row["slot"])), len(data))
            except snapshot.SnapshotError as error:
                metrics.DAMAGED_SNAPSHOTS.inc()
                fields = {"partition": partition, "offset": row["next_offset"]}
                logger.warning("a snapshot is passed over for the one before it: %s", error, extra=fields)
                failure = error
        if failure:
            raise snapshot.SnapshotError(
                f"no snapshot of partition {partition} can be read; to fold the whole log again, delete the "
                f"rows of the table snapshots with partition = {partition} ({failure})"
            )
        return None

    def save(self, partition: int, next_offset: int, image: Image, slots: Sequence[int]) -> int:
        """Write a state to slots; its rows must have been taken and written. Returns the size in bytes."""
        data = image.to_bytes()
        copies = len(slots)
        columns: dict[str, Column] = {
            "log": [self._log] * copies,
            "partition": [partition] * copies,
            "slot": slots,
            "next_offset": [next_offset] * copies,
            "format": [snapshot.FORMAT] * copies,
            "checksum": [_checksum(data)] * copies,
            "body": [b64encode(data).decode()] * copies,
        }
        self._store.insert("snapshots", columns)
        return len(data)

    def newest_slots(self) -> dict[int, int]:
        """By partition, the slot that was reached: those below its turns are not asked for any more."""
        found = self._store.query("meguri_flow/newest_slots", {"log": self._log})
        return {int(str(row["partition"])): int(str(row["slot"])) for row in found}

    def drop_before(self, partition: int, slot: int) -> None:
        """Drop the snapshots of before the days were sealed that the snapshot in this slot does not hold."""
        first = slot // TURNS * TURNS
        self._drop(partition, [each for each in self._slots(partition) if each < first])

    def drop(self, partition: int) -> None:
        """Drop all snapshots of a partition: it is folded from the start of the log again."""
        self._drop(partition, self._slots(partition))

    def _drop(self, partition: int, slots: Sequence[int]) -> None:
        for slot in slots:
            self._store.drop_partition("snapshots", self._log, partition, slot)

    def _slots(self, partition: int) -> list[int]:
        found = self._store.query("meguri_flow/snapshot_slots", {"log": self._log, "partition": partition})
        return [int(str(row["slot"])) for row in found]


def _decoded(body: str, checksum: str) -> bytes:
    try:
        data = b64decode(body, validate=True)
    except ValueError as error:
        raise snapshot.SnapshotError(f"the snapshot is damaged: {error}") from error
    if _checksum(data) != checksum:
        raise snapshot.SnapshotError("the snapshot is damaged: its checksum does not match")
    return data


def _checksum(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
