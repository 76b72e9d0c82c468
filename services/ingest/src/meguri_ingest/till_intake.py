"""The way of what tills and counters post: judged, appended as one message; answered when Kafka has it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from meguri_proto.schema.counts_pb2 import Count, CountBatch
from meguri_proto.schema.sales_pb2 import Sale, Sales

from meguri_ingest.coalescing import MAX_MESSAGE_BYTES
from meguri_ingest.dead_letters import COUNTS, SALES, Letter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from google.protobuf.message import Message
    from meguri_kit.log import Log

    from meguri_ingest.dead_letters import DeadLetters, Teller
    from meguri_ingest.metrics import Metrics
    from meguri_ingest.verdicts import Refusal, Verdicts

_M = TypeVar("_M", Sale, Count)
_FRAME_BYTES = 4
"""More than a message's key and length take where it stands in another."""


class TillIntake:
    """Appends what was accepted of sales and counts, and what was not to the dead letters."""

    def __init__(self, log: Log, dead_letters: DeadLetters, metrics: Metrics) -> None:
        self._log = log
        self._dead_letters = dead_letters
        self._metrics = metrics

    async def take_sales(self, shop: Teller, verdicts: Verdicts[Sale]) -> None:
        """Return when the log has the sales that were accepted, and the dead letters of the others.

        Raises:
            LogUnavailableError: some were not acknowledged; posting them again is harmless.
        """
        letters = _letters(SALES, "sales", shop, verdicts.rejected, _sales)
        await asyncio.gather(
            self.append_sales(shop.town, verdicts.accepted), self._dead_letters.append(letters)
        )
        self._metrics.ignored.labels("sales").inc(verdicts.ignored)

    async def take_counts(self, counter: Teller, verdicts: Verdicts[Count]) -> None:
        """Return when the log has the counts that were accepted, and the dead letters of the others.

        Raises:
            LogUnavailableError: some were not acknowledged; posting them again is harmless.
        """
        letters = _letters(COUNTS, "counts", counter, verdicts.rejected, _counts(counter.town, counter.name))
        await asyncio.gather(
            self.append_counts(counter.town, counter.name, verdicts.accepted),
            self._dead_letters.append(letters),
        )

    async def append_sales(self, town: str, sales: Sequence[Sale]) -> None:
        """Return when the log has sales that were accepted.

        Raises:
            LogUnavailableError: some were not acknowledged; appending them again is harmless.
        """
        await self._append("sales", town, sales, _sales)
        self._metrics.accepted_sales.inc(len(sales))

    async def append_counts(self, town: str, counter: str, counts: Sequence[Count]) -> None:
        """Return when the log has counts that were accepted.

        Raises:
            LogUnavailableError: some were not acknowledged; appending them again is harmless.
        """
        await self._append("counts", town, counts, _counts(town, counter))
        self._metrics.accepted_counts.inc(len(counts))

    async def _append(
        self, topic: str, town: str, items: Sequence[_M], message: Callable[[Sequence[_M]], Message]
    ) -> None:
        await asyncio.gather(
            *(
                self._log.append(topic, message(part).SerializeToString(), key=town.encode())
                for part in in_messages(items)
            )
        )


def _sales(sales: Sequence[Sale]) -> Sales:
    return Sales(sales=sales)


def _counts(town: str, counter: str) -> Callable[[Sequence[Count]], CountBatch]:
    return lambda counts: CountBatch(town=town, counter=counter, counts=counts)


def in_messages(items: Sequence[_M]) -> Iterator[list[_M]]:
    """The items in their order, as many together as one message of the log holds."""
    part: list[_M] = []
    size = 0
    for item in items:
        bytes_of_item = item.ByteSize() + _FRAME_BYTES
        if part and size + bytes_of_item > MAX_MESSAGE_BYTES:
            yield part
            part, size = [], 0
        part.append(item)
        size += bytes_of_item
    if part:
        yield part


def _letters(
    source: str,
    unit: str,
    teller: Teller,
    refusals: Sequence[Refusal[_M]],
    message: Callable[[Sequence[_M]], Message],
) -> Iterator[Letter]:
    """A letter for each reason, with a body where the items are the contract's; more of what is large."""
    for reason in dict.fromkeys(refusal.reason for refusal in refusals):
        mine = [refusal.kept for refusal in refusals if refusal.reason is reason]
        bare = sum(kept is None for kept in mine)
        if bare:
            yield Letter(source, teller, reason, unit, bare, bare)
        for part in in_messages([kept for kept in mine if kept is not None]):
            body = message(part).SerializeToString()
            yield Letter(source, teller, reason, unit, len(part), len(part), body)
