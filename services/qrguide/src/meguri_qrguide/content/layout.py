"""Which files a content folder may hold, and how large each may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import PurePosixPath

LANGUAGE = r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?(?:-x(?:-[a-z0-9]{1,8})+)?"
"""A BCP 47 tag in its usual spelling: ja, zh-Hant, pt-BR, ja-x-easy."""
NAME = r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"
"""Of a picture or town."""
MOST_FILES = 2_000
MOST_BYTES = 300_000_000
"""Of a content folder, and of its zip."""

_SIGHT = r"sights/(?P<sight>[1-9][0-9]{0,4})/"
_OF_LANGUAGE = rf"(?P<language>{LANGUAGE})"


@dataclass(frozen=True)
class Rule:
    """What is to be known of a file before it is opened."""

    pattern: re.Pattern[str]
    """Of its whole path, below the content folder."""
    what: str
    type: str
    """MIME."""
    most_bytes: int


class FileKind(Enum):
    """What a file of a content folder is."""

    GUIDE = Rule(re.compile(r"guide\.yaml"), "the guide's own file", "application/yaml", 256_000)
    SURVEY = Rule(re.compile(r"survey\.yaml"), "the survey", "application/yaml", 256_000)
    MAP = Rule(re.compile(r"map\.svg"), "the map", "image/svg+xml", 200_000)
    TEXT = Rule(re.compile(rf"{_SIGHT}{_OF_LANGUAGE}\.md"), "a text", "text/markdown", 64_000)
    AVIF = Rule(re.compile(rf"{_SIGHT}(?P<name>{NAME})\.avif"), "a picture", "image/avif", 1_000_000)
    WEBP = Rule(re.compile(rf"{_SIGHT}(?P<name>{NAME})\.webp"), "a picture", "image/webp", 1_000_000)
    JPEG = Rule(re.compile(rf"{_SIGHT}(?P<name>{NAME})\.jpg"), "a picture", "image/jpeg", 1_000_000)
    SOUND = Rule(re.compile(rf"{_SIGHT}sound\.{_OF_LANGUAGE}\.m4a"), "a sound", "audio/mp4", 5_000_000)
    SOUND_FACTS = Rule(
        re.compile(rf"{_SIGHT}sound\.{_OF_LANGUAGE}\.yaml"), "a sound's facts", "application/yaml", 4_000
    )
    VIDEO = Rule(re.compile(rf"{_SIGHT}video\.mp4"), "a video", "video/mp4", 60_000_000)
    SUBTITLES = Rule(re.compile(rf"{_SIGHT}video\.{_OF_LANGUAGE}\.vtt"), "subtitles", "text/vtt", 256_000)


@dataclass(frozen=True)
class Placed:
    """A file's kind and what its path says."""

    path: PurePosixPath
    kind: FileKind
    sight: int = 0
    """0: of the whole guide."""
    language: str = ""
    name: str = ""
    """A picture's."""


def place(path: PurePosixPath) -> Placed | None:
    """What the file of this path is; None: no guide has such a file."""
    for kind in FileKind:
        if found := kind.value.pattern.fullmatch(str(path)):
            said = found.groupdict()
            return Placed(
                path, kind, int(said.get("sight", "0")), said.get("language", ""), said.get("name", "")
            )
    return None


def size_problem(kind: FileKind, size: int) -> str | None:
    """A sentence if a file of the kind may not have so many bytes."""
    most = kind.value.most_bytes
    if size <= most:
        return None
    return f"It has {_megabytes(size)}; {kind.value.what} may have {_megabytes(most)}. Make it smaller."


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.3g} MB" if size >= 1_000_000 else f"{size / 1e3:.4g} kB"  # noqa: PLR2004  a megabyte
