"""Town files (`infra/towns/*.yaml`): what stands where in a town, and the rules that fold its days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from meguri_proto.key_days import key_day_at, start_ms
from meguri_proto.quantities import Quantity
from meguri_proto.schema.log_pb2 import Rules, SensorRule

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_T = TypeVar("_T")
_KINDS: dict[type[yaml.Node], str] = {yaml.MappingNode: "mapping", yaml.SequenceNode: "sequence"}
_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
LANGUAGES = ("ja", "en")
"""In which a town file names things."""
_COUNTED = (Quantity.PEOPLE, Quantity.WIFI_DEVICES, Quantity.BLE_DEVICES)
"""What a counting sensor may count; the other quantities come of detections."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")


class Clock(StrEnum):
    """Who says what time it is in the town."""

    LIVE = "live"
    """Ingest ticks from the wall clock."""
    RECORDING = "recording"
    """Only the replayer ticks."""


class TownFileError(ValueError):
    """The file is no town file; the message names file, line, what stands there and what was expected."""


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
        """The record that opens a key day in the log."""
        start, end = self.day_bounds_ms(key_day)
        rules = Rules(
            town=self.town,
            gap_ms=self.gap_ms,
            lateness_ms=self.lateness_ms,
            sensors=[
                SensorRule(sensor=s.sensor, place=s.place, minimum_rssi=s.minimum_rssi)
                for s in self.sensors.values()
            ],
        )
        content = rules.SerializeToString(deterministic=True)
        rules.version = int.from_bytes(blake2b(content, digest_size=4).digest(), "little")
        rules.key_day, rules.day_start_ms, rules.day_end_ms = key_day, start, end
        return rules


