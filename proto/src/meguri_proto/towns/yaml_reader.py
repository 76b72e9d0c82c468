"""YAML nodes read into values, each with the error that names its line."""

from __future__ import annotations

import re
from datetime import time
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from meguri_proto.towns.durations import parse_duration_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_T = TypeVar("_T")
_KINDS: dict[type[yaml.Node], str] = {yaml.MappingNode: "mapping", yaml.SequenceNode: "sequence"}
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")


class TownFileError(ValueError):
    """The file is no town file; the message names file, line, what stands there and what was expected."""


class YamlReader:
    """Reads nodes of one file. What a node should not be is a `TownFileError`.

    Args:
        source: the name that errors give to the file.
    """

    def __init__(self, source: str) -> None:
        self._source = source

    def error(self, node: yaml.Node, expected: str) -> TownFileError:
        """What to raise where the file has this node and should have something else."""
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

    def pair(self, node: yaml.Node, expected: str) -> tuple[yaml.Node, yaml.Node]:
        """The two entries of a list; `expected` says in an error what they stand for."""
        if not isinstance(node, yaml.SequenceNode) or len(node.value) != 2:  # noqa: PLR2004 - a pair
            raise self.error(node, expected)
        one, other = node.value
        return one, other

    def one_of(self, node: yaml.Node, known: Collection[str]) -> str:
        """A text that is one of these."""
        text = self.text(node)
        if text not in known:
            raise self.error(node, f"one of {', '.join(known)}")
        return text

    def mapping(
        self, node: yaml.Node, what: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, yaml.Node]:
        """The values of a mapping that has all of `required`, may have `optional`, and nothing else."""
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
        """A text that is not empty."""
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self.error(node, "a text")
        return str(node.value)

    def name(self, node: yaml.Node) -> str:
        """A name as topics, tables and URLs take it."""
        if not isinstance(node, yaml.ScalarNode) or not _NAME.fullmatch(node.value):
            raise self.error(node, "a name of a-z, 0-9 and hyphens")
        return str(node.value)

    def integer(self, node: yaml.Node, least: int, most: int) -> int:
        """A whole number within these bounds."""
        expected = f"a whole number from {least} to {most}"
        try:
            value = int(self.text(node))
        except ValueError:
            raise self.error(node, expected) from None
        if not least <= value <= most:
            raise self.error(node, expected)
        return value

    def duration_ms(self, node: yaml.Node, least: int, most: int) -> int:
        """A duration within these bounds, all in milliseconds."""
        try:
            value = parse_duration_ms(self.text(node))
        except ValueError:
            raise self.error(node, "a duration such as 30m, 90s or 1h") from None
        if not least <= value <= most:
            raise self.error(node, f"a duration from {least / 1000:g}s to {most / 1000:g}s")
        return value

    def clock_time(self, node: yaml.Node) -> time:
        """A time of day."""
        match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", self.text(node))
        if not match:
            raise self.error(node, 'a time of day in quotes, such as "04:00"')
        return time(int(match[1]), int(match[2]))

    def zone(self, node: yaml.Node) -> ZoneInfo:
        """A time zone."""
        try:
            return ZoneInfo(self.text(node))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise self.error(node, "a time zone such as Asia/Tokyo") from None
