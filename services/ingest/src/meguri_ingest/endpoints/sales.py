"""`POST /v1/sales`."""

from typing import Annotated, Literal

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
from meguri_ingest.sales_tables import judge_own_table, judge_smaregi_table
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
        openapi_extra=json_body(
            SalesRequest,
            text_csv="A line of the JSON's fields in any order, then a sale a line; or, with format=smaregi, "
            "transactions as スマレジ's back office writes them. UTF-8 or CP932.",
        ),
    )
    async def post_sales(
        caller: Annotated[Caller, Depends(authenticate)],
        request: Request,
        shop: Annotated[str | None, Query(description="Whose sales a replayer posts.")] = None,
        source: Annotated[
            str | None, Query(description="The system that tells the sales; by default till, or smaregi.")
        ] = None,
        form: Annotated[
            Literal["meguri", "smaregi"], Query(alias="format", description="Whose columns a CSV has.")
        ] = "meguri",
    ) -> Response:
        """Tell sales, and later versions of them; answered when the log has what was accepted.

        Posting the same sales again changes nothing. A refund or a cancellation is the same sale with a
        higher version.
        """
        if source is None:
            source = "smaregi" if form == "smaregi" else "till"
        if not SOURCE.fullmatch(source):
            raise HTTPException(400, "source is to be a name of a-z, 0-9 and hyphens, 32 at most.")
        is_table = _is_table(request)
        if form == "smaregi" and not is_table:
            raise HTTPException(415, "format=smaregi is of text/csv.")
        teller = Teller(caller.town.town, "shop", caller.named(shop, "shop"))

        def judge(plain: bytes) -> Verdicts[Sale]:
            town_time_ms = clocks.town_time_ms(caller.town)
            standing = TillStanding(caller.town, teller.name, source, town_time_ms)
            if form == "smaregi":
                return judge_smaregi_table(plain, standing, max_items)
            if is_table:
                return judge_own_table(plain, standing, max_items)
            return judge_sales(read_items(plain, "sales", max_items), standing)

        verdicts = await posted.judged(
            await posted.body(request), request.headers.get("content-encoding", ""), SALES, teller, judge
        )
        await intake.take_sales(teller, verdicts)
        return items_response(verdicts)

    return router


def _is_table(request: Request) -> bool:
    """Whether the body is CSV, and not JSON."""
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type not in ("application/json", "text/csv"):
        raise HTTPException(415, "Content-Type is to be application/json or text/csv.")
    return media_type == "text/csv"
