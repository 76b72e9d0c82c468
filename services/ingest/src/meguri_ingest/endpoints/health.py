"""`GET /healthz` and `GET /readyz`."""

import asyncio

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from meguri_kit.log import Log
from meguri_kit.registry import Registry, RegistryError

from meguri_ingest.schemas import HealthAnswer, NotReadyAnswer, ReadyAnswer


def health_router(log: Log, registry: Registry) -> APIRouter:
    """The endpoints, over what ingest cannot do without."""
    router = APIRouter(tags=["operation"])

    @router.get("/healthz")
    async def get_healthz() -> HealthAnswer:
        """The process lives."""
        return HealthAnswer()

    @router.get("/readyz", response_model=ReadyAnswer, responses={503: {"model": NotReadyAnswer}})
    async def get_readyz() -> Response:
        """Kafka answers and the registry is open, so uploads can be taken."""
        missing = [] if await log.reachable() else ["Kafka"]
        try:
            await asyncio.to_thread(registry.check)
        except RegistryError:
            missing.append("registry")
        if missing:
            answer = NotReadyAnswer(
                error=f"Ingest cannot take uploads: {' and '.join(missing)} did not answer.", missing=missing
            )
            return JSONResponse(answer.model_dump(), 503)
        return JSONResponse(ReadyAnswer().model_dump())

    return router
