"""The fold as a newcomer would write it: slow, obvious, and what the fast one has to agree with.

Walk through the messages and keep the detections that count; at the end, sort and cut them into visits.
"""

from collections import defaultdict
from dataclasses import dataclass, field

BIN_MS = 5 * 60_000


@dataclass(frozen=True, order=True)
class Visit:
    place: str
    first_ms: int
    device: int
    last_ms: int
    receptions: int
    arrival: bool


@dataclass(frozen=True)
class Detection:
    time_ms: int
    device: int
    rssi: int = -50


@dataclass(frozen=True)
class Delivery:
    """One segment: what one sensor delivers under one (boot, sequence)."""

    sensor: str
    boot: int
    sequence: int
    detections: tuple[Detection, ...]


@dataclass(frozen=True)
class Message:
    """One message of the log: deliveries, or a tick."""

    deliveries: tuple[Delivery, ...] = ()
    tick_ms: int | None = None


@dataclass(frozen=True)
class DayRules:
    start_ms: int
    end_ms: int
    gap_ms: int
    lateness_ms: int
    sensors: dict[str, tuple[str, int]]  # place and minimum RSSI of each


@dataclass
class Found:
    visits: list[Visit]
    presence: dict[tuple[str, int], int]
    late: int = 0
    weak: int = 0
    duplicates: int = 0
    heard: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    watermark_ms: float = float("-inf")


def fold(messages: list[Message], rules: DayRules) -> Found:
    """All visits of the day, as if the watermark had passed everything."""
    found = Found([], {})
    greatest = float("-inf")
    heard = defaultdict(list)
    delivered = set()
    for message in messages:
        watermark = greatest - rules.lateness_ms  # a message is judged against the watermark before it
        if message.tick_ms is not None:
            greatest = max(greatest, message.tick_ms)
        for delivery in message.deliveries:
            name = (delivery.sensor, delivery.boot, delivery.sequence)
            if name in delivered:
                found.duplicates += len(delivery.detections)
                continue
            delivered.add(name)
            place, minimum_rssi = rules.sensors[delivery.sensor]
            for detection in delivery.detections:
                greatest = max(greatest, detection.time_ms)
                if detection.time_ms < watermark:
                    found.late += 1
                elif detection.rssi < minimum_rssi and detection.rssi != -128:
                    found.weak += 1
                else:
                    heard[detection.device, place].append(detection.time_ms)
    found.heard = dict(heard)
    found.watermark_ms = greatest - rules.lateness_ms
    for (device, place), times in heard.items():
        found.visits += visits_of(device, place, times, rules)
    found.visits.sort()
    found.presence = presence(found.visits, rules)
    return found


def visits_of(device: int, place: str, times: list[int], rules: DayRules) -> list[Visit]:
    """Cut one device's times at one place wherever the pause is longer than the gap."""
    times = sorted(times)
    runs = [[times[0]]]
    for time in times[1:]:
        if time - runs[-1][-1] > rules.gap_ms:
            runs.append([])
        runs[-1].append(time)
    return [
        Visit(place, run[0], device, run[-1], len(run), run[0] > rules.start_ms + rules.gap_ms)
        for run in runs
    ]


def presence(visits: list[Visit], rules: DayRules) -> dict[tuple[str, int], int]:
    """How many visits overlap each five-minute bin (named by place and first instant)."""
    counts = defaultdict(int)
    for visit in visits:
        first = (visit.first_ms - rules.start_ms) // BIN_MS
        last = (visit.last_ms - rules.start_ms) // BIN_MS
        for number in range(first, last + 1):
            counts[visit.place, rules.start_ms + number * BIN_MS] += 1
    return dict(counts)
