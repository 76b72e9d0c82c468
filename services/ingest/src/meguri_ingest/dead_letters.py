"""Dead letters: what was not accepted, with its reason; a body only where the verdict kept one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meguri_proto.reasons import RejectReason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguri_kit.log import Log

    from meguri_ingest.metrics import Metrics

TOPIC = "dead-letters"
DETECTIONS = "ingest/detections"
"""Its body is a meguri.upload.v1.Batch."""
SALES = "ingest/sales"
"""Its body is a meguri.sales.v1.Sales."""
COUNTS = "ingest/counts"
"""Its body is a meguri.counts.v1.CountBatch."""


@dataclass(frozen=True)
class Teller:
    """Who told what was not accepted."""

    town: str
    kind: str
    """What the name is of, and the name of its header: sensor, shop or counter."""
    name: str


@dataclass(frozen=True)
class Letter:
    """One dead letter.

    Its headers are `reason`, `source`, `town`, the teller's kind, and how much it is: `detections`, `sales`
    or `counts`, or the `length` in bytes of what could not be read.
    """

    source: str
    teller: Teller
    reason: RejectReason
    unit: str
    amount: int
    items: int = 1
    """Of the answer, that it stands for."""
    body: bytes = field(default=b"", repr=False)

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """As they stand in Kafka."""
        return [
            ("reason", self.reason.encode()),
            ("source", self.source.encode()),
            ("town", self.teller.town.encode()),
            (self.teller.kind, self.teller.name.encode()),
            (self.unit, str(self.amount).encode()),
        ]


def unreadable(source: str, teller: Teller, length: int) -> Letter:
    """The letter of a body of so many bytes that could not be read."""
    return Letter(source, teller, RejectReason.UNREADABLE, "length", length)


class DeadLetters:
    """Counts what was not accepted and appends it to the topic `dead-letters`."""

    def __init__(self, log: Log, metrics: Metrics) -> None:
        self._log = log
        self._metrics = metrics

    async def append(self, letters: Iterable[Letter]) -> None:
        """Append letters, and return when the log has them.

        Raises:
            LogUnavailableError: Kafka did not acknowledge.
        """
        letters = list(letters)
        for letter in letters:
            self._metrics.rejected.labels(letter.reason).inc(letter.items)
            if letter.unit == "detections":
                self._metrics.rejected_detections.labels(letter.reason).inc(letter.amount)
        await asyncio.gather(
            *(
                self._log.append(TOPIC, letter.body, key=letter.teller.town.encode(), headers=letter.headers)
                for letter in letters
            )
        )
