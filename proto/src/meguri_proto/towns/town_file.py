"""Town files (`infra/towns/*.yaml`) read into towns."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, TypeVar

import yaml

from meguri_proto.quantities import Quantity
from meguri_proto.towns.town import Clock, Counter, Place, PlaceKind, Sensor, Shop, Town
from meguri_proto.towns.yaml_reader import TownFileError, YamlReader

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_T = TypeVar("_T")
LANGUAGES = ("ja", "en")
"""In which a town file names things."""
MOST_SLICES = 64
"""Of a town's day: many more than cores that one topic keeps busy."""
_HOUR_MS = 3_600_000
_COUNTED = (Quantity.PEOPLE, Quantity.WIFI_DEVICES, Quantity.BLE_DEVICES)
"""What a counting sensor may count; the other quantities come of detections."""


def parse_town(text: str, source: str) -> Town:
    """Read a town file's text; `source` is the name that errors give to it.

    Raises:
        TownFileError: with source, line, what stands there and what was expected.
    """
    reader = YamlReader(source)
    top = reader.mapping(
        _root(text, source),
        "the town",
        required=("town", "name", "time_zone", "places", "sensors"),
        optional=(
            *("day_start", "gap", "lateness", "clock_lead", "k", "clock", "slices", "staff", "equipment"),
            *("shops", "counters", "sights", "ways"),
        ),
    )

    def optional(name: str, parse: Callable[[yaml.Node], _T], default: _T) -> _T:
        return parse(top[name]) if name in top else default

    def duration_ms(name: str, least: int, most: int, default: int) -> int:
        return optional(name, lambda node: reader.duration_ms(node, least, most), default)

    staff_ms = duration_ms("staff", _HOUR_MS, 24 * _HOUR_MS, 6 * _HOUR_MS)
    places = {
        key: _place(reader, key, node) for key, node in reader.entries(top["places"], "places", reader.name)
    }
    sensors = {
        key: _sensor(reader, key, node, places)
        for key, node in reader.entries(top["sensors"], "sensors", reader.name)
    }
    return Town(
        town=reader.name(top["town"]),
        names=_names(reader, reader.mapping(top["name"], "a name in two languages", required=LANGUAGES)),
        zone=reader.zone(top["time_zone"]),
        day_start=optional("day_start", reader.clock_time, time(4)),
        gap_ms=duration_ms("gap", 1_000, 24 * _HOUR_MS, 30 * 60_000),
        lateness_ms=duration_ms("lateness", 0, 24 * _HOUR_MS, 10 * 60_000),
        clock_lead_ms=duration_ms("clock_lead", 0, _HOUR_MS, 30_000),
        k=optional("k", lambda node: reader.integer(node, 1, 1_000), 5),
        clock=optional("clock", lambda node: Clock(reader.one_of(node, list(Clock))), Clock.LIVE),
        slices=optional("slices", lambda node: reader.integer(node, 1, MOST_SLICES), 1),
        staff_ms=staff_ms,
        # What is equipment is no longer staff's: a shorter stay would leave nothing to be staff's.
        equipment_ms=duration_ms(
            "equipment", max(_HOUR_MS, staff_ms), 24 * _HOUR_MS, max(16 * _HOUR_MS, staff_ms)
        ),
        places=places,
        sensors=sensors,
        shops={
            key: _shop(reader, key, node, places)
            for key, node in reader.optional_entries(top, "shops", reader.name)
        },
        counters={
            key: _counter(reader, key, node, places, sensors)
            for key, node in reader.optional_entries(top, "counters", reader.name)
        },
        sights={
            number: reader.one_of(node, places)
            for number, node in reader.optional_entries(
                top, "sights", lambda node: reader.integer(node, 1, 99_999)
            )
        },
        ways=optional("ways", lambda node: _ways(reader, node, places), ()),
    )


def _root(text: str, source: str) -> yaml.Node:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise TownFileError(f"{source}, line {line}: this is not YAML: {error.problem}") from error
    if root is None:
        raise TownFileError(f"{source}, line 1: the file is empty; expected a town")
    return root


def _place(reader: YamlReader, key: str, node: yaml.Node) -> Place:
    fields = reader.mapping(node, f"place {key}", required=LANGUAGES, optional=("kind", "at"))
    kind = PlaceKind(reader.one_of(fields["kind"], list(PlaceKind))) if "kind" in fields else PlaceKind.SIGHT
    return Place(
        key, _names(reader, fields), kind, _position(reader, fields["at"]) if "at" in fields else None
    )


def _position(reader: YamlReader, node: yaml.Node) -> tuple[int, int]:
    east, south = reader.pair(node, "a position such as [30, 65]: percent from the west and from the north")
    return reader.integer(east, 0, 100), reader.integer(south, 0, 100)


def _sensor(reader: YamlReader, key: str, node: yaml.Node, places: Collection[str]) -> Sensor:
    fields = reader.mapping(node, f"sensor {key}", required=("place", "minimum_rssi"))
    minimum_rssi = reader.integer(fields["minimum_rssi"], -127, 0)
    return Sensor(key, reader.one_of(fields["place"], places), minimum_rssi)


def _shop(reader: YamlReader, key: str, node: yaml.Node, places: Collection[str]) -> Shop:
    fields = reader.mapping(node, f"shop {key}", required=(*LANGUAGES, "place"))
    return Shop(key, _names(reader, fields), reader.one_of(fields["place"], places))


def _counter(
    reader: YamlReader, key: str, node: yaml.Node, places: Collection[str], sensors: Collection[str]
) -> Counter:
    if key in sensors:
        raise reader.error(node, f"a counter with a name of its own: {key} is a sensor already")
    fields = reader.mapping(node, f"counter {key}", required=("place", "counts"))
    counts = Quantity(reader.one_of(fields["counts"], _COUNTED))
    return Counter(key, reader.one_of(fields["place"], places), counts)


def _ways(reader: YamlReader, node: yaml.Node, places: Collection[str]) -> tuple[tuple[str, str], ...]:
    if not isinstance(node, yaml.SequenceNode):
        raise reader.error(node, "ways as a list of pairs of places")
    pairs = (reader.pair(way, "a pair of places such as [station, hall]") for way in node.value)
    return tuple((reader.one_of(one, places), reader.one_of(other, places)) for one, other in pairs)


def _names(reader: YamlReader, fields: Mapping[str, yaml.Node]) -> dict[str, str]:
    return {language: reader.text(fields[language]) for language in LANGUAGES}
