"""`POST /v1/detections`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from meguri_ingest.bodies import read_body
from meguri_ingest.callers import Authenticate, Caller
from meguri_ingest.endpoints.refusals import BODY_REFUSALS
from meguri_ingest.intake import Intake
from meguri_ingest.schemas import NothingAcceptedAnswer, RejectedDetections, UploadAnswer

_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/x-protobuf": {"schema": {"type": "string", "format": "binary"}}},
        "description": "A meguri.upload.v1.Upload; Content-Encoding may be gzip.",
    }
}


def detections_router(authenticate: Authenticate, intake: Intake, max_body_bytes: int) -> APIRouter:
    """The endpoint, over the intake of uploads."""
    router = APIRouter(tags=["sensors"])

    @router.post(
        "/v1/detections",
        response_model=UploadAnswer,
        responses={
            **BODY_REFUSALS,
            422: {"model": NothingAcceptedAnswer, "description": "Nothing of it was accepted."},
        },
        openapi_extra=_BODY,
    )
    async def post_detections(caller: Annotated[Caller, Depends(authenticate)], request: Request) -> Response:
        """Deliver batches of detections; answered when the log has what was accepted.

        Posting the same batches again changes nothing. Items in `rejected` are not accepted however often
        they are posted. An upload without batches is accepted: it shows that the way is open. A replayer's
        upload may name each batch's sensor, and move the town's clock before its batches are judged.
        """
        body = await read_body(request, max_body_bytes)
        outcome = await intake.take(
            caller.principal, caller.town, body, request.headers.get("content-encoding", "")
        )
        answer = UploadAnswer(
            accepted=outcome.accepted,
            rejected=[
                RejectedDetections(
                    item=each.item,
                    reason=each.reason.value,
                    message=each.message,
                    detections=each.detections,
                    counted=each.counted,
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
