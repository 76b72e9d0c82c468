"""Media files are what their names say: judged by what is in them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import IO, TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from meguri_qrguide.content.boxes import BoxError, file_boxes
from meguri_qrguide.content.guide import Media
from meguri_qrguide.content.layout import FileKind, size_problem
from meguri_qrguide.content.map_drawing import map_problem
from meguri_qrguide.content.mp4 import read_mp4

if TYPE_CHECKING:
    from pathlib import Path, PurePosixPath

LONGEST_SIDE = 4_096
"""Pixels of a picture: phones decode it whole, however small its file is."""
_PICTURES = {FileKind.AVIF: "AVIF", FileKind.WEBP: "WEBP", FileKind.JPEG: "JPEG"}
_SOUND_FORMATS = ("mp4a",)
_VIDEO_FORMATS = ("avc1", "avc3")


class NotWhatItSaysError(Exception):
    """The file is not what its name says; the message is a sentence that does not name the file."""


def read_media(folder: Path, path: PurePosixPath, kind: FileKind) -> Media:
    """A media file of a content folder, checked.

    Raises:
        NotWhatItSaysError: it is too large, or holds something else than its name says.
    """
    file = folder / path
    stat = file.stat()
    if sentence := size_problem(kind, stat.st_size):
        raise NotWhatItSaysError(sentence)
    hashed = _checked(file, kind, stat.st_size, (stat.st_ino, stat.st_mtime_ns))
    return Media(path, kind.value.type, stat.st_size, hashed)


@lru_cache(maxsize=4_096)
def _checked(file: Path, kind: FileKind, size: int, _stamp: tuple[int, int]) -> str:
    """The hash of a file that is what it says; a file that stayed as it was is not read again."""
    with file.open("rb") as opened:
        check(opened, size, kind)
        opened.seek(0)
        return hashlib.file_digest(opened, "sha256").hexdigest()[:32]


def check(file: IO[bytes], size: int, kind: FileKind) -> None:
    """Look into a file of so many bytes that is to be of a kind.

    Raises:
        NotWhatItSaysError: it is something else, or damaged.
    """
    if kind in _PICTURES:
        _check_picture(file, size, _PICTURES[kind])
    elif kind is FileKind.SOUND:
        _check_tracks(file, size, {"soun": _SOUND_FORMATS}, "one track of AAC sound")
    elif kind is FileKind.VIDEO:
        expected = "one track of H.264 video and at most one of AAC sound"
        _check_tracks(file, size, {"vide": _VIDEO_FORMATS, "soun": _SOUND_FORMATS}, expected)
    elif kind is FileKind.SUBTITLES:
        _check_subtitles(file.read())
    elif kind is FileKind.MAP and (sentence := map_problem(file.read())):
        raise NotWhatItSaysError(sentence)


def _check_picture(file: IO[bytes], size: int, expected: str) -> None:
    try:
        with Image.open(file, formats=[expected]) as picture:
            sides = picture.size
            if max(sides) > LONGEST_SIDE:
                sentence = f"It is {sides[0]} by {sides[1]} pixels; a side may have {LONGEST_SIDE}."
                raise NotWhatItSaysError(sentence)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise NotWhatItSaysError(f"It is no {expected} picture, or a damaged one.") from None
    if not _is_whole(file, size, expected):
        raise NotWhatItSaysError(f"It is a {expected} picture that is cut off.")


def _is_whole(file: IO[bytes], size: int, expected: str) -> bool:
    """Whether the picture reaches its end, which the header alone does not say."""
    file.seek(0)
    if expected == "WEBP":
        return int.from_bytes(file.read(8)[4:], "little") + 8 <= size
    if expected == "JPEG":
        file.seek(max(0, size - 1_024))
        return b"\xff\xd9" in file.read()
    try:
        return any(each.kind == b"mdat" for each in file_boxes(file, size))
    except BoxError:
        return False


def _check_tracks(file: IO[bytes], size: int, expected: dict[str, tuple[str, ...]], sentence: str) -> None:
    """The first handler expected has to be there; none may be twice, and nothing else may be there."""
    try:
        found = read_mp4(file, size)
    except BoxError as error:
        raise NotWhatItSaysError(str(error)) from None
    handlers = [handler for handler, _ in found.tracks]
    fits = all(form in expected.get(handler, ()) for handler, form in found.tracks)
    if not fits or next(iter(expected)) not in handlers or len(set(handlers)) != len(handlers):
        tracks = ", ".join(f"{handler} {form}".strip() for handler, form in found.tracks) or "no track"
        printable = tracks.encode("ascii", "replace").decode()
        raise NotWhatItSaysError(f"It has {printable}; expected {sentence}.")


def _check_subtitles(content: bytes) -> None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotWhatItSaysError("Subtitles are to be in UTF-8.") from None
    first = text.partition("\n")[0].rstrip("\r")
    if first != "WEBVTT" and not first.startswith(("WEBVTT ", "WEBVTT\t")):
        raise NotWhatItSaysError("It is no WebVTT file: its first line is not WEBVTT.")
    if "-->" not in text:
        raise NotWhatItSaysError("It has no cue: expected lines such as 00:01.000 --> 00:04.000.")
