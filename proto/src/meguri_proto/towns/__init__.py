"""Towns: what stands where in one, the rules that fold its days, and the files that say both."""

from meguri_proto.towns.durations import parse_duration_ms
from meguri_proto.towns.town import Clock, Counter, Place, PlaceKind, Sensor, Shop, Town
from meguri_proto.towns.town_file import LANGUAGES, parse_town
from meguri_proto.towns.yaml_reader import TownFileError

__all__ = [
    "LANGUAGES",
    "Clock",
    "Counter",
    "Place",
    "PlaceKind",
    "Sensor",
    "Shop",
    "Town",
    "TownFileError",
    "parse_duration_ms",
    "parse_town",
]
