"""`POST /v1/webhooks/square/{town}/{shop}`."""

from fastapi import APIRouter, Request
from meguri_proto.schema.sales_pb2 import Sale

from meguri_ingest.bodies import read_json
from meguri_ingest.clocks import Clocks
from meguri_ingest.dead_letters import SALES, Teller
from meguri_ingest.endpoints.items import items_answer
from meguri_ingest.endpoints.refusals import WEBHOOK_REFUSALS
from meguri_ingest.posted_items import PostedItems
from meguri_ingest.sales import TillStanding
from meguri_ingest.schemas import ItemsAnswer
from meguri_ingest.square import SIGNATURE_HEADER, SOURCE, judge_event
from meguri_ingest.till_intake import TillIntake
from meguri_ingest.verdicts import Verdicts
from meguri_ingest.webhooks import Webhooks

_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
        "description": f"An event of Square; its header {SIGNATURE_HEADER} signs address and body.",
    }
}


def webhooks_router(
    webhooks: Webhooks, clocks: Clocks, posted: PostedItems, intake: TillIntake, public_url: str | None
) -> APIRouter:
    """The endpoint; `public_url` is ingest's address as Square knows it, None for the request's own."""
    router = APIRouter(tags=["tills"])

    @router.post("/v1/webhooks/square/{town}/{shop}", responses=WEBHOOK_REFUSALS, openapi_extra=_BODY)
    async def post_square_event(town: str, shop: str, request: Request) -> ItemsAnswer:
        """Take an event of Square; answered when the log has the sale that its payment is.

        Events of other types are taken and ignored. What is rejected is answered with 200, too: posting it
        again, as Square would do, changes nothing.
        """
        teller = Teller(town, "shop", shop)
        address = f"{(public_url or str(request.base_url)).rstrip('/')}/v1/webhooks/square/{town}/{shop}"
        body = await posted.body(request)
        signature = request.headers.get(SIGNATURE_HEADER, "")
        known = await webhooks.check_square(teller, address, body, signature)

        def judge(plain: bytes) -> Verdicts[Sale]:
            event = read_json(plain)
            return judge_event(event, TillStanding(known, shop, SOURCE, clocks.town_time_ms(known)))

        verdicts = await posted.judged(body, "", SALES, teller, judge)
        await intake.take_sales(teller, verdicts)
        return items_answer(verdicts)

    return router
