"""A second fold of one key day, from the log's beginning of it: what came late the first time is in time.

Everything of the day below the generation's offset is folded; the watermark is held back as far as the first
fold knows that late messages reach. Above it the second fold goes on as the first one does, until both have
come equally far and the day can take the other's place (`Partition.adopt`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguri_flow.domain.folding import checked, fold_messages
from meguri_flow.domain.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguri_proto.schema import log_pb2

    from meguri_flow.domain.day import Day


class Refold:
    """The second fold of a day that was asked for.

    Args:
        day: as the first fold has it; it is not changed.
    """

    def __init__(self, day: Day) -> None:
        self.key = day.rules.key
        self.generation = day.asked
        self.day = day.for_refold()
        self.days = {self.key: self.day}
        self.next_offset = day.first_offset
        """The first message that is not folded yet."""
        self.unknown_records = 0

    def observe(self, messages: Iterable[tuple[int, bytes]]) -> None:
        """Fold messages of the partition, given as offset and value, in the order of their offsets.

        Raises:
            ValueError: an offset that is below `next_offset`.
        """
        listed = checked(messages, self.next_offset)
        fold_messages(self, listed, only=self.key)
        if listed:
            self.next_offset = listed[-1][0] + 1

    def take_rows(self) -> Rows:
        """The rows that became certain since the last call; none of `days`: readers do not see them yet."""
        rows = Rows()
        self.day.take_certain_rows(self.next_offset, rows)
        return rows

    def open_day(self, offset: int, rules: log_pb2.Rules) -> None:
        """The day is open, and others are not folded here."""

    def tick(self, offset: int, tick: log_pb2.Tick) -> None:
        """See `Folder.tick`."""
        if tick.town == self.key.town and self.day.turns_at(tick.town_time_ms):
            self.day.turn(offset, tick.town_time_ms)

    def ask_refold(self, offset: int, refold: log_pb2.Refold) -> None:
        """What was asked later than this generation, the first fold knows as well."""
