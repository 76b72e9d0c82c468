"""The file of a sight's text in one language: front matter in YAML, then the body in Markdown."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class TextFile:
    """What the file says, as its writer wrote it."""

    title: str
    lead: str
    body: str
    """Markdown."""
    next_hint: str | None = None
    translated_from: str | None = None
    alt: Mapping[str, str] = field(default_factory=dict)
    """Alternative texts by the picture's name."""
    body_line: int = field(default=1, compare=False)
    """The file's line on which the body begins, from 1."""

    @property
    def digest(self) -> str:
        """16 hex digits: what a translation of this text has as `translated_from`, and a sound as `says`."""
        return digest(self.title, self.lead, self.body, self.next_hint)

    def written(self) -> str:
        """The file's text."""
        raise NotImplementedError


def digest(title: str, lead: str, body: str, next_hint: str | None) -> str:
    """16 hex digits that change with the text, but not with how its lines end or its letters are encoded."""
    parts = (title, lead, body, next_hint or "")
    plain = (unicodedata.normalize("NFC", "\n".join(each.split("\n"))) for each in map(_one_newline, parts))
    return hashlib.sha256("\x1e".join(each.strip() for each in plain).encode()).hexdigest()[:16]


def _one_newline(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse_text_file(text: str, path: str) -> TextFile:
    """The file's parts.

    Args:
        text: of the file.
        path: below the content folder, for problems.

    Raises:
        ContentError: it has no front matter, or one that lacks something or has something unknown.
    """
    raise NotImplementedError
