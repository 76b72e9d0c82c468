"""The flow's composition: a Faust app in a thread of its own, with the fold and the one-to-one agents."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from typing import TYPE_CHECKING, Any

from meguri_flow.domain.day_rules import DayKey
from meguri_flow.domain.kernels import compile_kernels
from meguri_flow.stream.faust_app import faust_app
from meguri_flow.stream.fold_service import FoldService

if TYPE_CHECKING:
    from pathlib import Path

    from meguri_kit.clickhouse.store import Store
    from meguri_kit.log import Log

    from meguri_flow.stream.inspection import PartitionReport
    from meguri_flow.stream.refolding import DayProgress

logger = logging.getLogger(__name__)


class Flow:
    """A worker of the flow beside whatever else the process does.

    Args:
        bootstrap: Kafka's address, host:port.
        store: where rows and snapshots go.
        log: where dead letters go.
        redis_url: where the live numbers go.
        folder: where Faust may keep files of its own.
    """

    def __init__(self, bootstrap: str, store: Store, log: Log, redis_url: str, folder: Path) -> None:
        self._bootstrap = bootstrap
        self._store = store
        self._log = log
        self._redis_url = redis_url
        self._folder = folder
        self._fold: FoldService | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="meguri-flow", daemon=True)
        self._started = threading.Event()
        self.failed: BaseException | None = None
        """Why the worker ended by itself; a supervisor starts it again or says so."""

    def start(self) -> None:
        """Begin to work; returns at once."""
        self._thread.start()

    def wait_started(self, timeout: float) -> bool:
        """Whether the worker reads the log, waiting at most `timeout` seconds for it."""
        return self._started.wait(timeout)

    def stop(self, timeout: float = 15.0) -> None:
        """Write what is folded, leave the consumer groups, and end the thread."""
        if self._loop is not None and self._stopping is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout)
        if self._thread.is_alive():
            logger.warning(
                "the flow did not end within %s s; the next start repeats its last messages", timeout
            )

    def partitions(self) -> list[dict[str, Any]]:
        """What the fold owns: see `FoldService.partitions`."""
        return self._fold.partitions() if self._fold and self._started.is_set() else []

    async def inspect(self) -> list[PartitionReport]:
        """All that is known of the partitions that the fold owns; awaited in any event loop."""
        if self._fold is None or self._loop is None or self.failed:
            return []
        asked = asyncio.run_coroutine_threadsafe(self._fold.inspect(), self._loop)
        return await asyncio.wrap_future(asked)

    def day_progress(self, partition: int, town: str, key_day: int, slice_: int) -> DayProgress | None:
        """See `Refolding.progress`."""
        return self._fold.refolding.progress(partition, DayKey(town, key_day, slice_)) if self._fold else None

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # whatever ends the thread is for the supervisor to say
            logger.exception("the flow ended")
            self.failed = self.failed or error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        app = faust_app(self._bootstrap, self._store, self._log, self._folder)
        await asyncio.to_thread(compile_kernels)
        fold = FoldService(self._bootstrap, self._store, self._log, self._redis_url)
        self._fold = fold
        try:
            await app.add_runtime_dependency(fold)
            await app.start()
            self._started.set()
            await _until_ended(self._stopping, fold, app)
        except Exception as error:
            self.failed = error  # said before the rest is stopped, which may wait for who does not answer
            raise
        finally:
            await app.stop()


async def _until_ended(stopping: asyncio.Event, *services: Any) -> None:  # noqa: ANN401  Faust is named in stream/ alone
    """Return when told to stop; raise what ended a service by itself."""
    while not stopping.is_set():
        for service in services:
            if service.crashed:
                raise service.crash_reason or RuntimeError(f"{service.label} ended")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), 0.2)
