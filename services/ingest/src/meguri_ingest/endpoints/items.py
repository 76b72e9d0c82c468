"""What becomes of the items of a request, as its answer."""

from fastapi import Response
from fastapi.responses import JSONResponse

from meguri_ingest.schemas import ItemsAnswer, NothingOfItemsAcceptedAnswer, RejectedItem
from meguri_ingest.verdicts import M, Verdicts


def items_answer(verdicts: Verdicts[M]) -> ItemsAnswer:
    """The verdicts as JSON."""
    return ItemsAnswer(
        accepted=len(verdicts.accepted),
        rejected=[
            RejectedItem(item=each.item, reason=each.reason.value, message=each.message)
            for each in verdicts.rejected
        ],
        ignored=verdicts.ignored,
    )


def items_response(verdicts: Verdicts[M]) -> Response:
    """The answer: 422 where everything was rejected, else 200."""
    answer = items_answer(verdicts)
    if verdicts.rejected and not verdicts.accepted:
        nothing = NothingOfItemsAcceptedAnswer(
            error="Nothing was accepted; `rejected` says why.", **dict(answer)
        )
        return JSONResponse(nothing.model_dump(), 422)
    return JSONResponse(answer.model_dump())
