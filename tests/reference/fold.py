"""The fold as a newcomer would write it: slow, obvious, and what the fast one has to agree with.

Walk through the messages and keep the detections that count; at the end, sort and cut them into visits.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

BIN_MS = 5 * 60_000
MOVE_MS = 3 * 3_600_000


@dataclass(frozen=True, order=True)
class Visit:
    place: str
    first_ms: int
    device: int
    last_ms: int
    receptions: int
    arrival: bool
    random: bool = False


@dataclass(frozen=True, order=True)
class Move:
    device: int
    first_ms: int
    place: str
    from_first_ms: int
    from_place: str
    ordinal: int
    random: bool


@dataclass(frozen=True)
class Detection:
    time_ms: int
    device: int
    rssi: int = -50
    random: bool = False


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

    @property
    def places(self) -> list[str]:
        """In the order in which the sensors name them."""
        return list(dict.fromkeys(place for place, _ in self.sensors.values()))


@dataclass
class Found:
    visits: list[Visit]
    moves: list[Move]
    presence: dict[tuple[str, int], int]
    late: int = 0
    weak: int = 0
    duplicates: int = 0
    heard: dict[tuple[int, bool, str], list[int]] = field(default_factory=dict)
    watermark_ms: float = float("-inf")


def fold(messages: list[Message], rules: DayRules) -> Found:
    """All visits of the day, as if the watermark had passed everything."""
    found = Found([], [], {})
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
                    heard[detection.device, detection.random, place].append(detection.time_ms)
    found.heard = dict(heard)
    found.watermark_ms = greatest - rules.lateness_ms
    for (device, random, place), times in heard.items():
        found.visits += visits_of(device, place, times, rules, random=random)
    found.visits.sort()
    found.moves = moves_of(found.visits, rules)
    found.presence = presence(found.visits, rules)
    return found


def visits_of(
    device: int, place: str, times: list[int], rules: DayRules, *, random: bool = False
) -> list[Visit]:
    """Cut one device's times at one place wherever the pause is longer than the gap."""
    times = sorted(times)
    runs = [[times[0]]]
    for time in times[1:]:
        if time - runs[-1][-1] > rules.gap_ms:
            runs.append([])
        runs[-1].append(time)
    return [
        Visit(place, run[0], device, run[-1], len(run), run[0] > rules.start_ms + rules.gap_ms, random)
        for run in runs
    ]


def moves_of(visits: list[Visit], rules: DayRules) -> list[Move]:
    """Lead each device from visit to visit, where the next begins soon enough after the end of the last."""
    of_device = defaultdict(list)
    for visit in visits:
        of_device[visit.device, visit.random].append(visit)
    moves = []
    for (device, random), its in of_device.items():
        ordinal = 0
        for before, visit in pairwise(sorted(its, key=lambda v: (v.first_ms, rules.places.index(v.place)))):
            is_move = visit.first_ms - before.last_ms <= max(MOVE_MS, rules.gap_ms)
            ordinal = ordinal + 1 if is_move else 0
            if is_move:
                moves.append(
                    Move(device, visit.first_ms, visit.place, before.first_ms, before.place, ordinal, random)
                )
    return sorted(moves)


def presence(visits: list[Visit], rules: DayRules) -> dict[tuple[str, int], int]:
    """How many visits overlap each five-minute bin (named by place and first instant)."""
    counts = defaultdict(int)
    for visit in visits:
        first = (visit.first_ms - rules.start_ms) // BIN_MS
        last = (visit.last_ms - rules.start_ms) // BIN_MS
        for number in range(first, last + 1):
            counts[visit.place, rules.start_ms + number * BIN_MS] += 1
    return dict(counts)
