"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter

if TYPE_CHECKING:
    from meguri_kit.log import Log


def health_routes(log: Log) -> APIRouter:
    """`/healthz` and `/readyz`. Visitors read the guide without Kafka: its absence is said, no failure."""
    router = APIRouter()

    @router.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz", include_in_schema=False)
    async def readyz() -> dict[str, str]:
        kafka = "ok" if await log.reachable() else "does not answer; openings are not logged"
        return {"status": "ready", "kafka": kafka}

    return router
