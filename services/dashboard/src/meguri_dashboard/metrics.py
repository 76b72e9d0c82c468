"""The dashboard's own metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

from meguri_dashboard.live import Link

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from meguri_dashboard.changes import Subscribers
    from meguri_dashboard.live import LiveBoard


def chart_counter(registry: CollectorRegistry) -> Counter:
    """Counts what became of the charts that had to be drawn."""
    return Counter(
        "meguri_dashboard_charts",
        "Charts that had to be drawn because the cache had none, by outcome (drawn, failed).",
        ["outcome"],
        registry=registry,
    )


def measure(registry: CollectorRegistry, subscribers: Subscribers, live: LiveBoard) -> None:
    """Register what the parts know about themselves; read when Prometheus asks."""
    Gauge(
        "meguri_dashboard_event_connections",
        "Pages that are open and hear of changes by server-sent events.",
        registry=registry,
    ).set_function(lambda: subscribers.count)
    Gauge(
        "meguri_dashboard_live_link_up",
        "1 while live numbers can arrive from Redis, else 0.",
        registry=registry,
    ).set_function(lambda: live.link is Link.UP)
