"""What an MP4 file says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from meguri_qrguide.content.boxes import BoxError, box_inside, boxes, file_boxes

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST_INDEX = 8_000_000
"""Bytes of the box moov; an hour of sound has some 700,000."""


@dataclass(frozen=True)
class Mp4:
    """What a file holds."""

    tracks: tuple[tuple[str, str], ...]
    """Handler and format of each, such as `soun` and `mp4a`, `vide` and `avc1`."""
    seconds: float


def read_mp4(file: IO[bytes], size: int) -> Mp4:
    """What the file of so many bytes holds.

    Raises:
        BoxError: it is no MP4, is cut off, or has no index.
    """
    found = list(file_boxes(file, size))
    if not found or found[0].kind != b"ftyp":
        raise BoxError("It is no MP4 file: its first box is not ftyp.")
    kinds = [each.kind for each in found]
    if b"moov" not in kinds or b"mdat" not in kinds:
        raise BoxError("It is no whole MP4 file: it lacks its index (moov) or its data (mdat).")
    place = found[kinds.index(b"moov")]
    if place.end - place.start > _LARGEST_INDEX:
        raise BoxError("Its index is larger than its data can need.")
    file.seek(place.start)
    index = file.read(place.end - place.start)
    return Mp4(tuple(_tracks(index)), _seconds(index))


def _tracks(index: bytes) -> Iterator[tuple[str, str]]:
    for kind, track in boxes(index):
        if kind == b"trak":
            handler = box_inside(track, b"mdia", b"hdlr")
            formats = box_inside(track, b"mdia", b"minf", b"stbl", b"stsd")
            yield handler[8:12].decode("latin-1"), formats[12:16].decode("latin-1")


def _seconds(index: bytes) -> float:
    header = box_inside(index, b"mvhd")
    # Version 1 has its times in 64 bits: two of them stand before the scale, one behind it.
    at, width = (20, 8) if header[:1] == b"\x01" else (12, 4)
    scale = int.from_bytes(header[at : at + 4], "big")
    return int.from_bytes(header[at + 4 : at + 4 + width], "big") / scale if scale else 0.0
