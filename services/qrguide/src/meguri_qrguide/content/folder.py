"""The files of a content folder, none of which is anything but what a guide may have."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from meguri_qrguide.content.layout import MOST_BYTES, MOST_FILES, Placed, place, size_problem
from meguri_qrguide.content.problems import ContentError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator


def list_files(folder: Path) -> list[Placed]:
    """The folder's files, sorted by path.

    Raises:
        ContentError: there is no such folder, a file has no place in a guide, or it is too much.
    """
    problems = []
    found = []
    size = 0
    for path in _walk(folder):
        placed = place(path)
        file = folder / path
        if file.is_symlink() or not file.is_file():
            problems.append(Problem(str(path), None, "This is no file but a link or a device. Take it away."))
        elif placed is None:
            problems.append(Problem(str(path), None, "A guide has no such file. Rename it or take it away."))
        else:
            found.append(placed)
            size += file.stat().st_size
    if not found and not problems:
        problems.append(Problem("", None, f"There is no guide in {folder}."))
    problems += too_much(len(found), size)
    if problems:
        raise ContentError(problems)
    return sorted(found, key=lambda each: each.path)


def too_much(files: int, size: int) -> list[Problem]:
    """The problem of so many files, or so many bytes together, if it is one."""
    if files <= MOST_FILES and size <= MOST_BYTES:
        return []
    sentence = (
        f"{files:,} files with {size / 1e6:,.0f} MB are too much: a guide may have {MOST_FILES:,} files with "
        f"{MOST_BYTES / 1e6:,.0f} MB."
    )
    return [Problem("", None, sentence)]


def read_text(folder: Path, placed: Placed) -> str:
    """The text of a file.

    Raises:
        ContentError: it is too large, or no text in UTF-8.
    """
    file = folder / placed.path
    if sentence := size_problem(placed.kind, file.stat().st_size):
        raise ContentError([Problem(str(placed.path), None, sentence)])
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ContentError([Problem(str(placed.path), line, "This is no text in UTF-8.")]) from None


def folder_digest(folder: Path) -> str:
    """32 hex digits that change with any name or byte of the folder's files."""
    whole = hashlib.sha256()
    for path in sorted(_walk(folder)):
        with (folder / path).open("rb") as file:
            whole.update(f"{path}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()[:32]


def _walk(folder: Path) -> Iterator[PurePosixPath]:
    for root, folders, names in os.walk(folder):
        below = PurePosixPath(Path(root).relative_to(folder).as_posix())
        links = [name for name in folders if Path(root, name).is_symlink()]
        yield from (below / name for name in (*names, *links))
