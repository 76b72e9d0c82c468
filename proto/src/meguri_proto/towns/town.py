"""A town: what stands where in it, and the rules that fold its days."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING

from meguri_proto.key_days import key_day_at, start_ms
from meguri_proto.schema.log_pb2 import Rules, SensorRule

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import time
    from zoneinfo import ZoneInfo

    from meguri_proto.quantities import Quantity


class Clock(StrEnum):
    """Who says what time it is in the town."""

    LIVE = "live"
    """Ingest ticks from the wall clock."""
    RECORDING = "recording"
    """Only the replayer ticks."""


class PlaceKind(StrEnum):
    """What a place is to its visitors; it chooses the sign on the map."""

    SIGHT = "sight"
    ROADSIDE_STATION = "roadside_station"
    CAVE = "cave"
    STREET = "street"
    RESTAURANT = "restaurant"
    HOTEL = "hotel"
    PARKING = "parking"
    BUS_STOP = "bus_stop"


@dataclass(frozen=True)
class Place:
    """Somewhere that people visit."""

    place: str
    names: Mapping[str, str]
    """By language."""
    kind: PlaceKind = PlaceKind.SIGHT
    at: tuple[int, int] | None = None
    """Where the schematic map has it: percent from west to east, percent from north to south."""


@dataclass(frozen=True)
class Sensor:
    """A sensor, the place that it hears and the weakest signal (dBm) that counts as inside."""

    sensor: str
    place: str
    minimum_rssi: int


@dataclass(frozen=True)
class Shop:
    """A shop whose till tells its sales; its names by language, and where it stands."""

    shop: str
    names: Mapping[str, str]
    place: str


@dataclass(frozen=True)
class Counter:
    """A counting sensor, where it stands and what it counts."""

    counter: str
    place: str
    counts: Quantity


@dataclass(frozen=True)
class Town:
    """One town file, checked. Durations are in milliseconds."""

    town: str
    names: Mapping[str, str]
    zone: ZoneInfo
    day_start: time
    gap_ms: int
    lateness_ms: int
    clock_lead_ms: int
    k: int
    clock: Clock
    slices: int
    """Into how many parts its devices are divided, each folded by itself; 1 unless it outgrows a core."""
    staff_ms: int
    """A device that stays this long by day (`by_day`) is staff's; 0: none is marked."""
    equipment_ms: int
    """And one that stays this long is equipment, such as a printer; 0: none is marked."""
    places: Mapping[str, Place]
    sensors: Mapping[str, Sensor]
    shops: Mapping[str, Shop]
    counters: Mapping[str, Counter]
    sights: Mapping[int, str]
    """The guide's sights by number, each with its place."""
    ways: tuple[tuple[str, str], ...]
    """Pairs of places that a way joins, as the schematic map draws them."""

    def key_day_at(self, time_ms: int) -> int:
        """The key day to which an instant belongs."""
        return key_day_at(time_ms, self.zone, self.day_start)

    def day_bounds_ms(self, key_day: int) -> tuple[int, int]:
        """First instant of the key day, and of the next."""
        return (
            start_ms(key_day, self.zone, self.day_start),
            start_ms(key_day + 1, self.zone, self.day_start),
        )

    def rules(self, key_day: int) -> Rules:
        """The record that opens a key day in the log, as its slice 0 has it."""
        start, end = self.day_bounds_ms(key_day)
        rules = Rules(
            town=self.town,
            gap_ms=self.gap_ms,
            lateness_ms=self.lateness_ms,
            slices=self.slices,
            staff_ms=self.staff_ms,
            equipment_ms=self.equipment_ms,
            sensors=[
                SensorRule(sensor=s.sensor, place=s.place, minimum_rssi=s.minimum_rssi)
                for s in self.sensors.values()
            ],
        )
        content = rules.SerializeToString(deterministic=True)
        rules.version = int.from_bytes(blake2b(content, digest_size=4).digest(), "little")
        rules.key_day, rules.day_start_ms, rules.day_end_ms = key_day, start, end
        return rules
