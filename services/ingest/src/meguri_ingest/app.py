"""The composition of ingest: every part is made and joined here."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from fastapi import FastAPI
from meguri_kit.metrics import instrument
from meguri_proto.topics import topics

from meguri_ingest import webhooks
from meguri_ingest.callers import Callers
from meguri_ingest.clocks import Clocks
from meguri_ingest.coalescing import Coalescer, Waits
from meguri_ingest.day_rules import DayRules
from meguri_ingest.dead_letters import DeadLetters
from meguri_ingest.endpoints.counts import counts_router
from meguri_ingest.endpoints.detections import detections_router
from meguri_ingest.endpoints.health import health_router
from meguri_ingest.endpoints.keys import keys_router
from meguri_ingest.endpoints.opt_outs import opt_outs_router
from meguri_ingest.endpoints.sales import sales_router
from meguri_ingest.endpoints.ticks import ticks_router
from meguri_ingest.endpoints.webhooks import webhooks_router
from meguri_ingest.errors import answer_errors
from meguri_ingest.intake import Intake
from meguri_ingest.metrics import Metrics
from meguri_ingest.opening import TOPIC, OpenDays
from meguri_ingest.posted_items import PostedItems
from meguri_ingest.rates import Rates
from meguri_ingest.refusals import Refusals
from meguri_ingest.replays import Replays
from meguri_ingest.settings import Settings
from meguri_ingest.ticking import Ticking
from meguri_ingest.till_intake import TillIntake

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from meguri_kit.log import Log
    from meguri_kit.registry import Registry
    from meguri_proto.towns import Town


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


def create_app(  # noqa: PLR0913 - it takes what it composes
    *,
    towns: Mapping[str, Town],
    registry: Registry,
    log: Log,
    redis_url: str | None,
    shards: int = 1,
    settings: Settings | None = None,
    now_ms: Callable[[], int] = _wall_clock_ms,
) -> FastAPI:
    """Ingest over what it is given; its lifespan ticks the live towns and ends what it started.

    Args:
        towns: by name.
        registry: tokens, keys and recording clocks; the caller closes it after the app.
        log: where detections, ticks and dead letters go; the caller closes it after the app.
        redis_url: where requests are counted; None for no limit on their rate.
        shards: with which the log's topics were made.
        settings: limits and waits; by default those of the environment.
        now_ms: the wall clock, epoch milliseconds.
    """
    settings = settings or Settings()
    partitions = topics(shards)[TOPIC].partitions
    metrics = Metrics()
    clocks = Clocks(registry, now_ms)
    limits = {
        "sensor": settings.sensor_requests_per_minute,
        "till": settings.till_requests_per_minute,
        "counter": settings.counter_requests_per_minute,
        "replayer": settings.replayer_requests_per_minute,
        webhooks.ROLE: settings.bad_signatures_per_minute,
    }
    rates = Rates(redis_url, limits, now_ms, metrics)
    waits = Waits(
        coalesce_s=settings.coalesce_ms / 1000,
        coalesce_detections=settings.coalesce_detections,
        max_waiting_detections=settings.max_waiting_detections,
    )
    rules = DayRules(towns, registry)
    days = OpenDays(log, rules, partitions)
    coalescer = Coalescer(log, days, partitions, waits, metrics)
    dead_letters = DeadLetters(log, metrics)
    ticking = Ticking(log, days, clocks, metrics)
    refusals = Refusals(log, days, partitions)
    till_intake = TillIntake(log, dead_letters, metrics)
    intake = Intake(
        registry, clocks, rules, ticking, coalescer, refusals, dead_letters, till_intake, settings
    )
    posted = PostedItems(dead_letters, settings)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        ticker = asyncio.create_task(ticking.run_live(towns.values()), name="meguri-live-ticks")
        yield
        ticker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticker
        await coalescer.close()
        await rates.close()

    # The pages that FastAPI makes of the description load scripts from elsewhere; the description stays.
    app = FastAPI(
        title="Meguri ingest",
        description="What sensors, tills, counters and replayers say to Meguri.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    # For the process that runs this app: dead letters are replayed by whoever operates it, not over HTTP.
    app.state.replays = Replays(towns, registry, clocks, rules, coalescer, till_intake, settings)
    instrument(app, metrics.registry, "meguri_ingest")
    answer_errors(app, metrics, settings.retry_after_s)
    callers = Callers(towns, registry, rates, metrics)
    sensors = callers.of("sensor", "replayer")
    app.include_router(detections_router(sensors, intake, settings.max_body_bytes))
    app.include_router(keys_router(sensors, registry, clocks))
    app.include_router(opt_outs_router(sensors, registry))
    app.include_router(ticks_router(callers.of("replayer"), ticking))
    tills = callers.of("till", "replayer")
    app.include_router(sales_router(tills, clocks, posted, till_intake, settings.max_items))
    square = webhooks.Webhooks(towns, registry, rates, dead_letters, metrics)
    app.include_router(webhooks_router(square, clocks, posted, till_intake, settings.public_url))
    counters = callers.of("counter", "sensor", "replayer")
    app.include_router(counts_router(counters, clocks, posted, till_intake, settings.max_items))
    app.include_router(health_router(log, registry))
    return app
