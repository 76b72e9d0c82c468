"""A partition that this worker owns: its state, and what of it is written."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from meguri_flow import metrics
from meguri_flow.domain.day_rules import DayKey
from meguri_flow.domain.partition import Partition
from meguri_flow.domain.snapshot import image_of
from meguri_flow.stream.findings import write_findings
from meguri_flow.stream.inserts import insert
from meguri_flow.stream.sealing import mark, marks
from meguri_flow.stream.snapshots import slots_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguri_kit.clickhouse.store import Store

    from meguri_flow.domain.folding import Rejected
    from meguri_flow.domain.refold import Refold
    from meguri_flow.domain.rows import Rows
    from meguri_flow.domain.snapshot import Image
    from meguri_flow.stream.sealing import Mark
    from meguri_flow.stream.snapshots import Loaded, Snapshots

TABLES = ("visits", "moves", "marked_devices", "presence", "sensor_health")
"""What is written before a day's findings, which are asked of it, and before its row in `days`: a reader who
sees a day complete sees everything of it."""


class Checkpoint(NamedTuple):
    """What a partition's state was at an offset, and what became certain up to there."""

    next_offset: int
    needed_offset: int
    """Below it nothing of the log will be folded again."""
    rows: Rows
    image: Image
    rejected: list[Rejected]
    """What was not folded; emptied as it is told."""


class OwnedPartition:
    """One partition's state in memory and its way to ClickHouse. Blocking: call it from a thread.

    Folding and taking checkpoints is one thread's at a time, and writing them another's.
    """

    def __init__(self, number: int, loaded: Loaded | None, store: Store, snapshots: Snapshots) -> None:
        self.number = number
        self.state = loaded.partition if loaded else Partition()
        self.taken_offset = self.saved_offset = self.state.next_offset
        """The next offsets of the newest checkpoint that was taken, and of the newest that is written."""
        self._has_news = False
        self._rejected: list[Rejected] = []
        self.slot = loaded.slot if loaded else None
        """Of the newest snapshot; None if there is none."""
        self.sealed: list[Mark] = []
        """Days that no snapshot holds any more and whose pseudonyms are still to be dropped."""
        self.needed_offset = self.state.needed_offset
        """The first record that the snapshot may ask for that let go of them."""
        self.snapshot_bytes = loaded.size if loaded else 0
        self._snapshot_since = time.monotonic()
        self._store = store
        self._snapshots = snapshots
        self._found = {(key, day.generation) for key, day in self.state.days.items() if day.is_complete}
        """The days whose findings are written, and of which generation."""

    @property
    def is_ahead_of_its_checkpoint(self) -> bool:
        """Whether anything was folded, or a refold ended, since the last checkpoint was taken."""
        return self._has_news or self.state.next_offset > self.taken_offset

    @property
    def snapshot_age_s(self) -> float:
        """Seconds since the newest snapshot was written, or taken over."""
        return time.monotonic() - self._snapshot_since

    def start_at(self, offset: int) -> None:
        """Begin a log of which nothing was folded."""
        self.state.next_offset = self.taken_offset = self.saved_offset = offset

    def observe(self, messages: Sequence[tuple[int, bytes]]) -> None:
        """Fold messages (offset and value)."""
        self._rejected += self.state.observe(messages)
        metrics.FOLDED_MESSAGES.labels(self.number).inc(len(messages))

    def adopt(self, refold: Refold) -> bool:
        """See `Partition.adopt`; the next checkpoint shows it to readers."""
        adopted = self.state.adopt(refold)
        self._has_news |= adopted
        return adopted

    def cannot_refold(self, key: DayKey) -> None:
        """See `Partition.cannot_refold`."""
        self.state.cannot_refold(key)
        self._has_news = True

    def take_checkpoint(self) -> Checkpoint:
        """What is to be written now; it is written before the next one."""
        rows = self.state.take_rows()
        rejected, self._rejected = self._rejected, []
        state = self.state
        self.taken_offset, self._has_news = state.next_offset, False
        return Checkpoint(state.next_offset, state.needed_offset, rows, image_of(state), rejected)

    def write(self, checkpoint: Checkpoint) -> None:
        """Write the rows, then the snapshot that makes them final. Repeating it after an error is safe."""
        began = time.perf_counter()
        rows = checkpoint.rows
        for table in TABLES:
            self._insert(table, rows)
        # Of the rows of a day only the last counts; a day that was found before is not asked again.
        complete = {(DayKey(day.town, day.key_day, day.slice), day.generation): day for day in rows.complete}
        write_findings(self._store, [day for which, day in complete.items() if which not in self._found])
        self._insert("days", rows)
        sealed = marks(rows.sealed)
        mark(self._store, sealed)
        slots = slots_after(self.slot, len(sealed))
        self.snapshot_bytes = self._snapshots.save(
            self.number, checkpoint.next_offset, checkpoint.image, slots
        )
        self.slot = slots[0]
        if sealed:
            self.needed_offset = checkpoint.needed_offset
            self.sealed += sealed
        self.saved_offset = checkpoint.next_offset
        self._found |= complete.keys()
        self._snapshot_since = time.monotonic()
        metrics.CHECKPOINT_SECONDS.observe(time.perf_counter() - began)

    def _insert(self, table: str, rows: Rows) -> None:
        columns = rows.columns(table)
        if columns:
            insert(self._store, table, columns)
