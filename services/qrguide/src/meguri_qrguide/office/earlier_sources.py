"""Source texts as they were when somebody translated them, so that a translator sees what changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguri_qrguide.content.problems import ContentError
from meguri_qrguide.content.text_files import TextFile, parse_text_file

if TYPE_CHECKING:
    from pathlib import Path

    from meguri_qrguide.content.editions import Editions

_MOST_KEPT = 50
"""Of one sight."""


class EarlierSources:
    """Keeps and finds them.

    Args:
        folder: of those that were replaced and perhaps never published; made with the first.
        editions: in which the published ones are found.
    """

    def __init__(self, folder: Path, editions: Editions) -> None:
        self._folder = folder
        self._editions = editions

    def keep(self, number: int, text: TextFile) -> None:
        """Keep the text of a sight that is about to be replaced."""
        folder = self._folder / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{text.digest}.md").write_text(text.written(), "utf-8")
        kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for path in kept[:-_MOST_KEPT]:
            path.unlink()

    def find(self, number: int, source: str, digest: str) -> TextFile | None:
        """The sight's source text of this digest; None if nobody has it any more."""
        places = [self._folder / str(number) / f"{digest}.md"]
        places += [each.folder / f"sights/{number}/{source}.md" for each in self._editions.list()]
        for place in places:
            try:
                text = parse_text_file(place.read_text("utf-8"), place.name)
            except (OSError, UnicodeDecodeError, ContentError):
                continue
            if text.digest == digest:
                return text
        return None
