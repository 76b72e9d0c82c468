"""What is wrong with a guide's content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong: where, and a sentence that says what and what to do."""

    path: str
    """Below the content folder; empty: the whole."""
    line: int | None
    """From 1."""
    sentence: str

    def __str__(self) -> str:
        """Such as `sights/101/ja.md, line 7: ...`."""
        where = self.path + (f", line {self.line}" if self.line else "")
        return f"{where}: {self.sentence}" if where else self.sentence


class ContentError(Exception):
    """The content cannot be used; says everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda each: (each.path, each.line or 0, each.sentence)))
        super().__init__("\n".join(map(str, self.problems)))
