"""The sights of the guide: one file of texts each, in every language; the town files say where they are."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_proto.towns import Town

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
    """What a QR code on the spot opens: the number in its address, and its texts by language."""

    number: int
    texts: Mapping[str, Text]


class SightFileError(ValueError):
    """The file is no sight; the message names the file and what is wrong."""


class SharedSightError(ValueError):
    """Two towns have a sight of one number, so its code would lead to two places."""


def towns_of_sights(towns: Mapping[str, Town]) -> dict[int, Town]:
    """The town of each sight by the sight's number, in the order of the numbers.

    Raises:
        SharedSightError: two of the towns have the same number.
    """
    found: dict[int, Town] = {}
    for town in towns.values():
        for number in town.sights:
            if number in found:
                raise SharedSightError(
                    f"The sight {number} is in the files of {found[number].town} and of {town.town}: "
                    "give one of them another number"
                )
            found[number] = town
    return dict(sorted(found.items()))


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
    expected = {"number", *LANGUAGES}
    if not isinstance(fields, dict) or fields.keys() != expected:
        raise SightFileError(f"{source}: expected exactly {', '.join(sorted(expected))}")
    texts = {}
    for language in LANGUAGES:
        one = fields[language]
        if not isinstance(one, dict) or one.keys() != {"name", "lead", "text"} or not all(one.values()):
            raise SightFileError(f"{source}: {language} needs a name, a lead and a text of paragraphs")
        texts[language] = Text(one["name"], one["lead"], tuple(one["text"]))
    return Sight(int(fields["number"]), texts)
