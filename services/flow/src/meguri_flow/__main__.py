"""The flow as a process of its own: `python -m meguri_flow`. Exits when it fails, for a supervisor."""

from __future__ import annotations

import logging
import signal
import sys
import tempfile
import threading
from pathlib import Path

from meguri_kit.clickhouse.migrations import migrate
from meguri_kit.clickhouse.server import ServerStore
from meguri_kit.clickhouse.store import StoreError
from meguri_kit.log import LogProducer, TopicError, await_topics
from meguri_kit.logging import configure as configure_logging
from prometheus_client import start_http_server
from pydantic_settings import BaseSettings, SettingsConfigDict

from meguri_flow.app import Flow

logger = logging.getLogger(__name__)


class FlowSettings(BaseSettings):
    """Where the flow's process finds the others: environment variables `MEGURI_...`."""

    model_config = SettingsConfigDict(env_prefix="MEGURI_")

    kafka: str
    """`MEGURI_KAFKA`: `host:port` of a broker, several separated by commas."""
    clickhouse_url: str
    """`MEGURI_CLICKHOUSE_URL`: `clickhouse://user:password@host:9000/database`."""
    redis_url: str
    """`MEGURI_REDIS_URL`."""
    host: str = "127.0.0.1"
    """`MEGURI_HOST`: the address on which `/metrics` is served."""
    metrics_port: int = 8603
    """`MEGURI_METRICS_PORT`."""
    log_level: str = "INFO"
    """`MEGURI_LOG_LEVEL`."""


def main() -> int:
    """Work until SIGTERM or SIGINT; exit status 1 if the worker failed or could not start."""
    settings = FlowSettings()
    configure_logging(settings.log_level)
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    store = ServerStore(settings.clickhouse_url)
    try:
        migrate(store)
        await_topics(settings.kafka)
    except (StoreError, TopicError) as error:
        logger.error("the flow cannot start: %s", error)  # noqa: TRY400  the sentence is all there is to it
        return 1
    log = LogProducer(settings.kafka)
    start_http_server(settings.metrics_port, settings.host)
    with tempfile.TemporaryDirectory(prefix="meguri-flow-") as folder:
        flow = Flow(settings.kafka, store, log, settings.redis_url, Path(folder))
        flow.start()
        while flow.failed is None and not stopped.wait(0.5):
            pass
        flow.stop()
    log.close()
    store.close()
    return 1 if flow.failed else 0


if __name__ == "__main__":
    sys.exit(main())
