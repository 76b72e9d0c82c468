"""Agents of the topics that map one to one to rows: write, then acknowledge in order."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

from meguri_kit.clickhouse.store import StoreUnavailableError
from meguri_kit.log import LogUnavailableError

from meguri_flow import metrics
from meguri_flow.stream.inserts import insert

if TYPE_CHECKING:
    from collections.abc import Sequence

    import faust
    from meguri_kit.clickhouse.store import Store
    from meguri_kit.log import Log

    from meguri_flow.stream.topic_rows import OneToOne

logger = logging.getLogger(__name__)

MOST_MESSAGES = 500
"""Of one write."""
WAIT_SECONDS = 1.0
RETRY_SECONDS = 2.0


def add_agent(app: faust.App, one_to_one: OneToOne, store: Store, log: Log) -> None:
    """Give the app the agent that writes a topic's rows to ClickHouse."""
    topic = app.topic(
        one_to_one.topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )

    async def write_rows(stream: faust.StreamT[Any]) -> None:
        # The method is not part of the interface that faust declares for agents.
        events_of = cast("faust.Stream[faust.EventT[bytes]]", stream).noack_take
        async for events in events_of(MOST_MESSAGES, within=WAIT_SECONDS):
            try:
                await write(one_to_one, store, log, events)
            except Exception as error:
                # Faust would start the agent again after these messages, and acknowledge past them.
                await app.crash(error)
                raise
            for event in events:
                event.ack()

    app.agent(topic, name=f"meguri_flow.{one_to_one.table}")(write_rows)


async def write(one_to_one: OneToOne, store: Store, log: Log, events: Sequence[faust.EventT[bytes]]) -> None:
    """Write the rows of messages; what no table takes becomes a dead letter. Waits until both are done."""
    columns, rejected = one_to_one.rows(event.value for event in events)
    while True:
        try:
            while rejected:
                each = rejected[0]
                message = events[each.message].message
                await log.append(
                    "dead-letters",
                    b"",
                    headers=[
                        ("reason", each.reason.encode()),
                        ("source", f"{message.topic}/{message.partition}/{message.offset}".encode()),
                        ("rows", str(each.rows).encode()),
                    ],
                )
                metrics.REJECTED_ROWS.labels(one_to_one.topic, each.reason).inc(max(each.rows, 1))
                del rejected[0]
            await asyncio.to_thread(insert, store, one_to_one.table, columns)
        except (StoreUnavailableError, LogUnavailableError) as error:
            metrics.SINK_RETRIES.inc()
            logger.warning("%s wait, trying again in %s s: %s", one_to_one.topic, RETRY_SECONDS, error)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return
