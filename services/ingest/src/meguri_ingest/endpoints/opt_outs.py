"""`GET /v1/opt-outs`."""

import asyncio
import base64
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from meguri_kit.registry import Registry

from meguri_ingest.callers import Authenticate, Caller
from meguri_ingest.endpoints.refusals import REFUSALS
from meguri_ingest.schemas import OptOutsAnswer


def opt_outs_router(authenticate: Authenticate, registry: Registry) -> APIRouter:
    """The endpoint, over the registry's opt-out lists."""
    router = APIRouter(tags=["sensors"])

    @router.get("/v1/opt-outs", responses=REFUSALS)
    async def get_opt_outs(
        caller: Annotated[Caller, Depends(authenticate)], response: Response
    ) -> OptOutsAnswer:
        """The marks of the addresses that the town's sensors leave out, and the key of the marks.

        A sensor makes the mark of each address that it hears (`meguri_proto.pseudonyms.opt_out_mark`) and
        drops the frame if the mark is on the list, before anything else is made of the address.
        """
        town = caller.town.town
        key, marks = await asyncio.gather(
            asyncio.to_thread(registry.opt_out_key, town), asyncio.to_thread(registry.opt_out_marks, town)
        )
        response.headers["Cache-Control"] = "no-store"
        return OptOutsAnswer(
            key=base64.b64encode(key).decode(), marks=[base64.b64encode(mark).decode() for mark in marks]
        )

    return router
