"""What many phones post at once goes to the log together, one message of a town and topic at a time.

While Kafka writes one message, what arrives waits and is the next: a single phone waits for nobody, and ten
thousand phones that come back to a signal in the same minute are hundreds of messages and not ten thousand.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_kit.log import LogUnavailableError
from meguri_proto.schema.guide_pb2 import GuideEvent
from meguri_proto.schema.survey_pb2 import SurveyAnswer, SurveyAnswers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from meguri_kit.log import Log

EVENTS_TOPIC = "guide-events"
ANSWERS_TOPIC = "survey-answers"
MAX_MESSAGE_BYTES = 500_000
MAX_WAITING_BYTES = 32 * 1024 * 1024
"""Over all towns; more is refused, to be posted again."""
_LAST_WAIT_S = 5.0
_FRAME_BYTES = 8
"""More than a message takes for holding one more item."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Waiting:
    items: Sequence[GuideEvent | SurveyAnswer]
    size: int
    answer: asyncio.Future[None]


class Appending:
    """Appends events and answers to their topics under the town's key. To be used from one event loop.

    Args:
        log: where to.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lanes: dict[tuple[str, str], _Lane] = {}

    async def append(
        self, events: Mapping[str, Sequence[GuideEvent]], answers: Mapping[str, Sequence[SurveyAnswer]]
    ) -> None:
        """Append what one phone posted, by town; returns when the log has all of it.

        Raises:
            LogUnavailableError: some of it was not acknowledged; appending all of it again is harmless.
        """
        waits = [
            self._lane(topic, town).put(items, self._waiting_bytes)
            for topic, by_town in ((EVENTS_TOPIC, events), (ANSWERS_TOPIC, answers))
            for town, items in by_town.items()
        ]
        await asyncio.gather(*waits)

    async def close(self) -> None:
        """Give what still waits a few seconds."""
        tasks = [lane.task for lane in self._lanes.values() if lane.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=_LAST_WAIT_S)

    def _lane(self, topic: str, town: str) -> _Lane:
        return self._lanes.setdefault((topic, town), _Lane(self._log, topic, town))

    def _waiting_bytes(self) -> int:
        return sum(lane.waiting_bytes for lane in self._lanes.values())


class _Lane:
    """What waits for one town's messages of one topic, in the order in which it came."""

    def __init__(self, log: Log, topic: str, town: str) -> None:
        self._log = log
        self._topic = topic
        self._key = town.encode()
        self._waiting: deque[_Waiting] = deque()
        self.waiting_bytes = 0
        self.task: asyncio.Task[None] | None = None
        """Sends what waits; None while nothing does."""

    async def put(self, items: Sequence[GuideEvent | SurveyAnswer], waiting_bytes: Callable[[], int]) -> None:
        size = sum(item.ByteSize() + _FRAME_BYTES for item in items)
        if waiting_bytes() + size > MAX_WAITING_BYTES:
            raise LogUnavailableError("too much waits for Kafka already; try again in a few seconds")
        waiting = _Waiting(items, size, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self.waiting_bytes += size
        if self.task is None:
            self.task = asyncio.create_task(self._send(), name=f"meguri-{self._topic}")
        await waiting.answer

    async def _send(self) -> None:
        while self._waiting:
            taken = self._take()
            items = [item for waiting in taken for item in waiting.items]
            try:
                await self._log.append(self._topic, _message(items), key=self._key)
            except LogUnavailableError as error:
                # What waits behind would wait as long for the same answer.
                _answer([*taken, *self._take_all()], error)
            except Exception as error:
                _logger.exception("a message of %s could not be made", self._topic)
                _answer(taken, error)
            else:
                _answer(taken, None)
        self.task = None

    def _take(self) -> list[_Waiting]:
        """The oldest of what waits, as much as one message holds."""
        taken: list[_Waiting] = []
        size = 0
        while self._waiting and (not taken or size + self._waiting[0].size <= MAX_MESSAGE_BYTES):
            taken.append(self._waiting.popleft())
            size += taken[-1].size
        self.waiting_bytes -= size
        return taken

    def _take_all(self) -> list[_Waiting]:
        taken = list(self._waiting)
        self._waiting.clear()
        self.waiting_bytes = 0
        return taken


def _answer(taken: Sequence[_Waiting], error: Exception | None) -> None:
    for waiting in taken:
        if waiting.answer.done():
            continue
        if error is None:
            waiting.answer.set_result(None)
        else:
            waiting.answer.set_exception(error)


def _message(items: Sequence[GuideEvent | SurveyAnswer]) -> bytes:
    events = [item for item in items if isinstance(item, GuideEvent)]
    if not events:
        answers = [item for item in items if isinstance(item, SurveyAnswer)]
        return SurveyAnswers(answers=answers).SerializeToString()
    message = GuideEvent()
    message.CopyFrom(events[0])
    message.further.extend(events[1:])
    return message.SerializeToString()
