"""The four services in this process, on one store, one registry and one log."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import uvicorn
from meguri_dashboard.app import create_app as create_dashboard
from meguri_dashboard.server import Server as DashboardServer
from meguri_flow.app import Flow
from meguri_flow.domain.kernels import compile_kernels
from meguri_flow.domain.snapshot import SnapshotError
from meguri_ingest.app import create_app as create_ingest
from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.migrations import migrate
from meguri_kit.clickhouse.store import StoreError
from meguri_kit.log import LogProducer, LogUnavailableError, TopicError, create_topics
from meguri_kit.metrics import metrics_app
from meguri_kit.npm_build import NpmBuildError
from meguri_kit.public_side import PublicSide
from meguri_kit.registry import Registry, RegistryError, Users
from meguri_kit.settings import LogSettings
from meguri_qrguide.app import create_app as create_guide
from meguri_qrguide.content.guides import Guides
from meguri_qrguide.content.problems import ContentError
from meguri_qrguide.sights import SharedSightError

from meguri.consumer_groups import remove_members
from meguri.errors import LocalRunError
from meguri.sweeping import sweep

if TYPE_CHECKING:
    import socket
    from collections.abc import Generator, Mapping

    from fastapi import FastAPI
    from meguri_proto.towns import Town

    from meguri.data_folder import DataFolder

__all__ = ["Servers", "Services", "compile_kernels"]

GRACE_SECONDS = 2
"""How long an open request, such as a page's event stream, may hold up the end."""
FLOW_STOP_SECONDS = 15

logger = logging.getLogger(__name__)


class Services:
    """Ingest, flow, guide and dashboard. Opened whole or not at all; `close` ends what `open` began.

    Raises:
        LocalRunError: the store, the registry or Kafka's topics cannot be used, or MEGURI_SHARDS is none.
    """

    def __init__(
        self,
        folder: DataFolder,
        towns: Mapping[str, Town],
        kafka_bootstrap: str,
        redis_url: str,
        *,
        public_url: str | None = None,
    ) -> None:
        shards = _shards()
        with ExitStack() as opened:
            try:
                self.store = EmbeddedStore(folder.clickhouse)
                opened.callback(self.store.close)
                migrate(self.store)
                self.registry = Registry(f"sqlite:///{folder.registry}")
                opened.callback(self.registry.close)
                create_topics(kafka_bootstrap, shards=shards)
                remove_members(kafka_bootstrap)
                sweep(self.store, kafka_bootstrap, towns)
            except (StoreError, RegistryError, TopicError, SnapshotError, LogUnavailableError) as error:
                raise LocalRunError(f"{error}.") from error
            self.log = LogProducer(kafka_bootstrap)
            opened.callback(self.log.close)
            try:
                guides = Guides(folder.guides)
                for town in towns:
                    guides.begin(town, time.time_ns() // 1_000_000)
                guide = create_guide(
                    towns=towns,
                    log=self.log,
                    guides=guides,
                    users=Users(self.registry),
                    public_url=public_url,
                    redis_url=redis_url,
                )
            except (SharedSightError, ContentError, NpmBuildError) as error:
                raise LocalRunError(f"{error}.") from error
            self.apps: dict[str, FastAPI] = {
                "dashboard": create_dashboard(towns=towns, store=self.store, redis_url=redis_url),
                "ingest": create_ingest(
                    towns=towns, registry=self.registry, log=self.log, redis_url=redis_url, shards=shards
                ),
                "guide": guide,
                "flow": metrics_app(),
            }
            self._opened = opened.pop_all()
        self.flow = Flow(kafka_bootstrap, self.store, self.log, redis_url, folder.flow)
        self.flow.start()

    def close(self, *, kafka_answers: bool) -> None:
        """Stop the flow, flush the log, let go of the data; without Kafka there is nothing to wait for."""
        self.flow.stop(FLOW_STOP_SECONDS if kafka_answers else 1)
        self._opened.close()


def _shards() -> int:
    try:
        return LogSettings().shards
    except ValueError as error:
        raise LocalRunError("MEGURI_SHARDS is to be a whole number from 1 to 64.") from error


class Servers:
    """The HTTP side of the services, in the running event loop.

    Args:
        apps: by service.
        listeners: by service.
        public: the guide's; the others are this machine's alone, since their pages have no sign-in.
    """

    def __init__(
        self, apps: Mapping[str, FastAPI], listeners: Mapping[str, socket.socket], public: PublicSide
    ) -> None:
        self._servers: dict[str, uvicorn.Server] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        for service, app in apps.items():
            side = public if service == "guide" else PublicSide()
            config = uvicorn.Config(
                app,
                access_log=False,
                log_config=None,
                lifespan="on",
                timeout_graceful_shutdown=GRACE_SECONDS,
                proxy_headers=bool(side.proxies),
                forwarded_allow_ips=side.proxies,
                ssl_context_factory=side.ssl_context_factory,
            )
            self._servers[service] = (_DashboardServer if service == "dashboard" else _Server)(config)
            self._tasks[service] = asyncio.create_task(
                _serve(service, self._servers[service], listeners[service]), name=service
            )

    @property
    def started(self) -> bool:
        """Whether all answer."""
        return all(server.started for server in self._servers.values())

    def check(self) -> None:
        """Raise what ended a server.

        Raises:
            LocalRunError: one ended by itself.
        """
        for service, task in self._tasks.items():
            if task.done():
                task.result()
                raise LocalRunError(f"The {service} ended by itself; its reason stands in the log.")

    async def stop(self) -> None:
        """End them, giving open requests a moment."""
        for server in self._servers.values():
            server.should_exit = True
        await asyncio.wait(self._tasks.values(), timeout=2 * GRACE_SECONDS + 1)


class _LeavesSignals:
    """Leaves the signals to the process that the servers share."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class _Server(_LeavesSignals, uvicorn.Server):
    pass


class _DashboardServer(_LeavesSignals, DashboardServer):
    pass


async def _serve(service: str, server: uvicorn.Server, listener: socket.socket) -> None:
    try:
        await server.serve(sockets=[listener])
    except SystemExit as error:  # uvicorn's answer to an app that cannot start
        raise LocalRunError(f"The {service} could not start; its reason stands in the log.") from error
    except Exception as error:
        logger.exception("the %s ended", service)
        raise LocalRunError(
            f"The {service} ended: {type(error).__name__}. More stands in the log."
        ) from error
