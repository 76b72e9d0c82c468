"""The sights of the guide: one file each, in every language of the guide."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("ja", "en")
"""The first answers who states no wish."""


@dataclass(frozen=True)
class Text:
    """A sight in one language."""

    name: str
    lead: str
    text: tuple[str, ...]


@dataclass(frozen=True)
class Sight:
    """What a QR code on the spot opens: the number in its address, where it is, and its texts by language."""

    number: int
    town: str
    place: str
    texts: Mapping[str, Text]


class SightFileError(ValueError):
    """The file is no sight; the message names the file and what is wrong."""


def sights() -> dict[int, Sight]:
    """Every sight by its number.

    Raises:
        SightFileError: a file lacks something, has something unknown, or is named otherwise than its sight.
    """
    found = {}
    for file in files("meguri_qrguide").joinpath("sights").iterdir():
        if file.name.endswith(".yaml"):
            sight = parse_sight(file.read_text("utf-8"), file.name)
            if file.name != f"{sight.number}.yaml":
                raise SightFileError(f"{file.name}: it holds the sight {sight.number}; rename the file")
            found[sight.number] = sight
    return dict(sorted(found.items()))


def parse_sight(text: str, source: str) -> Sight:
    """One sight from its file's text; `source` is the name that errors give to it."""
    fields = yaml.safe_load(text)
    expected = {"number", "town", "place", *LANGUAGES}
    if not isinstance(fields, dict) or fields.keys() != expected:
        raise SightFileError(f"{source}: expected exactly {', '.join(sorted(expected))}")
    texts = {}
    for language in LANGUAGES:
        one = fields[language]
        if not isinstance(one, dict) or one.keys() != {"name", "lead", "text"} or not all(one.values()):
            raise SightFileError(f"{source}: {language} needs a name, a lead and a text of paragraphs")
        texts[language] = Text(one["name"], one["lead"], tuple(one["text"]))
    return Sight(int(fields["number"]), fields["town"], fields["place"], texts)
