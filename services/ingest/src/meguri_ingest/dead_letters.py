"""Dead letters: what was not accepted, with its reason; a body only where the verdict kept one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from meguri_proto.reasons import RejectReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguri_kit.log import Log
    from meguri_kit.registry import Principal

    from meguri_ingest.judging import Rejected
    from meguri_ingest.metrics import Metrics

TOPIC = "dead-letters"


class DeadLetters:
    """Counts what was not accepted and appends it to the topic `dead-letters`.

    Headers: `reason`, `source` (ingest), `town`, `sensor`, `detections` or, of a body that could not be
    read, `length`.
    """

    def __init__(self, log: Log, metrics: Metrics) -> None:
        self._log = log
        self._metrics = metrics

    async def unreadable(self, principal: Principal, length: int) -> None:
        """A body of so many bytes could not be read.

        Raises:
            LogUnavailableError: Kafka did not acknowledge.
        """
        self._metrics.rejected.labels(RejectReason.UNREADABLE).inc()
        await self._append(principal, RejectReason.UNREADABLE, b"", ("length", length))

    async def rejected(self, principal: Principal, rejected: Sequence[Rejected]) -> None:
        """Parts of batches were not accepted.

        Raises:
            LogUnavailableError: Kafka did not acknowledge.
        """
        for each in rejected:
            self._metrics.rejected.labels(each.reason).inc(len(each.items))
            self._metrics.rejected_detections.labels(each.reason).inc(each.detections)
        await asyncio.gather(
            *(
                self._append(
                    principal,
                    each.reason,
                    b"" if each.batch is None else each.batch.SerializeToString(),
                    ("detections", each.detections),
                )
                for each in rejected
            )
        )

    async def _append(
        self, principal: Principal, reason: RejectReason, body: bytes, size: tuple[str, int]
    ) -> None:
        await self._log.append(
            TOPIC,
            body,
            key=principal.town.encode(),
            headers=[
                ("reason", reason.encode()),
                ("source", b"ingest"),
                ("town", principal.town.encode()),
                ("sensor", principal.sensor.encode()),
                (size[0], str(size[1]).encode()),
            ],
        )
