"""`POST /v1/events`: what visitors' phones did with the guide, and what they answered."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from meguri_kit.log import LogUnavailableError
from meguri_proto.reasons import RejectReason

from meguri_qrguide.dead_letters import DeadLetters
from meguri_qrguide.judging import BodyError, judge
from meguri_qrguide.limits import FloodError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meguri_kit.log import Log
    from meguri_proto.towns import Town

    from meguri_qrguide.appending import Appending
    from meguri_qrguide.judging import Judged
    from meguri_qrguide.limits import Limits
    from meguri_qrguide.metrics import Metrics

MAX_BODY_BYTES = 256 * 1024
SMALL_BODY_BYTES = 16 * 1024
"""A day's log of most phones: judged within a few milliseconds."""
RETRY_AFTER_S = 5
_STATUS = {RejectReason.UNREADABLE: 400, RejectReason.TOO_LARGE: 413}


class Events:
    """The route.

    No token: the code on the spot is for everybody. Of who posts, the address is looked at to stop a flood,
    and nothing of it is kept (see `limits`).

    Args:
        towns: by name.
        towns_of_sights: by the sight's number.
        log: where dead letters are appended.
        appending: where events and answers go.
        limits: how much one address may post.
        metrics: of the app.
        now_ms: the wall clock, epoch milliseconds.
    """

    def __init__(  # noqa: PLR0913  # what the route is made of, each by name
        self,
        *,
        towns: Mapping[str, Town],
        towns_of_sights: Mapping[int, Town],
        log: Log,
        appending: Appending,
        limits: Limits,
        metrics: Metrics,
        now_ms: Callable[[], int],
    ) -> None:
        self._towns = towns
        self._towns_of_sights = towns_of_sights
        self._appending = appending
        self._limits = limits
        self._metrics = metrics
        self._dead_letters = DeadLetters(log, metrics)
        self._now_ms = now_ms
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="meguri-judging")
        self.router = APIRouter()
        self.router.post("/v1/events")(self.post_events)

    def close(self) -> None:
        """Judge no more. Nothing waits: the requests have ended."""
        self._beside.shutdown(wait=False)

    async def post_events(self, request: Request) -> JSONResponse:
        """Deliver events and answers; answered when the log has what was accepted.

        Posting the same again changes nothing. Items in `rejected` are not accepted however often they are
        posted. Status: 200, 422 when nothing of it was accepted, 400 (no such JSON), 413 (too much at once),
        415 (no JSON by its header), 429 with Retry-After (too much from one address), 503 with Retry-After
        (Kafka does not answer: post the same again).
        """
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if (
            media_type != "application/json"
            or request.headers.get("content-encoding", "identity") != "identity"
        ):
            return _refusal(415, "Post JSON as it is: Content-Type is to be application/json, no encoding.")
        try:
            return await self._take(request)
        except FloodError as error:
            self._metrics.limited.inc()
            return _refusal(429, str(error), {"Retry-After": str(error.retry_after_s)})
        except LogUnavailableError:
            self._metrics.refused.inc()
            return _refusal(
                503,
                "Kafka did not acknowledge; post the same again in a few seconds.",
                {"Retry-After": str(RETRY_AFTER_S)},
            )

    async def _take(self, request: Request) -> JSONResponse:
        host = request.client.host if request.client else None
        try:
            body = await _read(request)
        except BodyError as error:
            await self._limits.take(host, MAX_BODY_BYTES)
            return await self._refused(error, MAX_BODY_BYTES)
        await self._limits.take(host, len(body))
        try:
            judged = await self._judge(body)
        except BodyError as error:
            return await self._refused(error, len(body))
        await asyncio.gather(self._append(judged), self._dead_letters.rejected(judged.rejected))
        answer = {
            "accepted": judged.accepted,
            "rejected": [
                {"item": each.item, "reason": each.reason.value, "message": each.message}
                for each in judged.rejected
            ],
        }
        if judged.rejected and not judged.accepted:
            return JSONResponse(
                {"error": "Nothing of it was accepted; `rejected` says why.", **answer}, status_code=422
            )
        return JSONResponse(answer)

    async def _judge(self, body: bytes) -> Judged:
        """Judge a small body at once, and a large one beside: nobody waits behind what a flood posts."""
        judging = partial(judge, body, self._towns, self._towns_of_sights, self._now_ms())
        if len(body) <= SMALL_BODY_BYTES:
            return judging()
        return await asyncio.get_running_loop().run_in_executor(self._beside, judging)

    async def _refused(self, error: BodyError, length: int) -> JSONResponse:
        await self._dead_letters.whole(error.reason, length)
        return _refusal(_STATUS[error.reason], str(error))

    async def _append(self, judged: Judged) -> None:
        await self._appending.append(judged.events, judged.answers)
        self._metrics.accepted.labels("events").inc(sum(map(len, judged.events.values())))
        self._metrics.accepted.labels("answers").inc(sum(map(len, judged.answers.values())))


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise BodyError(
                RejectReason.TOO_LARGE,
                f"The body has more than {MAX_BODY_BYTES} bytes, which is what one post may have. "
                "Post it in parts.",
            )
    return bytes(body)


def _refusal(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": sentence}, status, headers)
