"""Town files (`infra/towns/*.yaml`): places, sensors and the rules by which a town's days are folded."""

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
from meguri_proto.schema.log_pb2 import Rules, SensorRule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_T = TypeVar("_T")
_KINDS: dict[type[yaml.Node], str] = {yaml.MappingNode: "mapping", yaml.SequenceNode: "sequence"}
_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")


class Clock(StrEnum):
    """Who says what time it is in the town."""

    LIVE = "live"
    """Ingest ticks from the wall clock."""
    RECORDING = "recording"
    """Only the replayer ticks."""


class TownFileError(ValueError):
    """The file is no town file; the message names file, line, what stands there and what was expected."""


@dataclass(frozen=True)
class Place:
    """Somewhere that people visit; its names by language."""

    place: str
    names: Mapping[str, str]


@dataclass(frozen=True)
class Sensor:
    """A sensor, the place that it hears and the weakest signal (dBm) that counts as inside."""

    sensor: str
    place: str
    minimum_rssi: int


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
        optional=("day_start", "gap", "lateness", "clock_lead", "k", "clock"),
    )

    def optional(name: str, parse: Callable[[yaml.Node], _T], default: _T) -> _T:
        return parse(top[name]) if name in top else default

    places = {}
    for key, node in reader.entries(top["places"], "places"):
        places[key] = Place(key, reader.names(node))
    sensors = {}
    for key, node in reader.entries(top["sensors"], "sensors"):
        fields = reader.mapping(node, f"sensor {key}", required=("place", "minimum_rssi"))
        place = reader.text(fields["place"])
        if place not in places:
            raise reader.error(fields["place"], f"a place of this town ({', '.join(places)})")
        sensors[key] = Sensor(key, place, reader.integer(fields["minimum_rssi"], -127, 0))
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
    )


class _Reader:
    """Reads YAML nodes into values, each with the error that names its line."""

    def __init__(self, source: str) -> None:
        self._source = source

    def error(self, node: yaml.Node, expected: str) -> TownFileError:
        found = repr(node.value) if isinstance(node, yaml.ScalarNode) else f"a {_KINDS[type(node)]}"
        line = node.start_mark.line + 1
        return TownFileError(f"{self._source}, line {line}: found {found}, expected {expected}")

    def entries(self, node: yaml.Node, what: str) -> list[tuple[str, yaml.Node]]:
        """Name and value of a mapping with at least one entry; each name once."""
        if not isinstance(node, yaml.MappingNode) or not node.value:
            raise self.error(node, f"{what}: a mapping with at least one entry")
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self.name(key)
            if name in found:
                raise self.error(key, f"each of {what} once")
            found[name] = value
        return list(found.items())

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
        fields = self.mapping(node, "a name in two languages", required=("ja", "en"))
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
