"""A content folder as one zip file, out and in."""

from __future__ import annotations

import os
import re
import shutil
import stat
import struct
import tempfile
import unicodedata
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from meguri_qrguide.content.durable_files import replace_folder, settle
from meguri_qrguide.content.editions import check_town
from meguri_qrguide.content.folder import list_files, too_much
from meguri_qrguide.content.layout import MOST_FILES, place, size_problem
from meguri_qrguide.content.problems import ContentError, Problem
from meguri_qrguide.content.reading import read_guide

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ENTRY = b"PK\x01\x02"
"""Begins each entry of a zip's index."""
_CHUNK = 1_000_000
_IN_MEMORY = 16_000_000
"""Bytes of an export; a larger one waits on the disk."""
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""A zip knows no earlier time: all files have it, so that the same files give the same zip."""


def export_zip(folder: Path) -> IO[bytes]:
    """The folder's files as a zip, at its beginning; the same files give the same bytes.

    Raises:
        ContentError: the folder holds what no guide has, and the zip could not be imported.
    """
    packed: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  the caller closes it
    with zipfile.ZipFile(packed, "w") as archive:
        for placed in list_files(folder):
            try:
                _pack(archive, folder, placed.path)
            except FileNotFoundError:
                sentence = "The folder was changed meanwhile. Do it again."
                raise ContentError([Problem(str(placed.path), None, sentence)]) from None
    packed.seek(0)
    return packed


def _pack(archive: zipfile.ZipFile, folder: Path, path: PurePosixPath) -> None:
    info = zipfile.ZipInfo(str(path), _EARLIEST)
    info.external_attr = 0o644 << 16
    is_text = path.suffix in (".md", ".yaml", ".svg", ".vtt")  # media are packed already
    info.compress_type = zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED
    with (folder / path).open("rb") as file:
        info.file_size = os.fstat(file.fileno()).st_size
        with archive.open(info, "w") as entry:
            shutil.copyfileobj(file, entry)


def import_zip(stream: IO[bytes], into: Path, town: str) -> None:
    """Put the zip's content in the place of a draft: whole, or not at all.

    Args:
        stream: a zip as `export_zip` makes it; to be seekable.
        into: the draft's folder, which need not exist.
        town: whose guide it has to be.

    Raises:
        ContentError: it is no zip, holds what no guide has, or its content cannot be used. The draft stays.
    """
    into.parent.mkdir(parents=True, exist_ok=True)
    settle(into)
    new = Path(tempfile.mkdtemp(prefix=f".{into.name}.import-", dir=into.parent))
    try:
        new.chmod(0o755)
        _unpack(stream, new)
        check_town(read_guide(new), town)
        replace_folder(into, new)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _unpack(stream: IO[bytes], folder: Path) -> None:
    _refuse_size(stream)
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = [each for each in archive.infolist() if not _is_folder(each)]
            problems = list(_problems(archive.infolist()))
            problems += too_much(len(entries), sum(each.file_size for each in entries))
            if problems:
                raise ContentError(problems)
            for entry in entries:
                _unpack_entry(archive, entry, folder / entry.orig_filename)
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, EOFError) as error:
        raise ContentError([Problem("", None, f"This is no whole zip file: {error}.")]) from None


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.orig_filename.endswith("/")


def _refuse_size(stream: IO[bytes]) -> None:
    """Refuse what would take long, or much memory, only to be listed."""
    size = stream.seek(0, 2)
    stream.seek(0)
    entries = 0
    tail = b""
    while chunk := stream.read(_CHUNK):
        entries += (tail + chunk).count(_ENTRY)
        tail = chunk[-len(_ENTRY) + 1 :]
    stream.seek(0)
    # Each folder may be an entry too, and a medium may hold these bytes by chance.
    if problems := too_much(entries if entries > 2 * MOST_FILES else 0, size):
        raise ContentError(problems)


def _problems(entries: Sequence[zipfile.ZipInfo]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for entry in entries:
        name = entry.orig_filename
        same = unicodedata.normalize("NFC", name).casefold()
        other = seen.get(same)
        seen[same] = name
        sentence: str | None
        if other == name:
            sentence = "The zip holds this twice."
        elif other is not None:
            sentence = f"Some disks take this for the same name as {other}. Rename one of them."
        else:
            sentence = _path_refusal(name) or _entry_refusal(entry)
        if sentence:
            yield Problem(name.encode("unicode_escape").decode("ascii"), None, sentence)


def _path_refusal(name: str) -> str | None:
    """A sentence if a path leads out of the folder, or is not plain."""
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "The path is absolute; paths begin at the guide's folder."
    if "\\" in name or "\0" in name:
        return "The path holds a character that no path of a guide has. Folders are divided by /."
    if not {"", ".", ".."}.isdisjoint(name.removesuffix("/").split("/")):
        return "The path leads out of the guide's folder, or is not plain."
    return None


def _entry_refusal(entry: zipfile.ZipInfo) -> str | None:
    """A sentence if a guide has no such file."""
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "This is a link or a device; a guide has files alone."
    if _is_folder(entry):
        return None
    placed = place(PurePosixPath(entry.orig_filename))
    if placed is None:
        return (
            "A guide has no such file. Zip what is in the guide's folder, not the folder, nor anything else."
        )
    if entry.flag_bits & 1:
        return "It is locked with a password."
    if entry.compress_type not in _PACKED:
        return "It is packed in a way that is not taken. Zip with deflate, which is what zip does by itself."
    return size_problem(placed.kind, entry.file_size)


def _unpack_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    declared = entry.file_size
    entry.file_size += 1  # one byte more than it says is enough to know that it is not what it says
    unpacked = 0
    try:
        with archive.open(entry) as packed, target.open("wb") as file:
            while chunk := packed.read(_CHUNK):
                unpacked += len(chunk)
                file.write(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        sentence = f"It is damaged: {str(error).splitlines()[0]}."
        raise ContentError([Problem(entry.orig_filename, None, sentence)]) from None
    if unpacked != declared:
        sentence = f"It unpacks to other than the {declared} bytes that the zip says."
        raise ContentError([Problem(entry.orig_filename, None, sentence)])
