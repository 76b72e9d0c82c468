"""What the guide counts. One object an app, so that several apps live in one process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

_PREFIX = "meguri_qrguide"


class Metrics:
    """Every metric of the guide's own, each with its sentence; `meguri_kit.metrics` counts requests."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.openings = Counter(
            f"{_PREFIX}_events",
            "Openings of sights, by outcome (logged, dropped_queue_full, dropped_log_away).",
            ["outcome"],
            registry=self.registry,
        )
        self.accepted = Counter(
            f"{_PREFIX}_accepted",
            "Posted items that Kafka acknowledged, by what they are (events, answers).",
            ["items"],
            registry=self.registry,
        )
        self.rejected = Counter(
            f"{_PREFIX}_rejected",
            "Posted items and bodies not accepted, by what they are (events, answers, body) and reason.",
            ["items", "reason"],
            registry=self.registry,
        )
        self.refused = Counter(
            f"{_PREFIX}_refused",
            "Posts that were asked to come again because Kafka did not acknowledge.",
            registry=self.registry,
        )
        self.limited = Counter(
            f"{_PREFIX}_limited",
            "Posts that were asked to come again because their address had posted too much.",
            registry=self.registry,
        )
        self.redis_failures = Counter(
            f"{_PREFIX}_redis_failures",
            "Posts that were limited in memory because Redis did not answer.",
            registry=self.registry,
        )
