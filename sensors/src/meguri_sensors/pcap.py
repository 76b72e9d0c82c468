"""Reads pcap: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from meguri_sensors.packets import WHOLE, Ending, Packet, cut_off
from meguri_sensors.verdicts import CaptureVerdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from meguri_sensors.byte_source import ByteSource

FILE_HEADER_BYTES: Final = 24
LARGEST_PACKET: Final = 262_144
"""No capture tool writes a longer one (libpcap's MAXIMUM_SNAPLEN); a larger length is damage."""
FORMATS: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000),
    b"\xa1\xb2\x3c\x4d": (">", 1_000_000),
}
"""What a file begins with: its byte order, and fractions of a second per millisecond."""
_RECORD_HEADER_BYTES: Final = 16


def link_type(header: bytes) -> int:
    """The link type that a file's header of 24 bytes names."""
    order, _ = FORMATS[header[:4]]
    found: int = struct.unpack_from(f"{order}I", header, 20)[0] & 0xFFFF
    return found


def packets(source: ByteSource, ended: Callable[[Ending], None]) -> Iterator[Packet]:
    """The whole packets of a capture, from the beginning of its header; `ended` is told how it ended."""
    order, per_ms = FORMATS[source.buffer[:4]]
    kind = link_type(source.buffer)
    header = struct.Struct(f"{order}IIII").unpack_from
    # Making a named tuple by its own constructor takes three times as long.
    new = tuple.__new__
    source.at = FILE_HEADER_BYTES
    while True:
        buffer, at, end = source.buffer, source.at, len(source.buffer)
        while at + _RECORD_HEADER_BYTES <= end:
            seconds, fraction, kept, length = header(buffer, at)
            first = at + _RECORD_HEADER_BYTES
            after = first + kept
            if after > end:
                if kept > LARGEST_PACKET:
                    source.at = at
                    ended(_damaged(source.offset, kept))
                    return
                break
            yield new(
                Packet, (seconds * 1_000 + fraction // per_ms, buffer[first:after], length > kept, kind)
            )
            at = after
        source.at = at
        if not source.more():
            break
    if source.available:
        part = "header" if source.available < _RECORD_HEADER_BYTES else "data"
        ended(cut_off(source.bytes_read, f"the {part} of the record", source.offset))
    else:
        ended(WHOLE)


def _damaged(offset: int, kept: int) -> Ending:
    return Ending(
        CaptureVerdict.DAMAGED,
        f"The record that begins at byte {offset} claims {kept} bytes, more than any capture keeps of a "
        "frame: the file is damaged from there; everything before it was read.",
    )
