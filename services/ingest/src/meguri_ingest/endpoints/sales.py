"""`POST /v1/sales`."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from meguri_proto.schema.sales_pb2 import Sale

from meguri_ingest.bodies import read_items
from meguri_ingest.callers import Authenticate, Caller
from meguri_ingest.clocks import Clocks
from meguri_ingest.dead_letters import SALES, Teller
from meguri_ingest.endpoints.descriptions import json_body
from meguri_ingest.endpoints.items import items_response
from meguri_ingest.endpoints.refusals import ITEMS_REFUSALS
from meguri_ingest.posted_items import PostedItems
from meguri_ingest.sales import SOURCE, TillStanding, judge_sales
from meguri_ingest.schemas import ItemsAnswer, SalesRequest
from meguri_ingest.till_intake import TillIntake
from meguri_ingest.verdicts import Verdicts


def sales_router(
    authenticate: Authenticate, clocks: Clocks, posted: PostedItems, intake: TillIntake, max_items: int
) -> APIRouter:
    """The endpoint, over the intake of sales."""
    router = APIRouter(tags=["tills"])

    @router.post(
        "/v1/sales",
        response_model=ItemsAnswer,
        responses=ITEMS_REFUSALS,
        openapi_extra=json_body(SalesRequest),
    )
    async def post_sales(
        caller: Annotated[Caller, Depends(authenticate)],
        request: Request,
        shop: Annotated[str | None, Query(description="Whose sales a replayer posts.")] = None,
        source: Annotated[str, Query(description="The system that tells the sales.")] = "till",
    ) -> Response:
        """Tell sales, and later versions of them; answered when the log has what was accepted.

        Posting the same sales again changes nothing. A refund or a cancellation is the same sale with a
        higher version.
        """
        if not SOURCE.fullmatch(source):
            raise HTTPException(400, "source is to be a name of a-z, 0-9 and hyphens, 32 at most.")
        teller = Teller(caller.town.town, "shop", caller.named(shop, "shop"))

        def judge(plain: bytes) -> Verdicts[Sale]:
            town_time_ms = clocks.town_time_ms(caller.town)
            standing = TillStanding(caller.town, teller.name, source, town_time_ms)
            return judge_sales(read_items(plain, "sales", max_items), standing)

        verdicts = await posted.judged(request, SALES, teller, judge)
        await intake.take_sales(teller, verdicts)
        return items_response(verdicts)

    return router
