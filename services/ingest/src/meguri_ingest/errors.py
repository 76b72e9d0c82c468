"""Every error as JSON `{"error": sentence}`, with the status and headers that belong to it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from meguri_kit.log import LogUnavailableError
from meguri_kit.registry import RegistryError
from starlette.exceptions import HTTPException

from meguri_ingest.bodies import TooLargeError, UnknownEncodingError, UnreadableError
from meguri_ingest.intake import NoTickerError
from meguri_ingest.keys import SpanError
from meguri_ingest.rates import TooManyRequestsError
from meguri_ingest.webhooks import BadSignatureError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request

    from meguri_ingest.metrics import Metrics

_logger = logging.getLogger(__name__)

_STATUS: dict[type[Exception], int] = {
    SpanError: 400,
    NoTickerError: 403,
    BadSignatureError: 403,
    UnreadableError: 400,
    TooLargeError: 413,
    UnknownEncodingError: 415,
}


def answer_errors(app: FastAPI, metrics: Metrics, retry_after_s: int) -> None:
    """Register the app's answers to what its endpoints raise."""
    try_again = {"Retry-After": str(retry_after_s)}

    async def known(_request: Request, error: Exception) -> JSONResponse:
        return _answer(_STATUS[type(error)], str(error))

    for kind in _STATUS:
        app.add_exception_handler(kind, known)

    @app.exception_handler(TooManyRequestsError)
    async def too_many(_request: Request, error: TooManyRequestsError) -> JSONResponse:
        metrics.refused.labels("rate").inc()
        return _answer(429, str(error), {"Retry-After": str(error.retry_after_s)})

    @app.exception_handler(LogUnavailableError)
    async def log_unavailable(_request: Request, _error: LogUnavailableError) -> JSONResponse:
        metrics.refused.labels("log").inc()
        return _answer(503, "Kafka did not acknowledge; post the same again in a few seconds.", try_again)

    @app.exception_handler(RegistryError)
    async def registry_unavailable(_request: Request, error: RegistryError) -> JSONResponse:
        metrics.refused.labels("registry").inc()
        _logger.error("%s", error)
        return _answer(503, "The registry does not answer; try again in a few seconds.", try_again)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        places = ", ".join(sorted({".".join(map(str, each["loc"])) for each in error.errors()}))
        return _answer(400, f"The request is not as its description says, at {places}.")

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> JSONResponse:
        return _answer(error.status_code, error.detail, error.headers)

    @app.exception_handler(Exception)
    async def unexpected(_request: Request, _error: Exception) -> JSONResponse:
        return _answer(500, "Ingest failed; its log says where.")


def _answer(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": sentence}, status, headers)
