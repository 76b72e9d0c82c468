"""Where a service's process finds the others: environment variables `MEGURI_...`; no secret has a default."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pydantic reads the annotation when the class is made

from meguri_proto.towns import Town, TownFileError, parse_town
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ProcessSettings(BaseSettings):
    """What every service's own process is told."""

    model_config = SettingsConfigDict(env_prefix="MEGURI_")

    kafka: str
    """`MEGURI_KAFKA`: `host:port` of a broker, several separated by commas."""
    redis_url: str | None = None
    """`MEGURI_REDIS_URL`: without it, what Redis would do is not done."""
    towns: Path
    """`MEGURI_TOWNS`: the folder of town files (`*.yaml`)."""
    host: str = "127.0.0.1"
    """`MEGURI_HOST`: the address that the service listens on."""
    log_level: str = "INFO"
    """`MEGURI_LOG_LEVEL`."""


class LogSettings(BaseSettings):
    """What the log's topics are made with. Only who makes them needs it: the others ask Kafka."""

    model_config = SettingsConfigDict(env_prefix="MEGURI_")

    shards: int = Field(1, ge=1, le=64)
    """`MEGURI_SHARDS`: of the topic of detections, four partitions each. Towns, and the slices of a town, are
    spread over them, so it is how many workers of the flow can share the days of one date. Not to be changed
    once there is a log."""


def read_towns(folder: Path) -> dict[str, Town]:
    """Every town file of the folder, by the town's name.

    Raises:
        TownFileError: a file is wrong, two name the same town, or there is none.
    """
    towns: dict[str, Town] = {}
    for path in sorted(folder.glob("*.yaml")):
        town = parse_town(path.read_text("utf-8"), str(path))
        if town.town in towns:
            raise TownFileError(
                f"{path}, line 1: {town.town} is the name of another town file's town already"
            )
        towns[town.town] = town
    if not towns:
        raise TownFileError(f"{folder} holds no town file (*.yaml)")
    return towns
