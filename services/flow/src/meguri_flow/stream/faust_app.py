"""The Faust app of a worker: what it is told, and its agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import faust

from meguri_flow.stream.one_to_one import add_agent
from meguri_flow.stream.topic_rows import ONE_TO_ONE

if TYPE_CHECKING:
    from pathlib import Path

    from meguri_kit.clickhouse.store import Store
    from meguri_kit.log import Log


def faust_app(bootstrap: str, store: Store, log: Log, folder: Path) -> faust.App:
    """An app without tables, topics or pages of its own: its agents write one-to-one topics to the store.

    The session is short, so that a killed worker's partitions move on within seconds. So is the time until
    an acknowledgement shows in Kafka: that a topic is written up to its end is seen by it.
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
        broker_commit_interval=0.5,
    )
    app.finalize()
    for one_to_one in ONE_TO_ONE:
        add_agent(app, one_to_one, store, log)
    return app
