"""A town's draft: the content folder that the office edits."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from meguri_qrguide.content.durable_files import replace_folder, settle
from meguri_qrguide.content.reading import read_guide

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from meguri_qrguide.content.guide import Guide

WORK_PREFIX = ".work-"
"""Begins the names of folders beside the draft in which media are made; one that a kill left is waste."""


class Draft:
    """Reads and changes it. Thread-safe; blocking, so not for an event loop.

    A change is made on a copy (of hard links), read there as a whole guide, and takes the draft's place only
    then: a draft can always be published, and whatever ends a change half-way leaves the draft as it was.

    Args:
        folder: of the draft; beside it lies what a change is made on.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._staged = folder.with_name(f".{folder.name}.staged")
        self._lock = threading.RLock()
        self._read: tuple[object, Guide] | None = None
        settle(self.folder)
        for waste in folder.parent.glob(f"{WORK_PREFIX}*"):
            shutil.rmtree(waste, ignore_errors=True)

    @property
    def guide(self) -> Guide:
        """What it says now.

        Raises:
            ContentError: somebody changed its files by hand so that they are no guide any more.
        """
        with self._lock:
            settle(self.folder)
            seen = _seen(self.folder)
            if self._read is None or self._read[0] != seen:
                self._read = (seen, read_guide(self.folder))
            return self._read[1]

    def text(self, path: str) -> str | None:
        """A file as it is written, with one kind of newline; None: there is none."""
        content = self.content(path)
        return None if content is None else content.decode("utf-8").replace("\r\n", "\n")

    def content(self, path: str) -> bytes | None:
        """A file's bytes; None: there is none."""
        try:
            return self.folder.joinpath(path).read_bytes()
        except FileNotFoundError:
            return None

    def revision(self, path: str) -> str:
        """16 hex digits that change with the file; empty: there is none."""
        content = self.content(path)
        return "" if content is None else hashlib.sha256(content).hexdigest()[:16]

    def stamp(self) -> str:
        """16 hex digits that change with any file of the draft."""
        return hashlib.sha256(repr(_seen(self.folder)).encode()).hexdigest()[:16]

    @contextmanager
    def change(self) -> Iterator[Staged]:
        """A copy to change; it takes the draft's place when the block ends, unless by an exception.

        Raises:
            ContentError: the copy is no guide any more; the draft stays.
        """
        with self._lock:
            settle(self.folder)
            shutil.rmtree(self._staged, ignore_errors=True)
            try:
                shutil.copytree(self.folder, self._staged, copy_function=_link_or_copy)
                yield Staged(self._staged)
                guide = read_guide(self._staged)
                replace_folder(self.folder, by=self._staged)
                self._read = (_seen(self.folder), guide)
            finally:
                shutil.rmtree(self._staged, ignore_errors=True)

    def begin(self, files: Mapping[str, str]) -> None:
        """Make a draft where there is none, of these files.

        Raises:
            ContentError: they are no guide; there is no draft then.
        """
        with self._lock:
            shutil.rmtree(self._staged, ignore_errors=True)
            try:
                staged = Staged(self._staged)
                for path, content in files.items():
                    staged.write(path, content)
                read_guide(self._staged)
                replace_folder(self.folder, by=self._staged)
            finally:
                shutil.rmtree(self._staged, ignore_errors=True)

    @contextmanager
    def held(self) -> Iterator[Path]:
        """The folder, which nobody changes meanwhile through this object."""
        with self._lock:
            settle(self.folder)
            yield self.folder


class Staged:
    """A copy of the draft, to be changed. Paths are below its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, path: str, content: str | bytes) -> None:
        """Make the file or put another in its place: the one that is there is the draft's too."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        with target.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)

    def move_in(self, made: Path, path: str) -> None:
        """Put a file that was made elsewhere on the same disk in the place."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        made.replace(target)

    def remove(self, path: str) -> None:
        """Take the file or folder away, if it is there."""
        target = self.folder / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a disk without hard links
        shutil.copy2(source, target)


def _seen(folder: Path) -> object:
    """What changes when any file does."""
    found = []
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)  # noqa: PTH118  hundreds of files at each page
            stat = os.stat(path)  # noqa: PTH116
            found.append((path, stat.st_size, stat.st_mtime_ns, stat.st_ino))
    return sorted(found)