def parse_town(text: str, source: str) -> Town:
    """Read a town file's text; `source` is the name that errors give to it.

    Raises:
        TownFileError: with source, line, what stands there and what was expected.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise TownFileError(f"{source}, line {line}: this is not YAML: {error.problem}") from error
    if root is None:
        raise TownFileError(f"{source}, line 1: the file is empty; expected a town")
    reader = _Reader(source)
    top = reader.mapping(
        root,
        "the town",
        required=("town", "name", "time_zone", "places", "sensors"),
        optional=(
            *("day_start", "gap", "lateness", "clock_lead", "k", "clock"),
            *("shops", "counters", "sights", "ways"),
        ),
    )

    def optional(name: str, parse: Callable[[yaml.Node], _T], default: _T) -> _T:
        return parse(top[name]) if name in top else default

    places = {
        key: reader.place(key, node) for key, node in reader.entries(top["places"], "places", reader.name)
    }
    sensors = {}
    for key, node in reader.entries(top["sensors"], "sensors", reader.name):
        fields = reader.mapping(node, f"sensor {key}", required=("place", "minimum_rssi"))
        minimum_rssi = reader.integer(fields["minimum_rssi"], -127, 0)
        sensors[key] = Sensor(key, reader.one_of(fields["place"], places), minimum_rssi)
    shops = {}
    for key, node in reader.optional_entries(top, "shops", reader.name):
        fields = reader.mapping(node, f"shop {key}", required=("ja", "en", "place"))
        names = {language: reader.text(fields[language]) for language in LANGUAGES}
        shops[key] = Shop(key, names, reader.one_of(fields["place"], places))
    counters = {}
    for key, node in reader.optional_entries(top, "counters", reader.name):
        if key in sensors:
            raise reader.error(node, f"a counter with a name of its own: {key} is a sensor already")
        fields = reader.mapping(node, f"counter {key}", required=("place", "counts"))
        counts = Quantity(reader.one_of(fields["counts"], _COUNTED))
        counters[key] = Counter(key, reader.one_of(fields["place"], places), counts)
    sights = {
        number: reader.one_of(node, places)
        for number, node in reader.optional_entries(top, "sights", reader.sight_number)
    }
    return Town(
        town=reader.name(top["town"]),
        names=reader.names(top["name"]),
        zone=reader.zone(top["time_zone"]),
        day_start=optional("day_start", reader.clock_time, time(4)),
        gap_ms=optional("gap", lambda node: reader.duration_ms(node, 1_000, 24 * 3_600_000), 30 * 60_000),
        lateness_ms=optional(
            "lateness", lambda node: reader.duration_ms(node, 0, 24 * 3_600_000), 10 * 60_000
        ),
        clock_lead_ms=optional("clock_lead", lambda node: reader.duration_ms(node, 0, 3_600_000), 30_000),
        k=optional("k", lambda node: reader.integer(node, 1, 1_000), 5),
        clock=optional("clock", reader.clock, Clock.LIVE),
        places=places,
        sensors=sensors,
        shops=shops,
        counters=counters,
        sights=sights,
        ways=optional("ways", lambda node: reader.ways(node, places), ()),
    )


class _Reader:
    """Reads YAML nodes into values, each with the error that names its line."""

    def __init__(self, source: str) -> None:
        self._source = source

    def error(self, node: yaml.Node, expected: str) -> TownFileError:
        found = repr(node.value) if isinstance(node, yaml.ScalarNode) else f"a {_KINDS[type(node)]}"
        line = node.start_mark.line + 1
        return TownFileError(f"{self._source}, line {line}: found {found}, expected {expected}")

    def entries(
        self, node: yaml.Node, what: str, read_key: Callable[[yaml.Node], _T]
    ) -> list[tuple[_T, yaml.Node]]:
        """Key and value of a mapping with at least one entry; each key once."""
        if not isinstance(node, yaml.MappingNode) or not node.value:
            raise self.error(node, f"{what}: a mapping with at least one entry")
        found: dict[_T, yaml.Node] = {}
        for key_node, value in node.value:
            key = read_key(key_node)
            if key in found:
                raise self.error(key_node, f"each of {what} once")
            found[key] = value
        return list(found.items())

    def optional_entries(
        self, top: Mapping[str, yaml.Node], what: str, read_key: Callable[[yaml.Node], _T]
    ) -> list[tuple[_T, yaml.Node]]:
        """The entries of `what`; none if the file does not have it."""
        return self.entries(top[what], what, read_key) if what in top else []

    def place(self, key: str, node: yaml.Node) -> Place:
        fields = self.mapping(node, f"place {key}", required=LANGUAGES, optional=("kind", "at"))
        return Place(
            key,
            {language: self.text(fields[language]) for language in LANGUAGES},
            PlaceKind(self.one_of(fields["kind"], list(PlaceKind))) if "kind" in fields else PlaceKind.SIGHT,
            self.position(fields["at"]) if "at" in fields else None,
        )

    def position(self, node: yaml.Node) -> tuple[int, int]:
        east, south = self.pair(node, "a position such as [30, 65]: percent from the west and from the north")
        return self.integer(east, 0, 100), self.integer(south, 0, 100)

    def ways(self, node: yaml.Node, places: Collection[str]) -> tuple[tuple[str, str], ...]:
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(node, "ways as a list of pairs of places")
        pairs = (self.pair(way, "a pair of places such as [station, hall]") for way in node.value)
        return tuple((self.one_of(one, places), self.one_of(other, places)) for one, other in pairs)

    def pair(self, node: yaml.Node, expected: str) -> tuple[yaml.Node, yaml.Node]:
        if not isinstance(node, yaml.SequenceNode) or len(node.value) != 2:  # noqa: PLR2004 - a pair
            raise self.error(node, expected)
        one, other = node.value
        return one, other

    def one_of(self, node: yaml.Node, known: Collection[str]) -> str:
        text = self.text(node)
        if text not in known:
            raise self.error(node, f"one of {', '.join(known)}")
        return text

    def sight_number(self, node: yaml.Node) -> int:
        return self.integer(node, 1, 99_999)

    def mapping(
        self, node: yaml.Node, what: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self.error(node, f"{what} as a mapping with {', '.join(required)}")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if key.value not in (*required, *optional):
                raise self.error(key, f"one of {', '.join((*required, *optional))}")
            if key.value in found:
                raise self.error(key, f"{key.value} once")
            found[key.value] = value
        for name in required:
            if name not in found:
                raise self.error(node, f"{what} with a {name}")
        return found

    def text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self.error(node, "a text")
        return str(node.value)

    def name(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or not _NAME.fullmatch(node.value):
            raise self.error(node, "a name of a-z, 0-9 and hyphens")
        return str(node.value)

    def names(self, node: yaml.Node) -> dict[str, str]:
        fields = self.mapping(node, "a name in two languages", required=LANGUAGES)
        return {language: self.text(value) for language, value in fields.items()}

    def integer(self, node: yaml.Node, least: int, most: int) -> int:
        expected = f"a whole number from {least} to {most}"
        try:
            value = int(self.text(node))
        except ValueError:
            raise self.error(node, expected) from None
        if not least <= value <= most:
            raise self.error(node, expected)
        return value

    def duration_ms(self, node: yaml.Node, least: int, most: int) -> int:
        try:
            value = parse_duration_ms(self.text(node))
        except ValueError:
            raise self.error(node, "a duration such as 30m, 90s or 1h") from None
        if not least <= value <= most:
            raise self.error(node, f"a duration from {least / 1000:g}s to {most / 1000:g}s")
        return value

    def clock_time(self, node: yaml.Node) -> time:
        match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", self.text(node))
        if not match:
            raise self.error(node, 'a time of day in quotes, such as "04:00"')
        return time(int(match[1]), int(match[2]))

    def zone(self, node: yaml.Node) -> ZoneInfo:
        try:
            return ZoneInfo(self.text(node))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise self.error(node, "a time zone such as Asia/Tokyo") from None

    def clock(self, node: yaml.Node) -> Clock:
        try:
            return Clock(self.text(node))
        except ValueError:
            raise self.error(node, "live or recording") from None


def parse_duration_ms(text: str) -> int:
    """Milliseconds of a duration such as `30m`, `90s`, `1h` or `500ms`.

    Raises:
        ValueError: the text is no such duration.
    """
    match = re.fullmatch(r"(\d+)(ms|s|m|h)", text.strip())
    if not match:
        raise ValueError(f"{text!r} is no duration such as 30m, 90s or 1h")
    return int(match[1]) * _UNITS_MS[match[2]]
