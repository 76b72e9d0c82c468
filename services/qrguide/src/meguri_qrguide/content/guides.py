"""The guides of an installation: a folder a town, with the draft that is edited and what was published."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meguri_qrguide.content.editions import Edition, Editions


class Guides:
    """Where drafts and editions lie: `{folder}/{town}/draft` and `{folder}/{town}/editions`.

    Args:
        folder: need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def draft(self, town: str) -> Path:
        """The folder that is edited; it may not exist yet."""
        raise NotImplementedError

    def editions(self, town: str) -> Editions:
        """What was published of a town's guide; always the same object, so that it reads an edition once."""
        raise NotImplementedError

    def current(self, town: str) -> Edition | None:
        """What visitors of the town see; None: no guide of it was published."""
        return self.editions(town).current()

    def begin(self, town: str, at_ms: int) -> None:
        """Where nothing was published, publish the guide that ships for the town and make it the draft."""
        raise NotImplementedError


def shipped_guide(town: str) -> Path | None:
    """The content folder that ships for a town; None: the town brings its own."""
    folder = Path(str(files("meguri_qrguide"))) / "guides" / town
    return folder if folder.is_dir() else None
