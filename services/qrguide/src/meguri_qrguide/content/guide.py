"""What a guide says, as read from its content folder: sights in the order of the route, in every language."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePosixPath

LINGUA_FRANCA = "en"
"""What stands in for a missing translation, before the source language does."""

NOTICE_PARTS = (
    "operator",
    "purpose",
    "period",
    "places",
    "not_taken",
    "deletion",
    "third_parties",
    "statistics",
    "avoiding",
    "contact",
)
"""What a notice may say, in the order shown: 実施主体, 目的, 期間, 設置場所, 取得しないもの,
ハッシュ化と削除, 第三者提供なし, 統計の公表, 避け方, 問い合わせ先. A guide fills in what is its own."""


class State(StrEnum):
    """Where a sight's text in a language stands beside the source."""

    SOURCE = "source"
    CURRENT = "current"
    """Translated from the source as it is now."""
    OLDER = "older"
    """Translated from another source than that of now, or from one that is not said."""
    MISSING = "missing"


class QuestionKind(StrEnum):
    """How a question of the survey is answered."""

    CHOICE = "choice"
    """One of its choices."""
    CHOICES = "choices"
    """Any of its choices."""
    SCALE = "scale"
    """A whole number from `lowest` to `highest`, a button each."""
    NUMBER = "number"
    """A whole number from `lowest` to `highest`, typed."""
    TEXT = "text"


@dataclass(frozen=True)
class Media:
    """A file of the guide that phones fetch by its hash."""

    path: PurePosixPath
    """Below the content folder."""
    type: str
    """MIME."""
    size: int
    """Bytes."""
    hash: str
    """The first 32 hex digits of the SHA-256 of its bytes."""

    @property
    def name(self) -> str:
        """Its last part of the address `/m/{name}`: the hash and the path's suffix."""
        return f"{self.hash}{self.path.suffix}"


@dataclass(frozen=True)
class Text:
    """A sight in one language. Title, lead and hint may hold ruby as written: see `ruby`."""

    title: str
    lead: str
    body_html: str
    """Safe to stand in a page as it is."""
    next_hint: str | None
    """How to walk to the next sight."""
    digest: str
    """16 hex digits, of this text; what its translations have in `translated_from`."""
    translated_from: str | None


@dataclass(frozen=True)
class Picture:
    """A picture in one or more formats."""

    name: str
    alt: Mapping[str, str]
    """By language; a language may lack one."""
    files: tuple[Media, ...]
    """The smallest format first: AVIF, WebP, JPEG, of those that there are."""


@dataclass(frozen=True)
class Sound:
    """A sight's text, spoken."""

    media: Media
    seconds: float
    made_by: str
    """`speech engine` or `recording`."""
    says: str
    """The digest of the text spoken; empty if not known."""


@dataclass(frozen=True)
class Video:
    """A sight's video, one for all languages."""

    media: Media
    subtitles: Mapping[str, Media]
    """WebVTT, by language."""


@dataclass(frozen=True)
class Sight:
    """What the code on the spot opens. All mappings are by language."""

    number: int
    texts: Mapping[str, Text]
    """The source language is always there."""
    pictures: tuple[Picture, ...]
    sounds: Mapping[str, Sound]
    video: Video | None


@dataclass(frozen=True)
class Choice:
    """An answer to choose."""

    id: str
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """A question of the survey. All mappings are by language."""

    id: str
    kind: QuestionKind
    texts: Mapping[str, str]
    choices: tuple[Choice, ...] = ()
    """Of the kinds choice and choices."""
    lowest: int = 0
    highest: int = 0
    """Of the kinds scale and number."""
    lowest_texts: Mapping[str, str] = field(default_factory=dict)
    highest_texts: Mapping[str, str] = field(default_factory=dict)
    """What the ends of a scale mean; may be empty."""
    unit_texts: Mapping[str, str] = field(default_factory=dict)
    """What a number counts, such as yen; may be empty."""


@dataclass(frozen=True)
class Survey:
    """The questions that a visitor may answer at the exit."""

    version: int
    """Raised by who changes what a question means."""
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Wifi:
    """The network of the entrance's sign."""

    name: str
    password: str
    """Empty: an open network."""


_T = TypeVar("_T")


@dataclass(frozen=True)
class Guide:
    """A town's guide."""

    town: str
    languages: tuple[str, ...]
    """BCP 47, in the order shown."""
    source: str
    titles: Mapping[str, str]
    sights: tuple[Sight, ...]
    """In the order of the route."""
    survey: Survey
    notice: Mapping[str, Mapping[str, str]]
    """Text by language, by part: see `NOTICE_PARTS`."""
    coupon: Mapping[str, str]
    """By language; empty: there is none."""
    wifi: Wifi | None
    map: Media | None
    """SVG that may stand inside a page: neither script, style, link nor foreign address. Sights are elements
    with an id such as `sight-101`."""

    def state_of(self, sight: Sight, language: str) -> State:
        """Where the sight's text in the language stands beside the source."""
        text = sight.texts.get(language)
        if text is None:
            return State.MISSING
        if language == self.source:
            return State.SOURCE
        is_current = text.translated_from == sight.texts[self.source].digest
        return State.CURRENT if is_current else State.OLDER

    def shown(self, by_language: Mapping[str, _T], language: str) -> tuple[str, _T] | None:
        """What a visitor who chose the language gets, and in which language it is; None: there is none.

        English stands in for what is missing, then the source language.
        """
        for each in (language, LINGUA_FRANCA, self.source):
            if each in by_language:
                return each, by_language[each]
        return None
