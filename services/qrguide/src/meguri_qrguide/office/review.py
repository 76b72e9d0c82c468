"""What is still to be done on a guide: where each sight's text stands, and what goes with it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_qrguide.content.ruby import without_readings

if TYPE_CHECKING:
    from meguri_qrguide.content.guide import Guide, Sight, State, Text

_LONGEST = {"ja": 900, "ja-x-easy": 900, "ko": 900, "zh-Hans": 650, "zh-Hant": 650}
_LONGEST_OF_OTHERS = 2_250
"""Characters of title, lead and body that take some two and a half minutes to hear: as long as people stand
before one thing in the dark. Speech runs at about 350 characters a minute in Japanese and Korean, 250 in
Chinese, 900 in languages of an alphabet."""

_READING = re.compile(r"<r[tp]>.*?</r[tp]>")
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Cell:
    """A sight in a language."""

    language: str
    state: State
    notes: tuple[str, ...]
    """What is missing or wrong, as keys: `too_long`, `no_sound`, `older_sound`, `machine_sound`, `no_alt`,
    `no_subtitles`."""


@dataclass(frozen=True)
class Row:
    """A sight."""

    number: int
    title: str
    """In the source language, without readings."""
    has_picture: bool
    cells: tuple[Cell, ...]
    """In the order of the guide's languages."""


def review(guide: Guide) -> tuple[Row, ...]:
    """Every sight in the order of the route."""
    return tuple(
        Row(
            sight.number,
            without_readings(sight.texts[guide.source].title),
            bool(sight.pictures),
            tuple(
                Cell(language, guide.state_of(sight, language), tuple(_notes(sight, language)))
                for language in guide.languages
            ),
        )
        for sight in guide.sights
    )


def length(text: Text) -> int:
    """Characters that a visitor reads or hears, without readings."""
    words = html.unescape(_TAG.sub("", _READING.sub("", text.body_html)))
    return len(without_readings(text.title)) + len(without_readings(text.lead)) + len(" ".join(words.split()))


def longest(language: str) -> int:
    """More characters than these are too long for a visitor who stands."""
    return _LONGEST.get(language, _LONGEST_OF_OTHERS)


def _notes(sight: Sight, language: str) -> list[str]:
    text, sound = sight.texts.get(language), sight.sounds.get(language)
    if text is None:
        return []
    notes = []
    if length(text) > longest(language):
        notes.append("too_long")
    if sound is None:
        notes.append("no_sound")
    elif sound.says and sound.says != text.digest:
        notes.append("older_sound")
    elif sound.made_by == "speech engine":
        notes.append("machine_sound")
    if any(language not in picture.alt for picture in sight.pictures):
        notes.append("no_alt")
    if sight.video is not None and language not in sight.video.subtitles:
        notes.append("no_subtitles")
    return notes
