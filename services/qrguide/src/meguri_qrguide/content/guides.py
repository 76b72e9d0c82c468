"""The guides of an installation: a folder a town, with the draft that is edited and what was published."""

from __future__ import annotations

import json
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path
from threading import Lock

from meguri_qrguide.content.durable_files import replace_file, replace_folder, settle
from meguri_qrguide.content.editions import Edition, Editions
from meguri_qrguide.content.folder import folder_digest


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
        """Publish the guide that ships for the town, and make it the draft, until the office has its own.

        A newer one that ships takes the place of the one that shipped before, once. What the office changed,
        imported or published stays.

        Raises:
            ContentError: the guide that ships cannot be used.
        """
        shipped = shipped_guide(town)
        record = self._folder / town / "shipped.json"
        before = json.loads(record.read_text("utf-8")) if record.exists() else []
        if shipped is None or (digest := folder_digest(shipped)) in before:
            return
        draft, current = self.draft(town), self.current(town)
        of_draft = folder_digest(draft) if draft.exists() else None
        of_current = folder_digest(current.folder) if current else None
        if not {of_draft, of_current} <= {None, digest, *before}:
            return
        if of_current != digest:
            self.editions(town).publish(shipped, at_ms)
        if of_draft != digest:
            new = Path(tempfile.mkdtemp(prefix=".draft.shipped-", dir=draft.parent))
            new.chmod(0o755)
            shutil.copytree(shipped, new, dirs_exist_ok=True)
            replace_folder(draft, new)
        # Last: were the process killed before, the next start would go on where this one ended.
        replace_file(record, json.dumps([*before, digest]))


def shipped_guide(town: str) -> Path | None:
    """The content folder that ships for a town; None: the town brings its own."""
    folder = Path(str(files("meguri_qrguide"))) / "guides" / town
    return folder if (folder / "guide.yaml").is_file() else None
