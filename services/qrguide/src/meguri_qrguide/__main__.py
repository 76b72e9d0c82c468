"""The guide as a process of its own: `python -m meguri_qrguide`."""

from __future__ import annotations

import sys
import time
from pathlib import Path  # noqa: TC003 - pydantic reads the annotation when the class is made

import uvicorn
from meguri_kit.log import LogProducer
from meguri_kit.logging import configure
from meguri_kit.registry import Registry, RegistryError, Users
from meguri_kit.settings import ProcessSettings, read_towns
from meguri_proto.towns import TownFileError
from pydantic import ValidationError

from meguri_qrguide.app import create_app
from meguri_qrguide.assets import AssetsError
from meguri_qrguide.content.guides import Guides
from meguri_qrguide.content.problems import ContentError
from meguri_qrguide.sights import SharedSightError


class _Process(ProcessSettings):
    port: int = 8602
    """`MEGURI_PORT`."""
    guides: Path
    """`MEGURI_GUIDES`: the folder of drafts and editions."""
    registry: str | None = None
    """`MEGURI_REGISTRY`: an SQLAlchemy URL of the database that knows who may sign in to the office; without
    it there is no office."""
    proxies: str = ""
    """`MEGURI_PROXIES`: addresses or networks of the proxies before the guide, separated by commas. Theirs is
    the only X-Forwarded-For that is believed; without them the guide is asked by visitors themselves."""


def main() -> int:
    """Serve until a signal ends it; 1 if it cannot start."""
    try:
        process = _Process()
        configure(process.log_level)
        towns = read_towns(process.towns)
    except ValidationError as error:
        missing = ", ".join(f"MEGURI_{str(each['loc'][0]).upper()}" for each in error.errors())
        sys.stderr.write(f"The guide cannot start: set these environment variables as described: {missing}\n")
        return 1
    except TownFileError as error:
        sys.stderr.write(f"The guide cannot start: {error}\n")
        return 1
    try:
        registry = Registry(process.registry) if process.registry else None
    except RegistryError as error:
        sys.stderr.write(f"The guide cannot start: {error}\n")
        return 1
    log = LogProducer(process.kafka)
    try:
        guides = Guides(process.guides)
        for town in towns:
            guides.begin(town, time.time_ns() // 1_000_000)
        app = create_app(
            towns=towns,
            log=log,
            guides=guides,
            users=Users(registry) if registry else None,
            redis_url=process.redis_url,
        )
    except (SharedSightError, ContentError, AssetsError) as error:
        sys.stderr.write(f"The guide cannot start: {error}\n")
        return 1
    uvicorn.run(
        app,
        host=process.host,
        port=process.port,
        access_log=False,
        log_config=None,
        proxy_headers=bool(process.proxies),
        forwarded_allow_ips=process.proxies,
    )
    log.close()
    if registry:
        registry.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
