"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from meguri_dashboard.live import Link

if TYPE_CHECKING:
    from meguri_dashboard.changes import DayWatch
    from meguri_dashboard.live import LiveBoard


def health_routes(watch: DayWatch, live: LiveBoard) -> APIRouter:
    """`/healthz` and `/readyz`. Without Redis the pages stand, with their live numbers stopped."""
    router = APIRouter()

    @router.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz", include_in_schema=False)
    async def readyz() -> JSONResponse:
        parts = {
            "clickhouse": "ok" if watch.is_store_up else "does not answer",
            "redis": "ok" if live.link is Link.UP else "does not answer; live numbers stop",
        }
        status = "ready" if watch.is_store_up else "not ready"
        return JSONResponse({"status": status, **parts}, 200 if watch.is_store_up else 503)

    return router
