"""Metrics over HTTP: requests counted by route template, and the page that Prometheus reads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fastapi import FastAPI, Response
from prometheus_client import REGISTRY, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


def instrument(app: FastAPI, registry: CollectorRegistry, prefix: str) -> None:
    """Count the app's requests and serve `GET /metrics`.

    Args:
        app: the service's app.
        registry: where the service's own metrics are; one for each app, so several live in one process.
        prefix: the metrics' prefix, which is the service's package (`meguri_ingest`).
    """
    app.add_middleware(_CountRequests, registry=registry, prefix=prefix)

    _serve(app, "/metrics", registry)


def metrics_app() -> FastAPI:
    """An app for what this process measures and no other app serves: at its root, it has nothing else."""
    app = FastAPI(openapi_url=None)
    for path in ("/", "/metrics"):
        _serve(app, path, REGISTRY)
    return app


def _serve(app: FastAPI, path: str, registry: CollectorRegistry) -> None:
    @app.get(path, include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _CountRequests:
    """Counts each request under the template of its route, never under its path."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry, prefix: str) -> None:
        self._app = app
        self._requests = Counter(
            f"{prefix}_http_requests",
            "Requests answered, by route template, method and status.",
            ["route", "method", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            f"{prefix}_http_request_seconds",
            "Seconds from a request's arrival to the start of its answer, by route template.",
            ["route"],
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._seconds.labels(_template(scope)).observe(time.perf_counter() - began)
            await send(message)

        try:
            await self._app(scope, receive, observed)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            self._requests.labels(_template(scope), method, status).inc()


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _template(scope: Scope) -> str:
    """The route's template; what matched no route is one label, so that a scanner cannot fill the memory."""
    return getattr(scope.get("route"), "path", "unmatched")
