"""`python -m meguri_dashboard`: the dashboard as its own process, on a ClickHouse server and a Redis."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads the annotation when the class is made

import uvicorn
from meguri_kit import logging
from meguri_kit.clickhouse.server import ServerStore
from meguri_kit.settings import read_towns
from pydantic_settings import BaseSettings, SettingsConfigDict

from meguri_dashboard.app import create_app

_SHUTDOWN_S = 3


class Settings(BaseSettings):
    """Where the dashboard finds the others (`MEGURI_...`)."""

    model_config = SettingsConfigDict(env_prefix="MEGURI_")

    towns: Path
    """`MEGURI_TOWNS`: the folder of town files (`*.yaml`)."""
    clickhouse_url: str
    """`MEGURI_CLICKHOUSE_URL`: of the database that the flow writes to."""
    redis_url: str
    """`MEGURI_REDIS_URL`: of the Redis that the flow writes live numbers to."""
    host: str = "127.0.0.1"
    """`MEGURI_HOST`: the address that the dashboard listens on."""
    port: int = 8600
    """`MEGURI_PORT`."""
    log_level: str = "INFO"
    """`MEGURI_LOG_LEVEL`."""


def main() -> None:
    """Serve until stopped."""
    settings = Settings()
    logging.configure(settings.log_level)
    store = ServerStore(settings.clickhouse_url)
    app = create_app(towns=read_towns(settings.towns), store=store, redis_url=settings.redis_url)
    try:
        uvicorn.run(
            app,
            host=settings.host,
            port=settings.port,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=_SHUTDOWN_S,
        )
    finally:
        store.close()


if __name__ == "__main__":
    main()
