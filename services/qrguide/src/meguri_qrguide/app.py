"""The guide's composition root."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from meguri_kit.metrics import instrument
from meguri_kit.pages.headers import SecurityHeaders
from meguri_kit.pages.static_files import PageFiles

from meguri_qrguide.appending import Appending
from meguri_qrguide.endpoints import Events
from meguri_qrguide.health import health_routes
from meguri_qrguide.limits import Limits
from meguri_qrguide.metrics import Metrics
from meguri_qrguide.office.app import Office
from meguri_qrguide.openings import Openings
from meguri_qrguide.sights import towns_of_sights
from meguri_qrguide.visitor.routes import VisitorRoutes
from meguri_qrguide.visitor.shell import read_shell
from meguri_qrguide.visitor.site import CurrentSite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from meguri_kit.log import Log
    from meguri_kit.registry import Users
    from meguri_proto.towns import Town

    from meguri_qrguide.content.guides import Guides


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


def create_app(  # noqa: PLR0913  a composition root is told everything
    *,
    towns: Mapping[str, Town],
    log: Log,
    guides: Guides,
    users: Users | None = None,
    public_url: str | None = None,
    redis_url: str | None = None,
    now_ms: Callable[[], int] = _wall_clock_ms,
) -> FastAPI:
    """The guide of these towns' sights.

    Args:
        towns: by name.
        log: where openings and posted events go; the caller closes it after the app. It may be away: the
            pages stand.
        guides: what was published for them; a newer edition is served without a new start.
        users: who may sign in to the office; without them there is no office.
        public_url: the guide's address as others reach it; without it, as each request says.
        redis_url: where the limits of all replicas stand; without it each process limits by itself.
        now_ms: the wall clock, epoch milliseconds.

    Raises:
        SharedSightError: two of the towns have a sight of one number.
        NpmBuildError: `python -m meguri_qrguide.assets` has not been run.
    """
    shell = read_shell()
    metrics = Metrics()
    by_sight = towns_of_sights(towns)
    openings = Openings(log, metrics.openings, now_ms)
    appending = Appending(log)
    limits = Limits(redis_url, now_ms, metrics.redis_failures)
    events = Events(
        towns=towns,
        towns_of_sights=by_sight,
        log=log,
        appending=appending,
        limits=limits,
        metrics=metrics,
        now_ms=now_ms,
    )
    static = PageFiles(Path(__file__).parent / "static")
    site = CurrentSite(towns, guides, shell)
    pages = VisitorRoutes(site, shell, by_sight, openings)
    office = users and Office(
        towns=towns, guides=guides, users=users, shell=shell, now_ms=now_ms, public_url=public_url
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # Else the first visitor would wait for the making of every page.
        await site.get()
        yield
        if office:
            await asyncio.to_thread(office.close)
        await openings.close()
        events.close()
        await appending.close()
        await limits.close()

    app = FastAPI(title="Meguri guide", lifespan=lifespan, openapi_url=None)
    app.include_router(pages.router)
    app.include_router(events.router)
    app.include_router(health_routes(log))
    if office:
        office.add_to(app)
    app.mount("/static", static)
    pages.answer_errors(app)
    app.add_middleware(SecurityHeaders)
    instrument(app, metrics.registry, "meguri_qrguide")
    return app
