"""Files and folders that are whole at every instant, whenever the process or the power ends."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def replace_file(path: Path, text: str) -> None:
    """Write a file so that at every instant the old one or the new one is there; the new one from here on."""
    written = path.with_name(f".{path.name}.new")
    with written.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    written.replace(path)
    sync_folder(path.parent)


def sync_tree(folder: Path) -> None:
    """Write all files and folders below to the disk, and the folder itself."""
    for path in folder.rglob("*"):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Write a folder to the disk: before, a file created in it or renamed may be gone after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_folder(folder: Path, by: Path) -> None:
    """Put a whole folder in the place of another beside it.

    Should the process end meanwhile, one of the two is there after `settle`.
    """
    sync_tree(by)
    replaced = _replaced(folder)
    with held(_lock(folder)):
        shutil.rmtree(replaced, ignore_errors=True)
        if folder.exists():
            folder.rename(replaced)
        by.rename(folder)
        sync_folder(folder.parent)
        shutil.rmtree(replaced, ignore_errors=True)


def settle(folder: Path) -> None:
    """Bring the old folder back if a process ended between taking it away and putting the new one there."""
    replaced = _replaced(folder)
    if folder.exists() or not replaced.exists():
        return
    with held(_lock(folder)):
        if not folder.exists():
            replaced.rename(folder)


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Be the only one, among all threads and processes, that holds this lock file; waits for the others."""
    descriptor = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replaced(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.replaced")


def _lock(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.lock")
