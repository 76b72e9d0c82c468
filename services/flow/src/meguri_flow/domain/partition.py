"""One partition of the log: its records in order, each to the key day that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meguri_flow.domain.day import SEALED_AFTER_MS, Day
from meguri_flow.domain.day_rules import DayKey, day_rules
from meguri_flow.domain.folding import Rejected, checked, fold_messages
from meguri_flow.domain.hearing import NEVER
from meguri_flow.domain.rows import Rows, SealedDay

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguri_proto.schema import log_pb2

    from meguri_flow.domain.refold import Refold


@dataclass
class Partition:
    """The state of a partition: a function of its messages below `next_offset` and of nothing else."""

    next_offset: int = 0
    days: dict[DayKey, Day] = field(default_factory=dict)
    town_times: dict[str, int] = field(default_factory=dict)
    """The greatest tick of each town: by it a key day is sealed."""
    unknown_records: int = 0
    """Records of a kind that this version does not know (a newer producer)."""
    last_rows: Rows = field(default_factory=Rows)
    """Rows of days that were sealed since rows were last taken."""

    @property
    def needed_offset(self) -> int:
        """The first message that may have to be folded again: of the oldest day that is not sealed."""
        return min((day.first_offset for day in self.days.values()), default=self.next_offset)

    def observe(self, messages: Iterable[tuple[int, bytes]]) -> list[Rejected]:
        """Fold messages, given as offset and value, in the order of their offsets.

        How they are grouped into calls changes neither the state nor any row.

        Returns:
            What was not folded, and why.

        Raises:
            ValueError: an offset that is below `next_offset`.
        """
        listed = checked(messages, self.next_offset)
        rejected = fold_messages(self, listed)
        if listed:
            self.next_offset = listed[-1][0] + 1
        return rejected

    def take_rows(self) -> Rows:
        """The rows of all days that became certain or changed since the last call."""
        rows, self.last_rows = self.last_rows, Rows()
        for day in self.days.values():
            day.take_rows(self.next_offset, rows)
        return rows

    def lose_before(self, offset: int) -> None:
        """Go on at an offset because the log no longer holds the messages before it."""
        for day in self.days.values():
            day.lose(offset - self.next_offset)
        self.next_offset = offset

    def asked(self) -> list[DayKey]:
        """The days that are to be folded again."""
        return [key for key, day in self.days.items() if day.asked > day.generation]

    def adopt(self, refold: Refold) -> bool:
        """Put a second fold's day in the place of the first's, if both stand at the same offset.

        Returns:
            Whether it was: not if the second has still to fold, or another one was asked for meanwhile.
        """
        day = self.days.get(refold.key)
        if day is None or day.asked != refold.generation or refold.next_offset != self.next_offset:
            return False
        self.days[refold.key] = refold.day
        self._seal(refold.key, self.next_offset)
        return True

    def cannot_refold(self, key: DayKey) -> None:
        """Leave a day in its generation: the log no longer holds its first messages."""
        self.days[key].asked = self.days[key].generation
        self._seal(key, self.next_offset)

    def open_day(self, offset: int, rules: log_pb2.Rules) -> None:
        """See `Folder.open_day`; of a day that is open or sealed nothing changes."""
        key = DayKey(rules.town, rules.key_day, rules.slice)
        sealed = rules.day_end_ms + SEALED_AFTER_MS <= self.town_times.get(rules.town, NEVER)
        if key not in self.days and not sealed:
            self.days[key] = Day(day_rules(rules), first_offset=offset)

    def tick(self, offset: int, tick: log_pb2.Tick) -> None:
        """See `Folder.tick`."""
        self.town_times[tick.town] = max(self.town_times.get(tick.town, NEVER), tick.town_time_ms)
        for key, day in list(self.days.items()):
            if key.town == tick.town and day.turns_at(tick.town_time_ms):
                day.turn(offset, tick.town_time_ms)
                self._seal(key, offset + 1)

    def ask_refold(self, offset: int, refold: log_pb2.Refold) -> None:
        """See `Folder.ask_refold`."""
        day = self.days.get(DayKey(refold.town, refold.key_day, refold.slice))
        if day is not None and not day.is_over:
            day.ask(offset)

    def _seal(self, key: DayKey, next_offset: int) -> None:
        """Let go of a day that is over, once nothing is left to be folded again."""
        day = self.days[key]
        if day.is_over and day.asked <= day.generation:
            day.take_rows(next_offset, self.last_rows)
            rules = day.rules
            self.last_rows.sealed.append(
                SealedDay(*key, day.generation, rules.start_ms, rules.end_ms, next_offset)
            )
            del self.days[key]
