"""A content folder as one zip file, out and in."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def export_zip(folder: Path) -> IO[bytes]:
    """The folder's files as a zip, at its beginning; the same files give the same bytes."""
    raise NotImplementedError


def import_zip(stream: IO[bytes], into: Path) -> None:
    """Put the zip's content in the place of a draft: whole, or not at all.

    Args:
        stream: a zip as `export_zip` makes it; to be seekable.
        into: the draft's folder, which need not exist.

    Raises:
        ContentError: it is no zip, holds what no guide has, or its content cannot be used. The draft stays.
    """
    raise NotImplementedError
