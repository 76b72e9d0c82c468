"""The file of a sight's text in one language: front matter in YAML, then the body in Markdown."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from meguri_qrguide.content.layout import NAME
from meguri_qrguide.content.problems import ContentError, Problem
from meguri_qrguide.content.yaml_values import YamlValues

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGEST = r"[0-9a-f]{16}"
_MARK = "---"


@dataclass(frozen=True)
class TextFile:
    """What the file says, as its writer wrote it."""

    title: str
    """One line, as `lead` and `next_hint` are."""
    lead: str
    body: str
    """Markdown."""
    next_hint: str | None = None
    translated_from: str | None = None
    """The digest of the source text."""
    alt: Mapping[str, str] = field(default_factory=dict)
    """Alternative texts by the picture's name."""
    body_line: int = field(default=1, compare=False)
    """The file's line on which the body begins, from 1."""

    @property
    def digest(self) -> str:
        """16 hex digits: what a translation of this text has as `translated_from`, and a sound as `says`."""
        return digest(self.title, self.lead, self.body, self.next_hint)

    def written(self) -> str:
        """The file's text, which `parse_text_file` reads as the same."""
        front = {
            "title": self.title,
            "lead": self.lead,
            "next": self.next_hint,
            "translated_from": self.translated_from,
            "pictures": dict(self.alt),
        }
        said = {name: value for name, value in front.items() if value}
        head = yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=10_000)
        return f"{_MARK}\n{head}{_MARK}\n\n{self.body}\n"


def digest(title: str, lead: str, body: str, next_hint: str | None) -> str:
    """16 hex digits that change with the text, but not with how its lines end or its letters are encoded."""
    parts = (one_newline(unicodedata.normalize("NFC", each)).strip() for each in (title, lead, body))
    hint = one_newline(unicodedata.normalize("NFC", next_hint or "")).strip()
    return hashlib.sha256("\x1e".join([*parts, hint]).encode()).hexdigest()[:16]


def one_newline(text: str) -> str:
    r"""The text with each line ended by `\n`, however it was."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse_text_file(text: str, path: str) -> TextFile:
    """The file's parts.

    Args:
        text: of the file.
        path: below the content folder, for problems.

    Raises:
        ContentError: it has no front matter, or one that lacks something or has something unknown.
    """
    lines = one_newline(text).split("\n")
    if lines[0].rstrip() != _MARK or _MARK not in (each.rstrip() for each in lines[1:]):
        sentence = f"Expected title and lead between two lines {_MARK} at the file's beginning."
        raise ContentError([Problem(path, 1, sentence)])
    end = next(number for number, each in enumerate(lines) if number and each.rstrip() == _MARK)
    values = YamlValues(path, first_line=2)
    fields = values.fields(
        values.mapping_of("\n".join(lines[1:end])),
        ("title", "lead"),
        ("next", "translated_from", "pictures"),
    )
    body = lines[end + 1 :]
    blank = next((number for number, each in enumerate(body) if each.strip()), 0)
    return TextFile(
        title=values.line(fields["title"]),
        lead=values.line(fields["lead"]),
        body="\n".join(body[blank:]).rstrip(),
        next_hint=values.line(fields["next"]) if "next" in fields else None,
        translated_from=(
            values.matching(fields["translated_from"], DIGEST, "16 digits of 0-9 and a-f")
            if "translated_from" in fields
            else None
        ),
        alt=(
            values.by_name(fields["pictures"], NAME, "name of a picture", values.line)
            if "pictures" in fields
            else {}
        ),
        body_line=end + 2 + blank,
    )
