"""Files that are whole at every instant."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def replace_file(path: Path, text: str, *, survives_power: bool) -> None:
    """Write a file so that at every instant either the old or the new one is there.

    Args:
        path: the file.
        text: all of it.
        survives_power: also if the power goes, and then the new one is there once this returns; else only
            if the process ends.

    Raises:
        OSError: the folder cannot be written.
    """
    written = path.with_name(f"{path.name}.new")
    with written.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        if survives_power:
            file.flush()
            os.fsync(file.fileno())
    written.replace(path)
    if survives_power:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Write a folder to the disk: before, a file created in it or renamed may be gone after a power cut.

    Raises:
        OSError: it cannot be written.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
