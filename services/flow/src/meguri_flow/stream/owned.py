"""A partition that this worker owns: its state, and what of it is written."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from meguri_flow import metrics
from meguri_flow.domain.day_rules import DayKey
from meguri_flow.domain.partition import Partition
from meguri_flow.domain.rows import Rows
from meguri_flow.stream.findings import write_findings
from meguri_flow.stream.inserts import insert
from meguri_flow.stream.snapshots import SLOTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguri_kit.clickhouse.store import Store

    from meguri_flow.domain.folding import Rejected
    from meguri_flow.stream.snapshots import Loaded, Snapshots

TABLES = ("visits", "moves", "presence", "sensor_health")
"""What is written before a day's findings, which are asked of it, and before its row in `days`: a reader who
sees a day complete sees everything of it."""


class OwnedPartition:
    """One partition's state in memory and its way to ClickHouse. Blocking: call it from a thread."""

    def __init__(self, number: int, loaded: Loaded | None, store: Store, snapshots: Snapshots) -> None:
        self.number = number
        self.state = loaded.partition if loaded else Partition()
        self.rejected: list[Rejected] = []
        """What was not folded since the last checkpoint."""
        self.saved_offset = self.state.next_offset
        """The next offset of the newest snapshot."""
        self._slot = (loaded.slot + 1) % SLOTS if loaded else 0
        self._unwritten = Rows()
        self._store = store
        self._snapshots = snapshots
        self._found = self._complete_days()
        """The days whose findings are written."""

    @property
    def is_ahead_of_its_snapshot(self) -> bool:
        """Whether anything was folded since the last checkpoint."""
        return self.state.next_offset > self.saved_offset

    def observe(self, messages: Sequence[tuple[int, bytes]]) -> None:
        """Fold messages (offset and value)."""
        self.rejected += self.state.observe(messages)
        metrics.FOLDED_MESSAGES.labels(self.number).inc(len(messages))
        metrics.UNKNOWN_RECORDS.labels(self.number).set(self.state.unknown_records)

    def write(self) -> None:
        """Write the rows, then the snapshot that makes them final. Repeating it after an error is safe."""
        began = time.perf_counter()
        self._unwritten.extend(self.state.take_rows())
        for table in TABLES:
            self._insert(table)
        # Of the rows of a day only the last counts; a day that was found before is not asked again.
        complete = {DayKey(day.town, day.key_day, day.slice): day for day in self._unwritten.complete}
        write_findings(self._store, [day for key, day in complete.items() if key not in self._found])
        self._insert("days")
        size = self._snapshots.save(self.number, self.state, self._slot)
        self._unwritten = Rows()
        self._slot = (self._slot + 1) % SLOTS
        self.saved_offset = self.state.next_offset
        self._found = self._complete_days()
        metrics.SNAPSHOT_BYTES.labels(self.number).set(size)
        metrics.CHECKPOINT_SECONDS.observe(time.perf_counter() - began)

    def _insert(self, table: str) -> None:
        columns = self._unwritten.columns(table)
        if columns:
            insert(self._store, table, columns)

    def _complete_days(self) -> set[DayKey]:
        """What the newest snapshot says, and therefore what was found before it was written."""
        return {key for key, day in self.state.days.items() if day.is_complete}
