"""A day as most streams carry it, one JSON object a detection, and the visits that are the truth of it."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic

sys.path.insert(0, str(Path(__file__).parents[1]))
from reference.fold import DayRules, visits_of  # the tests' folder is no package

if TYPE_CHECKING:
    from packed_day import PackedDay

CLOSING = "closing"
"""The device of the last message."""

Visit = tuple[str, str, int, int, int]
"""Device, place, first and last instant in milliseconds, receptions."""


def append(bootstrap: str, topic: str, day: PackedDay) -> int:
    """Make the topic, of one partition, and fill it; how many messages that are.

    The key is device/place, so that who groups by it need not shuffle. The last message is so late that
    it closes all others' visits.
    """
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks=1, linger_ms=20, batch_size=1 << 18)
    closing_ms = day.rules.day_end_ms + 2 * day.rules.gap_ms + day.rules.lateness_ms + 1
    for device, place, time_ms, rssi in [*_rows(day), (CLOSING, day.places[0], closing_ms, 0)]:
        message = {"device": device, "place": place, "time_ms": time_ms, "rssi": rssi}
        producer.send(topic, json.dumps(message).encode(), f"{device}/{place}".encode())
    producer.flush()
    producer.close()
    return len(day) + 1


def truth(day: PackedDay) -> set[Visit]:
    """What the reference finds; nothing of the day is late."""
    heard = defaultdict(list)
    for device, place, time_ms, rssi in _rows(day):
        if rssi >= day.minimum_rssi:
            heard[device, place].append(time_ms)
    rules = DayRules(day.rules.day_start_ms, day.rules.day_end_ms, day.rules.gap_ms, 0, {})
    return {
        (device, place, visit.first_ms, visit.last_ms, visit.receptions)
        for (device, place), times in heard.items()
        for visit in visits_of(device, place, times, rules)
    }


def _rows(day: PackedDay) -> list[tuple[str, str, int, int]]:
    """Device, place, time and signal of each detection."""
    places = day.places
    columns = (day.device.tolist(), day.place.tolist(), day.time_ms.tolist(), day.rssi.tolist())
    return [
        (f"{device:016x}", places[place], time_ms, rssi)
        for device, place, time_ms, rssi in zip(*columns, strict=True)
    ]
