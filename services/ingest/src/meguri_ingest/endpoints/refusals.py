"""How the description of the API tells what every endpoint may answer instead."""

from typing import Any

from meguri_ingest.schemas import ErrorAnswer, NothingOfItemsAcceptedAnswer

REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorAnswer, "description": "The request cannot be read."},
    401: {"model": ErrorAnswer, "description": "The token is missing or unknown."},
    403: {"model": ErrorAnswer, "description": "The token does not open this."},
    429: {"model": ErrorAnswer, "description": "Too many requests within a minute; see Retry-After."},
    503: {"model": ErrorAnswer, "description": "Kafka or the registry does not answer; see Retry-After."},
}
BODY_REFUSALS: dict[int | str, dict[str, Any]] = {
    **REFUSALS,
    413: {"model": ErrorAnswer, "description": "More than one request may hold."},
    415: {
        "model": ErrorAnswer,
        "description": "A Content-Encoding or Content-Type that ingest does not read.",
    },
}
ITEMS_REFUSALS: dict[int | str, dict[str, Any]] = {
    **BODY_REFUSALS,
    422: {"model": NothingOfItemsAcceptedAnswer, "description": "Nothing of it was accepted."},
}
WEBHOOK_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorAnswer, "description": "The body is no JSON."},
    403: {"model": ErrorAnswer, "description": "The signature does not fit."},
    413: BODY_REFUSALS[413],
    429: {"model": ErrorAnswer, "description": "Too many with a bad signature within a minute."},
    503: REFUSALS[503],
}
