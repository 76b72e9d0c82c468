"""Ingest as a process of its own: `python -m meguri_ingest`."""

from __future__ import annotations

import sys

import uvicorn
from meguri_kit.log import LogProducer, TopicError, create_topics
from meguri_kit.logging import configure
from meguri_kit.registry import Registry, RegistryError
from meguri_kit.settings import LogSettings, ProcessSettings, read_towns
from meguri_proto.towns import TownFileError
from pydantic import ValidationError

from meguri_ingest.app import create_app


class Process(ProcessSettings, LogSettings):
    """What ingest's own process is told; the readme lists it."""

    registry_url: str
    """`MEGURI_REGISTRY_URL`: an SQLAlchemy URL; it may hold a password, so it has no default."""
    port: int = 8601
    """`MEGURI_PORT`."""


def main() -> int:
    """Serve until a signal ends it; 1 if it cannot start."""
    try:
        process = Process()
        configure(process.log_level)
        towns = read_towns(process.towns)
        create_topics(process.kafka, shards=process.shards)
        registry = Registry(process.registry_url)
    except ValidationError as error:
        missing = ", ".join(f"MEGURI_{str(each['loc'][0]).upper()}" for each in error.errors())
        sys.stderr.write(f"Ingest cannot start: set these environment variables as described: {missing}\n")
        return 1
    except (TownFileError, TopicError, RegistryError) as error:
        sys.stderr.write(f"Ingest cannot start: {error}\n")
        return 1
    log = LogProducer(process.kafka)
    app = create_app(
        towns=towns, registry=registry, log=log, redis_url=process.redis_url, shards=process.shards
    )
    uvicorn.run(app, host=process.host, port=process.port, access_log=False, log_config=None)
    log.close()
    registry.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
