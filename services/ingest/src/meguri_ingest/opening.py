"""The rules that open each key day in the log, before anything else of that day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguri_proto.schema.log_pb2 import Record, Rules
from meguri_proto.topics import detections_partition

if TYPE_CHECKING:
    from collections.abc import Callable

    from meguri_kit.log import Log

TOPIC = "detections"


class OpenDays:
    """The key days that this process has opened: each once in its life.

    A day that another process opened is opened again, which the fold ignores.

    Args:
        log: where to.
        rules: the rules of a town's key day.
        partitions: of the topic.
    """

    def __init__(self, log: Log, rules: Callable[[str, int], Rules], partitions: int) -> None:
        self._log = log
        self._rules = rules
        self._partitions = partitions
        self._opened: set[tuple[str, int]] = set()

    async def open(self, town: str, key_day: int) -> None:
        """Return when the log has the day's rules.

        Raises:
            LogUnavailableError: not acknowledged; opening again is harmless.
        """
        if (town, key_day) in self._opened:
            return
        record = Record(rules=self._rules(town, key_day))
        partition = detections_partition(town, key_day, self._partitions)
        await self._log.append(TOPIC, record.SerializeToString(), partition=partition)
        self._opened.add((town, key_day))
