"""`POST /v1/counts`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from meguri_proto.schema.counts_pb2 import Count

from meguri_ingest.bodies import read_items
from meguri_ingest.callers import Authenticate, Caller
from meguri_ingest.clocks import Clocks
from meguri_ingest.counts import CounterStanding, judge_counts
from meguri_ingest.dead_letters import COUNTS, Teller
from meguri_ingest.endpoints.descriptions import json_body
from meguri_ingest.endpoints.items import items_response
from meguri_ingest.endpoints.refusals import ITEMS_REFUSALS
from meguri_ingest.posted_items import PostedItems
from meguri_ingest.schemas import CountsRequest, ItemsAnswer
from meguri_ingest.till_intake import TillIntake
from meguri_ingest.verdicts import Verdicts


def counts_router(
    authenticate: Authenticate, clocks: Clocks, posted: PostedItems, intake: TillIntake, max_items: int
) -> APIRouter:
    """The endpoint, over the intake of counts."""
    router = APIRouter(tags=["counters"])

    @router.post(
        "/v1/counts",
        response_model=ItemsAnswer,
        responses=ITEMS_REFUSALS,
        openapi_extra=json_body(CountsRequest),
    )
    async def post_counts(
        caller: Annotated[Caller, Depends(authenticate)],
        request: Request,
        counter: Annotated[str | None, Query(description="Whose counts a replayer posts.")] = None,
    ) -> Response:
        """Tell what was counted; answered when the log has what was accepted.

        Posting the same counts again changes nothing. A sensor counts detections of key days that are over,
        whose pseudonyms are gone; it says what it counted (`detections` or `devices`).
        """
        name = caller.named(counter, "counter")
        role = caller.principal.role
        is_sensor = name in caller.town.sensors if role == "replayer" else role == "sensor"
        teller = Teller(caller.town.town, "sensor" if is_sensor else "counter", name)

        def judge(plain: bytes) -> Verdicts[Count]:
            town_time_ms = clocks.town_time_ms(caller.town)
            standing = CounterStanding(caller.town, name, is_sensor, town_time_ms)
            return judge_counts(read_items(plain, "counts", max_items), standing)

        verdicts = await posted.judged(
            await posted.body(request), request.headers.get("content-encoding", ""), COUNTS, teller, judge
        )
        await intake.take_counts(teller, verdicts)
        return items_response(verdicts)

    return router
