"""The boxes of files of the ISO base media format (ISO/IEC 14496-12): MP4, M4A, AVIF."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = 8
_LARGE_HEADER = 16


class BoxError(Exception):
    """The boxes do not fit into each other; the message says how, without naming the file."""


class FileBox(NamedTuple):
    """One of a file's outermost boxes: its type, and where in the file its content begins and ends."""

    kind: bytes
    start: int
    end: int


def file_boxes(file: IO[bytes], size: int) -> Iterator[FileBox]:
    """The outermost boxes of a file of so many bytes.

    Raises:
        BoxError: one ends behind the file's end.
    """
    position = 0
    while position < size:
        file.seek(position)
        header = file.read(_LARGE_HEADER)
        length, start = int.from_bytes(header[:4], "big"), position + _HEADER
        if length == 1:
            length, start = int.from_bytes(header[_HEADER:], "big"), position + _LARGE_HEADER
        end = size if length == 0 else position + length
        if not start <= end <= size:
            raise BoxError("It is cut off, or not of its format: a box ends behind the file's end.")
        yield FileBox(header[4:_HEADER], start, end)
        position = end


def boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of the boxes inside a box.

    Raises:
        BoxError: one ends behind the one that holds it.
    """
    position = 0
    while position + _HEADER <= len(content):
        length = int.from_bytes(content[position : position + 4], "big") or len(content) - position
        if length < _HEADER or position + length > len(content):
            raise BoxError("Its index is damaged: a box ends behind the one that holds it.")
        yield content[position + 4 : position + _HEADER], content[position + _HEADER : position + length]
        position += length


def box_inside(content: bytes, *path: bytes) -> bytes:
    """The content of the first box that the path leads to; empty if there is none.

    Raises:
        BoxError: a box on the way ends behind the one that holds it.
    """
    for name in path:
        content = next((inner for kind, inner in boxes(content) if kind == name), b"")
    return content
