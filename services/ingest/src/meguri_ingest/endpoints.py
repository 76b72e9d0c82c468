"""The endpoints: what is asked, what is answered."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from meguri_kit.log import Log
from meguri_kit.registry import Registry, RegistryError
from meguri_proto.towns import Clock

from meguri_ingest.bodies import read_body
from meguri_ingest.callers import Caller
from meguri_ingest.clocks import Clocks
from meguri_ingest.intake import Intake
from meguri_ingest.keys import hand_out
from meguri_ingest.schemas import (
    DayKeyAnswer,
    ErrorAnswer,
    HealthAnswer,
    KeysAnswer,
    NothingAcceptedAnswer,
    NotReadyAnswer,
    ReadyAnswer,
    RejectedItem,
    TickAnswer,
    TickRequest,
    UnavailableDay,
    UploadAnswer,
)
from meguri_ingest.ticking import Ticking

Authenticate: TypeAlias = Callable[..., Awaitable[Caller]]
"""The dependency that turns a token into its caller (see callers)."""

_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorAnswer, "description": "The request cannot be read."},
    401: {"model": ErrorAnswer, "description": "The token is missing or unknown."},
    403: {"model": ErrorAnswer, "description": "The token does not open this."},
    429: {"model": ErrorAnswer, "description": "Too many requests within a minute; see Retry-After."},
    503: {"model": ErrorAnswer, "description": "Kafka or the registry does not answer; see Retry-After."},
}
_UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/x-protobuf": {"schema": {"type": "string", "format": "binary"}}},
        "description": "A meguri.upload.v1.Upload; Content-Encoding may be gzip.",
    }
}


def detections_router(authenticate: Authenticate, intake: Intake, max_body_bytes: int) -> APIRouter:
    """`POST /v1/detections`."""
    router = APIRouter(tags=["sensors"])

    @router.post(
        "/v1/detections",
        response_model=UploadAnswer,
        responses={
            **_REFUSALS,
            413: {"model": ErrorAnswer, "description": "More than one upload may hold."},
            415: {"model": ErrorAnswer, "description": "A Content-Encoding that ingest does not read."},
            422: {"model": NothingAcceptedAnswer, "description": "Nothing of it was accepted."},
        },
        openapi_extra=_UPLOAD_BODY,
    )
    async def post_detections(caller: Annotated[Caller, Depends(authenticate)], request: Request) -> Response:
        """Deliver batches of detections; answered when the log has what was accepted.

        Posting the same batches again changes nothing. Items in `rejected` are not accepted however often
        they are posted. An upload without batches is accepted: it shows that the way is open.
        """
        body = await read_body(request, max_body_bytes)
        outcome = await intake.take(
            caller.principal, caller.town, body, request.headers.get("content-encoding", "")
        )
        answer = UploadAnswer(
            accepted=outcome.accepted,
            rejected=[
                RejectedItem(
                    item=each.item,
                    reason=each.reason.value,
                    message=each.message,
                    detections=each.detections,
                )
                for each in outcome.rejected
            ],
        )
        if outcome.batches and not outcome.accepted:
            nothing = NothingAcceptedAnswer(
                error="Nothing of the upload was accepted; `rejected` says why.", **dict(answer)
            )
            return JSONResponse(nothing.model_dump(), 422)
        return JSONResponse(answer.model_dump())

    return router


def keys_router(authenticate: Authenticate, registry: Registry, clocks: Clocks) -> APIRouter:
    """`GET /v1/keys`."""
    router = APIRouter(tags=["sensors"])

    @router.get("/v1/keys", responses=_REFUSALS)
    async def get_keys(
        caller: Annotated[Caller, Depends(authenticate)],
        response: Response,
        from_ms: Annotated[int | None, Query(description="Epoch milliseconds; by default town time.")] = None,
        to_ms: Annotated[int | None, Query(description="By default eight days after from_ms.")] = None,
    ) -> KeysAnswer:
        """The keys of the key days that overlap a span of at most 40 days.

        A key is handed out at most 8 days ahead of town time and is destroyed 15 minutes after its day.
        """
        town = caller.town
        town_time_ms = await asyncio.to_thread(clocks.town_time_ms, town)
        found = await asyncio.to_thread(hand_out, registry, town, town_time_ms, from_ms, to_ms)
        response.headers["Cache-Control"] = "no-store"
        return KeysAnswer(
            town=town.town,
            gap_ms=town.gap_ms,
            lateness_ms=town.lateness_ms,
            keys=[
                DayKeyAnswer(
                    key_day=each.key_day,
                    start_ms=each.start_ms,
                    end_ms=each.end_ms,
                    key=base64.b64encode(each.key).decode(),
                )
                for each in found.keys
            ],
            unavailable=[
                UnavailableDay(key_day=key_day, reason=reason) for key_day, reason in found.unavailable
            ],
        )

    return router


def ticks_router(authenticate: Authenticate, ticking: Ticking) -> APIRouter:
    """`POST /v1/ticks`."""
    router = APIRouter(tags=["replayers"])

    @router.post(
        "/v1/ticks", responses={**_REFUSALS, 409: {"model": ErrorAnswer, "description": "A live town."}}
    )
    async def post_tick(caller: Annotated[Caller, Depends(authenticate)], tick: TickRequest) -> TickAnswer:
        """Move a recording town's clock, never backwards; answered when the log has the tick.

        Detections that were answered before the tick is posted stand before it in the log.
        """
        town = caller.town
        if caller.principal.role != "replayer":
            raise HTTPException(403, "Only a replayer's token may tick.")
        if town.clock is not Clock.RECORDING:
            raise HTTPException(409, f"{town.town} is live: its clock is the wall clock.")
        return TickAnswer(town_time_ms=await ticking.tick_recording(town, tick.town_time_ms))

    return router


def health_router(log: Log, registry: Registry) -> APIRouter:
    """`GET /healthz` and `GET /readyz`."""
    router = APIRouter(tags=["operation"])

    @router.get("/healthz")
    async def get_healthz() -> HealthAnswer:
        """The process lives."""
        return HealthAnswer()

    @router.get("/readyz", response_model=ReadyAnswer, responses={503: {"model": NotReadyAnswer}})
    async def get_readyz() -> Response:
        """Kafka answers and the registry is open, so uploads can be taken."""
        missing = [] if await log.reachable() else ["Kafka"]
        try:
            await asyncio.to_thread(registry.check)
        except RegistryError:
            missing.append("registry")
        if missing:
            answer = NotReadyAnswer(
                error=f"Ingest cannot take uploads: {' and '.join(missing)} did not answer.", missing=missing
            )
            return JSONResponse(answer.model_dump(), 503)
        return JSONResponse(ReadyAnswer().model_dump())

    return router
