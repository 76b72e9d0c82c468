"""The dashboard as a process of its own: `python -m meguri_dashboard`, on a ClickHouse server and a Redis."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 - pydantic reads the annotation when the class is made

import uvicorn
from meguri_kit.clickhouse.server import ServerStore
from meguri_kit.clickhouse.store import StoreError
from meguri_kit.logging import configure
from meguri_kit.settings import read_towns
from meguri_proto.towns import TownFileError
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from meguri_dashboard.app import AssetsMissingError, create_app
from meguri_dashboard.server import Server

_GRACE_S = 2
"""How long an open request may hold up the end."""


class _Process(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MEGURI_")

    towns: Path
    """`MEGURI_TOWNS`: the folder of town files (`*.yaml`)."""
    clickhouse_url: str
    """`MEGURI_CLICKHOUSE_URL`: of the database that the flow writes to; it may hold a password."""
    redis_url: str
    """`MEGURI_REDIS_URL`: of the Redis that the flow writes live numbers to."""
    host: str = "127.0.0.1"
    """`MEGURI_HOST`: the address that the dashboard listens on."""
    port: int = 8600
    """`MEGURI_PORT`."""
    log_level: str = "INFO"
    """`MEGURI_LOG_LEVEL`."""


def main() -> int:
    """Serve until a signal ends it; 1 if it cannot start."""
    try:
        process = _Process()
        configure(process.log_level)
        towns = read_towns(process.towns)
        store = ServerStore(process.clickhouse_url)
        app = create_app(towns=towns, store=store, redis_url=process.redis_url)
    except ValidationError as error:
        missing = ", ".join(f"MEGURI_{str(each['loc'][0]).upper()}" for each in error.errors())
        sys.stderr.write(
            f"The dashboard cannot start: set these environment variables as described: {missing}\n"
        )
        return 1
    except (TownFileError, StoreError, AssetsMissingError) as error:
        sys.stderr.write(f"The dashboard cannot start: {error}\n")
        return 1
    config = uvicorn.Config(
        app,
        host=process.host,
        port=process.port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=_GRACE_S,
    )
    Server(config).run()
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
