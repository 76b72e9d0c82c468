"""The way of an upload: read, judged, appended; answered when Kafka has all of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_proto.towns import Clock

from meguri_ingest.bodies import TooLargeError, UnreadableError, decoded, read_upload
from meguri_ingest.dead_letters import DETECTIONS, Letter, Teller, unreadable
from meguri_ingest.judging import Standing, judge
from meguri_ingest.keys import LATEST_MS

if TYPE_CHECKING:
    from meguri_kit.registry import Principal, Registry
    from meguri_proto.schema.upload_pb2 import Upload
    from meguri_proto.towns import Town

    from meguri_ingest.clocks import Clocks
    from meguri_ingest.coalescing import Coalescer
    from meguri_ingest.day_rules import DayRules
    from meguri_ingest.dead_letters import DeadLetters
    from meguri_ingest.judging import Delivery, Rejected, Rejection, Verdict
    from meguri_ingest.refusals import Refusals
    from meguri_ingest.settings import Settings
    from meguri_ingest.ticking import Ticking
    from meguri_ingest.till_intake import TillIntake


class NoTickerError(Exception):
    """The upload moves a clock that is not its sender's to move; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """What became of an upload."""

    batches: int
    accepted: int
    """Detections that Kafka has."""
    rejected: list[Rejection]


@dataclass(frozen=True)
class _Judged:
    verdicts: list[Verdict]
    """One a batch."""
    deliveries: list[Delivery]
    """What is accepted, by slices."""
    town_time_ms: int | None
    ticks: bool
    """Whether the upload moved the town's clock."""


class Intake:
    """Takes uploads of authenticated sensors and replayers."""

    def __init__(  # noqa: PLR0913, PLR0917 - the stations of the way
        self,
        registry: Registry,
        clocks: Clocks,
        rules: DayRules,
        ticking: Ticking,
        coalescer: Coalescer,
        refusals: Refusals,
        dead_letters: DeadLetters,
        till_intake: TillIntake,
        settings: Settings,
    ) -> None:
        self._registry = registry
        self._clocks = clocks
        self._rules = rules
        self._ticking = ticking
        self._coalescer = coalescer
        self._refusals = refusals
        self._dead_letters = dead_letters
        self._till_intake = till_intake
        self._settings = settings

    async def take(self, principal: Principal, town: Town, body: bytes, encoding: str) -> Outcome:
        """Take one upload. If it moves the town's clock, the tick stands behind its detections in the log.

        Raises:
            UnreadableError, UnknownEncodingError, TooLargeError, NoTickerError: nothing of it was taken.
            LogUnavailableError: some of it was not acknowledged; posting it again is harmless.
            RegistryError: the registry does not answer.
        """
        try:
            judged = await asyncio.to_thread(self._judge, principal, town, body, encoding)
        except UnreadableError:
            sensor = Teller(town.town, "sensor", principal.name)
            await self._dead_letters.append([unreadable(DETECTIONS, sensor, len(body))])
            raise
        await asyncio.gather(
            self._coalescer.add(judged.deliveries, at_once=town.clock is Clock.RECORDING),
            self._dead_letters.append(
                _letter(town, verdict.sensor, each)
                for verdict in judged.verdicts
                for each in verdict.rejected
            ),
            *(
                self._till_intake.append_counts(told.town, told.counter, told.counts)
                for verdict in judged.verdicts
                if (told := verdict.counts)
            ),
        )
        # Only now: an upload that is posted again because Kafka did not take it is refused once.
        if judged.town_time_ms is not None:
            await self._refusals.append(town, judged.town_time_ms, judged.verdicts)
            if judged.ticks:
                await self._ticking.tick(town, judged.town_time_ms)
        return Outcome(
            len(judged.verdicts),
            sum(delivery.segment.count for delivery in judged.deliveries),
            [item for verdict in judged.verdicts for each in verdict.rejected for item in each.items],
        )

    def _judge(self, principal: Principal, town: Town, body: bytes, encoding: str) -> _Judged:
        upload = read_upload(decoded(body, encoding, self._settings.max_upload_bytes))
        if len(upload.batches) > self._settings.max_batches:
            raise TooLargeError(
                f"The upload has {len(upload.batches)} batches; one upload may have "
                f"{self._settings.max_batches}."
            )
        replays = principal.role == "replayer" and town.clock is Clock.RECORDING
        town_time_ms = self._town_time_ms(upload, town, replays=replays)
        standing = Standing(
            town=town,
            sensor=principal.name,
            names_sensors=replays,
            recording=upload.recording,
            town_time_ms=town_time_ms,
            key_checks={
                day: self._registry.key_check(town.town, day) for day in {b.key_day for b in upload.batches}
            },
            max_detections=self._settings.max_detections,
        )
        verdicts = [judge(batch, index, standing) for index, batch in enumerate(upload.batches)]
        deliveries = [
            part for each in verdicts if each.delivery for part in self._rules.divided(each.delivery)
        ]
        return _Judged(verdicts, deliveries, town_time_ms, bool(upload.town_time_ms))

    def _town_time_ms(self, upload: Upload, town: Town, *, replays: bool) -> int | None:
        """What time it is in the town, moved to where the upload says."""
        if not upload.town_time_ms:
            return self._clocks.town_time_ms(town)
        if not replays:
            raise NoTickerError("Only a replayer in a recording town says what time it is there.")
        if not 0 <= upload.town_time_ms <= LATEST_MS:
            raise UnreadableError("town_time_ms is no time in epoch milliseconds.")
        return self._clocks.advance(town, upload.town_time_ms)


def _letter(town: Town, sensor: str, rejected: Rejected) -> Letter:
    return Letter(
        DETECTIONS,
        Teller(town.town, "sensor", sensor),
        rejected.reason,
        "detections",
        rejected.detections,
        len(rejected.items),
        b"" if rejected.batch is None else rejected.batch.SerializeToString(),
    )
