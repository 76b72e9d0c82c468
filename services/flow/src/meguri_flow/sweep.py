"""What has a pseudonym and is past its limit goes, though no worker runs.

`python -m meguri_flow.sweep`, every hour; the local run does so by itself. A worker that runs has sealed the
day before (`stream/sealing.py`), so the sweep finds nothing but what a worker that slept has written again.
Where it was not sealed, the day is lost as far as it was not complete, and marked so.
"""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path  # noqa: TC003  pydantic reads the annotation when the class is made
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from meguri_kit.clickhouse.server import ServerStore
from meguri_kit.clickhouse.store import StoreError
from meguri_kit.log import LogUnavailableError, delete_appended_before, partition_count
from meguri_kit.logging import configure as configure_logging
from meguri_kit.settings import read_towns
from meguri_proto.key_days import day_date
from meguri_proto.topics import DAYS_PER_SHARD, town_partitions
from meguri_proto.towns import Clock, TownFileError
from pydantic_settings import BaseSettings, SettingsConfigDict

from meguri_flow.domain.day import SEALED_AFTER_MS
from meguri_flow.domain.day_rules import DayKey
from meguri_flow.domain.snapshot import SnapshotError
from meguri_flow.stream.inserts import BY_DAY, insert
from meguri_flow.stream.sealing import whole_days
from meguri_flow.stream.snapshots import Snapshots

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meguri_kit.clickhouse.store import Store
    from meguri_proto.towns import Town

logger = logging.getLogger(__name__)

TOPIC = "detections"
RESERVE_MS = 3_600_000
"""So long after a day was to be sealed, who was to seal it does not run."""
LOST = 3
"""Version of a row in `sealed_days` that the sweep writes: it stays, whatever a worker marks later."""


class Swept(NamedTuple):
    """What a sweep found to drop."""

    days: list[tuple[str, int]]
    """Town and key day of rows with pseudonyms."""
    snapshots: list[int]
    """Partitions whose snapshots held a day past its limit."""


def is_past(town: Town, key_day: int, now_ms: int) -> bool:
    """Whether the pseudonyms of a live town's key day have lived too long by the wall clock."""
    _, end_ms = town.day_bounds_ms(key_day)
    return town.clock == Clock.LIVE and end_ms + SEALED_AFTER_MS + RESERVE_MS <= now_ms


def sweep_store(store: Store, towns: Mapping[str, Town], now_ms: int) -> Swept:
    """Drop rows and snapshots that are past their limit, or of days that were sealed before.

    Args:
        store: holds them.
        towns: by name; of others only what was sealed before is dropped, since nobody says their time.
        now_ms: by the wall clock.

    Raises:
        StoreError: see `Store`; sweeping again is safe.
    """
    found = [
        (str(row["town"]), int(str(row["day"]))) for row in store.query("meguri_flow/days_with_pseudonyms")
    ]
    dropped = whole_days(store, [DayKey(town, key_day) for town, key_day in found])
    for town, key_day in found:
        if (town, key_day) not in dropped and town in towns and is_past(towns[town], key_day, now_ms):
            _mark(store, town, key_day, now_ms)
            dropped.append((town, key_day))
    for town, key_day in dropped:
        for table in sorted(BY_DAY):
            store.drop_partition(table, town, day_date(key_day))
    return Swept(dropped, _sweep_snapshots(store, towns, now_ms))


def sweep_log(bootstrap: str, towns: Mapping[str, Town], now_ms: int) -> None:
    """Delete the records of live towns' days that are past their limit.

    Raises:
        LogUnavailableError: Kafka did not answer in time; sweeping again is safe.
    """
    limits = record_limits(towns.values(), partition_count(bootstrap, TOPIC), now_ms)
    delete_appended_before(bootstrap, TOPIC, limits)


def record_limits(towns: Iterable[Town], partitions: int, now_ms: int) -> dict[int, int]:
    """Until when what was appended to each partition is past its limit: milliseconds of the wall clock.

    The records of a key day that ended stand before those of the day that is next in its partition, which
    begins two days after the limit. Where towns share a partition, the last to reach its limit counts.
    """
    limits: dict[int, int] = {}
    for town in towns:
        if town.clock != Clock.LIVE or not partitions:
            continue
        today = town.key_day_at(now_ms)
        past = [day for day in range(today, today - 2 * DAYS_PER_SHARD, -1) if is_past(town, day, now_ms)]
        for partition in town_partitions(town.town, partitions, town.slices):
            newest = next(day for day in past if day % DAYS_PER_SHARD == partition % DAYS_PER_SHARD)
            limit = town.day_bounds_ms(newest)[1] + SEALED_AFTER_MS
            limits[partition] = min(limit, limits.get(partition, limit))
    return limits


def _mark(store: Store, town: str, key_day: int, now_ms: int) -> None:
    """Say that a day was not sealed by a worker, and lost if it was not complete."""
    slices = store.query("meguri_flow/slices_of_day", {"town": town, "key_day": day_date(key_day)})
    slices = slices or [{"slice": 0, "generation": 0, "complete": 0}]
    insert(
        store,
        "sealed_days",
        {
            "town": [town] * len(slices),
            "key_day": np.full(len(slices), key_day, np.int32),
            "slice": [row["slice"] for row in slices],
            "generation": [row["generation"] for row in slices],
            "sealed_ms": [now_ms] * len(slices),
            "dropped": [1] * len(slices),
            "lost": [int(not row["complete"]) for row in slices],
            "version": [LOST] * len(slices),
        },
    )
    logger.warning(
        "key day %s was not sealed in time by a worker of the flow; its pseudonyms are dropped",
        day_date(key_day),
        extra={"town": town},
    )


def _sweep_snapshots(store: Store, towns: Mapping[str, Town], now_ms: int) -> list[int]:
    """Drop what no worker loads any more; and all, where the newest holds a day past its limit.

    A partition without a snapshot is folded from the start of what Kafka has of it, and of the days that are
    not sealed Kafka has everything.
    """
    snapshots = Snapshots(store, TOPIC)
    swept = []
    for partition, slot in snapshots.newest_slots().items():
        snapshots.drop_before(partition, slot)
        loaded = snapshots.load(partition)
        held = loaded.partition.days if loaded else ()
        if any(key.town in towns and is_past(towns[key.town], key.key_day, now_ms) for key in held):
            snapshots.drop(partition)
            swept.append(partition)
    return swept


class _Settings(BaseSettings):
    """Environment variables `MEGURI_...`."""

    model_config = SettingsConfigDict(env_prefix="MEGURI_")

    kafka: str
    """`MEGURI_KAFKA`: `host:port` of a broker, several separated by commas."""
    clickhouse_url: str
    """`MEGURI_CLICKHOUSE_URL`: `clickhouse://user:password@host:9000/database`."""
    towns: Path
    """`MEGURI_TOWNS`: the folder of town files (`*.yaml`)."""


def main() -> int:
    """Sweep once; exit status 1 if something could not be, for who runs it every hour to try again."""
    settings = _Settings()
    configure_logging()
    now_ms = int(time.time() * 1000)
    store = ServerStore(settings.clickhouse_url)
    try:
        towns = read_towns(settings.towns)
        sweep_store(store, towns, now_ms)
        sweep_log(settings.kafka, towns, now_ms)
    except (TownFileError, StoreError, SnapshotError, LogUnavailableError) as error:
        logger.error("not everything was swept: %s", error)  # noqa: TRY400  the sentence is all there is to it
        return 1
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
