"""The Faust app of a worker: what it is told, and its agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import faust

from meguri_flow.stream import guide_events

if TYPE_CHECKING:
    from pathlib import Path

    from meguri_kit.clickhouse.store import Store


def faust_app(bootstrap: str, store: Store, folder: Path) -> faust.App:
    """An app without tables, topics or pages of its own: its agents write one-to-one topics to the store.

    The session is short, so that a killed worker's partitions move on within seconds.
    """
    app = faust.App(
        "meguri-flow",
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=str(folder),
        autodiscover=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        stream_wait_empty=False,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.0,
    )
    app.finalize()
    guide_events.add_agent(app, store)
    return app
