"""A worker of the flow in this process, for as long as a bench needs it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from meguri_flow import metrics
from meguri_flow.app import Flow
from meguri_kit.log import LogProducer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench_engines import Engines
    from meguri_kit.clickhouse.store import Store

PATIENCE_SECONDS = 300


@contextmanager
def running_flow(engines: Engines, store: Store) -> Iterator[Flow]:
    """A flow that was started; it may still be compiling its kernels."""
    log = LogProducer(engines.bootstrap)
    flow = Flow(engines.bootstrap, store, log, engines.redis_url, engines.folder)
    flow.start()
    try:
        yield flow
    finally:
        flow.stop()
        log.close()


def folded_messages(partition: int) -> int:
    """So far, in this process."""
    return int(metrics.FOLDED_MESSAGES.labels(partition)._value.get())


def wait_until(flow: Flow, is_so: Callable[[], bool], every: float = 0.02) -> None:
    """Wait for a condition, as long as the flow works; it is asked every so many seconds.

    Raises:
        TimeoutError: it has not come true.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if flow.failed:
            raise flow.failed
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so after {PATIENCE_SECONDS} s; is the machine too slow for this much?")
        time.sleep(every)
