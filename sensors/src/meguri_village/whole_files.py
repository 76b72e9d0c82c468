"""Files that are whole at every instant, also if the process is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def replace_file(path: Path, text: str) -> None:
    """Write a file so that at every instant either the old or the new one is there.

    This holds when the process ends, not when the power does.

    Raises:
        OSError: the folder cannot be written.
    """
    written = path.with_name(f"{path.name}.new")
    written.write_text(text, encoding="utf-8", newline="")
    written.replace(path)
