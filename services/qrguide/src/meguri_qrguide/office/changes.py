"""What a draft would change for visitors: its files beside those of the edition that is served."""

from __future__ import annotations

import filecmp
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_qrguide.content.folder import list_files
from meguri_qrguide.content.layout import FileKind, Placed

if TYPE_CHECKING:
    from pathlib import Path

_KEYS = {
    FileKind.GUIDE: "change_guide",
    FileKind.SURVEY: "change_survey",
    FileKind.MAP: "change_map",
    FileKind.TEXT: "change_text",
    FileKind.AVIF: "change_picture",
    FileKind.WEBP: "change_picture",
    FileKind.JPEG: "change_picture",
    FileKind.SOUND: "change_sound",
    FileKind.SOUND_FACTS: "change_sound",
    FileKind.VIDEO: "change_video",
    FileKind.SUBTITLES: "change_subtitles",
}


@dataclass(frozen=True, order=True)
class Change:
    """One thing that would be another, new or gone."""

    sight: int
    """0: of the whole guide."""
    what: str
    """The key of its name."""
    language: str
    name: str
    """Of a picture."""
    kind: str
    """`new`, `changed` or `gone`."""


def changes(served: Path | None, draft: Path) -> list[Change]:
    """Sorted by sight.

    Args:
        served: the content folder of the edition; None: nothing was published yet.
        draft: the content folder that would be.

    Raises:
        ContentError: one of them has files that no guide has.
    """
    now = {placed.path: placed for placed in list_files(draft)}
    before = {placed.path: placed for placed in list_files(served)} if served else {}
    found: dict[tuple[int, str, str, str], set[str]] = {}
    for path, placed in {**before, **now}.items():
        if path not in before:
            kind = "new"
        elif path not in now:
            kind = "gone"
        elif served is not None and filecmp.cmp(served / path, draft / path, shallow=False):
            continue
        else:
            kind = "changed"
        found.setdefault(_thing(placed), set()).add(kind)
    return sorted(
        Change(*thing, kind=kinds.pop() if len(kinds) == 1 else "changed") for thing, kinds in found.items()
    )


def _thing(placed: Placed) -> tuple[int, str, str, str]:
    """A picture's formats are one thing, and so are a sound and its facts."""
    return placed.sight, _KEYS[placed.kind], placed.language, placed.name
