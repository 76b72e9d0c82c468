"""The dashboard's composition root: what it is made of, and what runs beside its requests."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import FastAPI
from meguri_kit.metrics import instrument
from meguri_kit.pages.headers import SecurityHeaders
from meguri_kit.pages.static_files import PageFiles
from prometheus_client import CollectorRegistry
from starlette.middleware.gzip import GZipMiddleware

from meguri_dashboard import assets
from meguri_dashboard.changes import DayWatch, Subscribers
from meguri_dashboard.charts.renderer import Renderer
from meguri_dashboard.health import health_routes
from meguri_dashboard.live import LiveBoard
from meguri_dashboard.metrics import chart_counter, measure
from meguri_dashboard.page_book import PageBook
from meguri_dashboard.pages import Pages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from meguri_kit.clickhouse.store import Store
    from meguri_proto.towns import Town


@dataclass(frozen=True)
class Pace:
    """How often the dashboard does what. Seconds."""

    poll_after_s: float = 60.0
    """Without an event for so long, a page asks by itself."""
    watch_every_s: float = 3.0
    """How often ClickHouse is asked whether a day changed."""
    reconnect_s: float = 2.0
    """Pause before Redis is tried again."""
    chart_timeout_s: float = 15.0
    """How long drawing one chart may take."""


class AssetsMissingError(RuntimeError):
    """The pages' font has not been built; the message names the command."""


def create_app(
    *, towns: Mapping[str, Town], store: Store, redis_url: str, pace: Pace | None = None
) -> FastAPI:
    """The dashboard of these towns.

    Args:
        towns: by name; each has its page at `/towns/{name}`.
        store: where the flow writes what it found; it stays the caller's to close.
        redis_url: where the flow writes what is true now. Redis may be away: live numbers then stop.
        pace: how often things are done, for tests.

    Raises:
        AssetsMissingError: `python -m meguri_dashboard.assets` has not been run.
    """
    missing = assets.missing()
    if missing:
        raise AssetsMissingError(missing)
    pace = pace or Pace()
    subscribers = Subscribers(towns)
    live = LiveBoard(
        towns, redis_url, lambda town: subscribers.tell(town, "live"), reconnect_s=pace.reconnect_s
    )
    watch = DayWatch(store, towns, subscribers, pace.watch_every_s)
    registry = CollectorRegistry()
    charts = chart_counter(registry)
    renderer = Renderer(
        assets.FONTS, timeout_s=pace.chart_timeout_s, outcome=lambda outcome: charts.labels(outcome).inc()
    )
    static = PageFiles(assets.PACKAGE / "static")
    pages = Pages(
        towns=towns,
        book=PageBook(store),
        live=live,
        subscribers=subscribers,
        renderer=renderer,
        static_version=static.version,
        poll_after_s=pace.poll_after_s,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        beside = [asyncio.create_task(work) for work in (live.run(), watch.run(), renderer.warm_up())]
        try:
            yield
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await renderer.close()

    app = FastAPI(title="Meguri dashboard", lifespan=lifespan, openapi_url=None)
    app.state.subscribers = subscribers
    app.include_router(pages.router)
    app.include_router(health_routes(watch, live))
    app.mount("/static", static)
    pages.answer_errors(app)
    measure(registry, subscribers, live)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(SecurityHeaders)
    instrument(app, registry, "meguri_dashboard")
    return app
