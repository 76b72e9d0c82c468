"""The guides of an installation: a folder a town, with the draft that is edited and what was published."""

from __future__ import annotations

import shutil
import tempfile
from importlib.resources import files
from pathlib import Path
from threading import Lock

from meguri_qrguide.content.durable_files import replace_folder, settle
from meguri_qrguide.content.editions import Edition, Editions


class Guides:
    """Where drafts and editions lie: `{folder}/{town}/draft` and `{folder}/{town}/editions`.

    Args:
        folder: need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._editions: dict[str, Editions] = {}
        self._lock = Lock()

    def draft(self, town: str) -> Path:
        """The content folder that is edited; it may not exist yet."""
        folder = self._folder / town / "draft"
        settle(folder)
        return folder

    def editions(self, town: str) -> Editions:
        """What was published of a town's guide; always the same object, so that it reads an edition once."""
        with self._lock:
            if town not in self._editions:
                self._editions[town] = Editions(self._folder / town / "editions", town)
            return self._editions[town]

    def current(self, town: str) -> Edition | None:
        """What visitors of the town see; None: no guide of it was published."""
        return self.editions(town).current()

    def begin(self, town: str, at_ms: int) -> None:
        """Publish the guide that ships for the town, if there is one and the office has none of its own yet.

        Raises:
            ContentError: the guide that ships cannot be used.
        """
        draft = self.draft(town)
        shipped = shipped_guide(town)
        if shipped is not None and not draft.exists() and self.current(town) is None:
            self.editions(town).publish(shipped, at_ms)
        current = self.current(town)
        if current is not None and not draft.exists():
            new = Path(tempfile.mkdtemp(prefix=".draft.begin-", dir=draft.parent))
            new.chmod(0o755)
            shutil.copytree(current.folder, new, dirs_exist_ok=True)
            replace_folder(draft, new)


def shipped_guide(town: str) -> Path | None:
    """The content folder that ships for a town; None: the town brings its own."""
    folder = Path(str(files("meguri_qrguide"))) / "guides" / town
    return folder if (folder / "guide.yaml").is_file() else None
