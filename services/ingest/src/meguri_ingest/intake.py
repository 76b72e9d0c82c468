"""The way of an upload: read, judged, appended; answered when Kafka has all of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_proto.towns import Clock

from meguri_ingest.bodies import TooLargeError, UnreadableError, read_upload
from meguri_ingest.judging import Standing, judge

if TYPE_CHECKING:
    from meguri_kit.registry import Principal, Registry
    from meguri_proto.towns import Town

    from meguri_ingest.clocks import Clocks
    from meguri_ingest.coalescing import Coalescer
    from meguri_ingest.dead_letters import DeadLetters
    from meguri_ingest.judging import Delivery, Rejected, Rejection
    from meguri_ingest.settings import Settings


@dataclass(frozen=True)
class Outcome:
    """What became of an upload."""

    batches: int
    accepted: int
    """Detections that Kafka has."""
    rejected: list[Rejection]


@dataclass(frozen=True)
class _Judged:
    batches: int
    deliveries: list[Delivery]
    rejected: list[Rejected]


class Intake:
    """Takes uploads of authenticated sensors."""

    def __init__(
        self,
        registry: Registry,
        clocks: Clocks,
        coalescer: Coalescer,
        dead_letters: DeadLetters,
        settings: Settings,
    ) -> None:
        self._registry = registry
        self._clocks = clocks
        self._coalescer = coalescer
        self._dead_letters = dead_letters
        self._settings = settings

    async def take(self, principal: Principal, town: Town, body: bytes, encoding: str) -> Outcome:
        """Take one upload.

        Raises:
            UnreadableError, UnknownEncodingError, TooLargeError: nothing of it was taken.
            LogUnavailableError: some of it was not acknowledged; posting it again is harmless.
            RegistryError: the registry does not answer.
        """
        try:
            judged = await asyncio.to_thread(self._judge, principal, town, body, encoding)
        except UnreadableError:
            await self._dead_letters.unreadable(principal, len(body))
            raise
        await asyncio.gather(
            self._coalescer.add(judged.deliveries, at_once=town.clock is Clock.RECORDING),
            self._dead_letters.rejected(principal, judged.rejected),
        )
        return Outcome(
            judged.batches,
            sum(delivery.segment.count for delivery in judged.deliveries),
            [item for rejected in judged.rejected for item in rejected.items],
        )

    def _judge(self, principal: Principal, town: Town, body: bytes, encoding: str) -> _Judged:
        upload = read_upload(body, encoding, self._settings.max_upload_bytes)
        if len(upload.batches) > self._settings.max_batches:
            raise TooLargeError(
                f"The upload has {len(upload.batches)} batches; one upload may have "
                f"{self._settings.max_batches}."
            )
        standing = Standing(
            town=town,
            sensor=principal.sensor,
            recording=upload.recording,
            town_time_ms=self._clocks.town_time_ms(town),
            key_checks={
                day: self._registry.key_check(town.town, day) for day in {b.key_day for b in upload.batches}
            },
            max_detections=self._settings.max_detections,
        )
        verdicts = [judge(batch, index, standing) for index, batch in enumerate(upload.batches)]
        return _Judged(
            len(verdicts),
            [verdict.delivery for verdict in verdicts if verdict.delivery],
            [rejected for verdict in verdicts for rejected in verdict.rejected],
        )
