"""What has outlived its key day goes before anything is served, and every hour from then on."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from meguri_flow.sweep import sweep_log, sweep_store
from meguri_kit.clickhouse.store import StoreError
from meguri_kit.log import LogUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_kit.clickhouse.store import Store
    from meguri_proto.towns import Town

logger = logging.getLogger(__name__)

SWEEP_SECONDS = 3600.0


def sweep(store: Store, bootstrap: str, towns: Mapping[str, Town]) -> None:
    """Drop what has a pseudonym and is past its limit now. Blocks.

    Raises:
        StoreError, SnapshotError, LogUnavailableError: not everything was swept; doing it again is safe.
    """
    now_ms = int(time.time() * 1000)
    sweep_store(store, towns, now_ms)
    sweep_log(bootstrap, towns, now_ms)


async def sweep_hourly(store: Store, bootstrap: str, towns: Mapping[str, Town]) -> None:
    """Sweep again and again, and never return."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            await asyncio.to_thread(sweep, store, bootstrap, towns)
        except (StoreError, LogUnavailableError) as error:
            logger.warning("not everything was swept, which is tried again in an hour: %s", error)
