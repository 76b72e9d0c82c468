"""Guide events, one message to one row, acknowledged in order after the write."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

from meguri_kit.clickhouse.store import StoreUnavailableError
from meguri_proto.key_days import day_date
from meguri_proto.reasons import RejectReason
from meguri_proto.records import UnreadableError, read_guide_events

from meguri_flow import metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import faust
    from meguri_kit.clickhouse.store import Column, Store

logger = logging.getLogger(__name__)

TOPIC = "guide-events"
MOST_EVENTS = 500
WAIT_SECONDS = 1.0
RETRY_SECONDS = 2.0


def rows(values: Iterable[bytes]) -> dict[str, Column]:
    """Columns of the table `guide_events`; what cannot be read is counted and left out."""
    events = []
    for value in values:
        try:
            events += read_guide_events(value)
        except UnreadableError:
            metrics.REJECTED_GUIDE_EVENTS.labels(RejectReason.UNREADABLE).inc()
            logger.warning("a guide event of %d bytes cannot be read", len(value))
    names = ("town", "event_id", "sight", "language", "kind", "at_ms", "version")
    columns: dict[str, Column] = {name: [getattr(event, name) for event in events] for name in names}
    return {**columns, "key_day": [day_date(event.key_day) for event in events]}


def add_agent(app: faust.App, store: Store) -> None:
    """Give the app the agent that writes the topic's events to ClickHouse."""
    topic = app.topic(TOPIC, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    async def write_guide_events(stream: faust.StreamT[Any]) -> None:
        # The method is not part of the interface that faust declares for agents.
        events_of = cast("faust.Stream[faust.EventT[bytes]]", stream).noack_take
        async for events in events_of(MOST_EVENTS, within=WAIT_SECONDS):
            await _write(store, [event.value for event in events])
            for event in events:
                event.ack()

    app.agent(topic)(write_guide_events)


async def _write(store: Store, values: Sequence[bytes]) -> None:
    columns = rows(values)
    if not columns["town"]:
        return
    while True:
        try:
            await asyncio.to_thread(store.insert, "guide_events", columns)
        except StoreUnavailableError as error:
            metrics.SINK_RETRIES.inc()
            logger.warning("guide events wait, trying again in %s s: %s", RETRY_SECONDS, error)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            metrics.GUIDE_EVENTS.inc(len(columns["town"]))
            return
