"""`GET /v1/keys`."""

import asyncio
import base64
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from meguri_kit.registry import Registry

from meguri_ingest.callers import Authenticate, Caller
from meguri_ingest.clocks import Clocks
from meguri_ingest.endpoints.refusals import REFUSALS
from meguri_ingest.keys import hand_out
from meguri_ingest.schemas import DayKeyAnswer, KeysAnswer, UnavailableDay


def keys_router(authenticate: Authenticate, registry: Registry, clocks: Clocks) -> APIRouter:
    """The endpoint, over the registry's keys."""
    router = APIRouter(tags=["sensors"])

    @router.get("/v1/keys", responses=REFUSALS)
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
