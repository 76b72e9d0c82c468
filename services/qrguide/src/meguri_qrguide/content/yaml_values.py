"""YAML of content files read into values, each with the problem that names its line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

import yaml

from meguri_qrguide.content.layout import LANGUAGE
from meguri_qrguide.content.problems import ContentError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_T = TypeVar("_T")
_DEEPEST = 10
"""Lists and mappings inside each other; a guide needs six."""


class YamlValues:
    """Reads one file's nodes. What a node should not be is a `ContentError` with one problem.

    Args:
        path: the file, for problems.
        first_line: the file's line on which the YAML begins.
    """

    def __init__(self, path: str, first_line: int = 1) -> None:
        self._path = path
        self._first_line = first_line

    def mapping_of(self, text: str) -> yaml.Node:
        """The text's outermost node."""
        try:
            self._refuse_bombs(text)
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line if error.problem_mark else 0
            raise self._error(line, f"This is not YAML: {error.problem}.") from None
        except yaml.reader.ReaderError as error:
            sentence = f"The character U+{error.character:04X} is not taken."
            raise self._error(text.count("\n", 0, error.position), sentence) from None
        if node is None:
            raise self._error(0, "Nothing is in it.")
        return node

    def error(self, node: yaml.Node, sentence: str) -> ContentError:
        """What to raise where the file has this node and should have something else."""
        return self._error(node.start_mark.line, sentence)

    def fields(
        self, node: yaml.Node, required: Collection[str], optional: Collection[str] = ()
    ) -> dict[str, yaml.Node]:
        """The values of a mapping that has all of `required`, may have `optional`, and nothing else."""
        known = (*required, *optional)
        found = dict(self._pairs(node, f"a mapping with {', '.join(known)}"))
        for name, value in found.items():
            if name not in known:
                raise self.error(value, f"{name} is not known here; expected {', '.join(known)}.")
        for name in required:
            if name not in found:
                raise self.error(node, f"{name} is missing.")
        return found

    def by_name(
        self, node: yaml.Node, names: str, what: str, read: Callable[[yaml.Node], _T]
    ) -> dict[str, _T]:
        """The values of a mapping whose keys match the pattern `names`; `what` says what a key is."""
        found = {}
        for name, value in self._pairs(node, f"a mapping by {what}"):
            if not re.fullmatch(names, name):
                raise self.error(value, f"{name} is no {what}.")
            found[name] = read(value)
        return found

    def texts(self, node: yaml.Node) -> dict[str, str]:
        """Texts by language."""
        return self.by_name(node, LANGUAGE, "language", self.text)

    def items(self, node: yaml.Node) -> list[yaml.Node]:
        """Of a list."""
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(node, "Expected a list here.")
        return list(node.value)

    def text(self, node: yaml.Node) -> str:
        """A text that is not empty, without white space around it."""
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self.error(node, "Expected a text here.")
        return str(node.value).strip()

    def line(self, node: yaml.Node) -> str:
        """A text of one line."""
        text = self.text(node)
        if len(text.splitlines()) != 1:
            raise self.error(node, "This is to be one line.")
        return text

    def matching(self, node: yaml.Node, pattern: str, expected: str) -> str:
        """A text that matches the pattern as a whole."""
        text = self.text(node)
        if not re.fullmatch(pattern, text):
            raise self.error(node, f"Found {text!r}, expected {expected}.")
        return text

    def one_of(self, node: yaml.Node, known: Collection[str]) -> str:
        """A text that is one of these."""
        text = self.text(node)
        if text not in known:
            raise self.error(node, f"Found {text!r}, expected one of {', '.join(known)}.")
        return text

    def integer(self, node: yaml.Node, least: int, most: int) -> int:
        """A whole number within these bounds."""
        text = self.matching(node, r"-?[0-9]{1,18}", "a whole number")
        if not least <= int(text) <= most:
            raise self.error(node, f"Found {text}, expected a whole number from {least} to {most}.")
        return int(text)

    def decimal(self, node: yaml.Node, least: float, most: float) -> float:
        """A number within these bounds."""
        text = self.matching(node, r"[0-9]{1,9}(\.[0-9]{1,9})?", "a number")
        if not least <= float(text) <= most:
            raise self.error(node, f"Found {text}, expected a number from {least:g} to {most:g}.")
        return float(text)

    def distinct(self, node: yaml.Node, read: Callable[[yaml.Node], _T]) -> tuple[_T, ...]:
        """The values of a list in which each stands once, and one at least."""
        found: list[_T] = []
        for item in self.items(node):
            value = read(item)
            if value in found:
                raise self.error(item, f"{value} is there twice.")
            found.append(value)
        if not found:
            raise self.error(node, "The list is empty.")
        return tuple(found)

    def _refuse_bombs(self, text: str) -> None:
        """See that a small text does not stand for a huge one, and does not take long to read."""
        depth = 0
        for event in yaml.parse(text):
            line = event.start_mark.line if event.start_mark else 0
            if isinstance(event, yaml.AliasEvent):
                raise self._error(line, "Aliases (*) are not taken: write them out.")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > _DEEPEST:
                raise self._error(line, "This is nested too deep.")

    def _pairs(self, node: yaml.Node, expected: str) -> Iterator[tuple[str, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            raise self.error(node, f"Expected {expected}.")
        seen = set()
        for key, value in node.value:
            name = self.text(key)
            if name in seen:
                raise self.error(key, f"{name} is there twice.")
            seen.add(name)
            yield name, value

    def _error(self, line: int, sentence: str) -> ContentError:
        """With a line of the YAML, from 0."""
        return ContentError([Problem(self._path, line + self._first_line, sentence)])
