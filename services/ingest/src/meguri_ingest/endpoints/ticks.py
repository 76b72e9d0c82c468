"""`POST /v1/ticks`."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from meguri_proto.towns import Clock

from meguri_ingest.callers import Authenticate, Caller
from meguri_ingest.endpoints.refusals import REFUSALS
from meguri_ingest.schemas import ErrorAnswer, TickAnswer, TickRequest
from meguri_ingest.ticking import Ticking


def ticks_router(authenticate: Authenticate, ticking: Ticking) -> APIRouter:
    """The endpoint, over the ticking of recording towns."""
    router = APIRouter(tags=["replayers"])

    @router.post(
        "/v1/ticks", responses={**REFUSALS, 409: {"model": ErrorAnswer, "description": "A live town."}}
    )
    async def post_tick(caller: Annotated[Caller, Depends(authenticate)], tick: TickRequest) -> TickAnswer:
        """Move a recording town's clock, never backwards; answered when the log has the tick.

        Detections that were answered before the tick is posted stand before it in the log.
        """
        town = caller.town
        if town.clock is not Clock.RECORDING:
            raise HTTPException(409, f"{town.town} is live: its clock is the wall clock.")
        return TickAnswer(town_time_ms=await ticking.tick_recording(town, tick.town_time_ms))

    return router
