"""What ingest counts. One object an app, so that several apps live in one process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

_PREFIX = "meguri_ingest"


class Metrics:
    """Every metric of ingest's own, each with its sentence; requests are counted by `meguri_kit.metrics`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.accepted = Counter(
            f"{_PREFIX}_detections_accepted", "Detections that Kafka acknowledged.", registry=self.registry
        )
        self.rejected = Counter(
            f"{_PREFIX}_rejected",
            "Items (batches, ranges of detections, sales, counts, bodies) not accepted, by reason.",
            ["reason"],
            registry=self.registry,
        )
        self.rejected_detections = Counter(
            f"{_PREFIX}_detections_rejected",
            "Detections in items that were not accepted, by reason.",
            ["reason"],
            registry=self.registry,
        )
        self.accepted_sales = Counter(
            f"{_PREFIX}_sales_accepted",
            "Sales and their later versions that Kafka acknowledged.",
            registry=self.registry,
        )
        self.accepted_counts = Counter(
            f"{_PREFIX}_counts_accepted", "Counts that Kafka acknowledged.", registry=self.registry
        )
        self.ignored = Counter(
            f"{_PREFIX}_ignored",
            "Items that are none of what was asked for, such as cash put into a till, by endpoint.",
            ["endpoint"],
            registry=self.registry,
        )
        self.messages = Counter(
            f"{_PREFIX}_messages", "Messages of detections that Kafka acknowledged.", registry=self.registry
        )
        self.message_detections = Histogram(
            f"{_PREFIX}_message_detections",
            "Detections in one message, after coalescing.",
            buckets=(1, 10, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000),
            registry=self.registry,
        )
        self.waiting_seconds = Histogram(
            f"{_PREFIX}_waiting_seconds",
            "Seconds from a delivery's arrival at the coalescer to Kafka's acknowledgement.",
            registry=self.registry,
        )
        self.refused = Counter(
            f"{_PREFIX}_refused",
            "Requests refused as a whole (token, role, town, rate, log, registry, signature), by cause.",
            ["cause"],
            registry=self.registry,
        )
        self.ticks = Counter(f"{_PREFIX}_ticks", "Ticks appended, one a town.", registry=self.registry)
        self.keys_destroyed = Counter(
            f"{_PREFIX}_keys_destroyed", "Day keys destroyed after their day.", registry=self.registry
        )
        self.redis_failures = Counter(
            f"{_PREFIX}_redis_failures",
            "Requests let through uncounted because Redis did not answer.",
            registry=self.registry,
        )
