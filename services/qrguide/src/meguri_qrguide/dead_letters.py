"""Dead letters of the guide: how much of a post was not accepted and why, never what it held."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguri_kit.log import Log
    from meguri_proto.reasons import RejectReason

    from meguri_qrguide.judging import Rejected
    from meguri_qrguide.metrics import Metrics

TOPIC = "dead-letters"


class DeadLetters:
    """Counts what was not accepted and appends it to the topic `dead-letters`.

    Whoever posts needs no token and may post anything, so a letter has no body. Headers: `reason`, `source`
    (guide/events, guide/answers, guide/body), `town` (empty where it is unknown), and `items`, how many, or
    `length` of a body that could not be judged.
    """

    def __init__(self, log: Log, metrics: Metrics) -> None:
        self._log = log
        self._metrics = metrics

    async def whole(self, reason: RejectReason, length: int) -> None:
        """A body of at least so many bytes was not judged.

        Raises:
            LogUnavailableError: Kafka did not acknowledge.
        """
        self._metrics.rejected.labels("body", reason).inc()
        await self._append(reason, "body", "", ("length", length))

    async def rejected(self, rejected: Sequence[Rejected]) -> None:
        """Items of a post were not accepted: a letter for those of a town, of a kind and of a reason.

        Raises:
            LogUnavailableError: Kafka did not acknowledge.
        """
        alike = Counter((each.items, each.town, each.reason) for each in rejected)
        for (items, _, reason), number in alike.items():
            self._metrics.rejected.labels(items, reason).inc(number)
        await asyncio.gather(
            *(
                self._append(reason, items, town, ("items", number))
                for (items, town, reason), number in alike.items()
            )
        )

    async def _append(self, reason: RejectReason, items: str, town: str, size: tuple[str, int]) -> None:
        await self._log.append(
            TOPIC,
            b"",
            key=town.encode(),
            headers=[
                ("reason", reason.encode()),
                ("source", f"guide/{items}".encode()),
                ("town", town.encode()),
                (size[0], str(size[1]).encode()),
            ],
        )
