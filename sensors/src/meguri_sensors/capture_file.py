"""Reads captures in pcap format, link type 127, as a stream: memory stays flat whatever the file holds.

Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from meguri_sensors.verdicts import CaptureVerdict

if TYPE_CHECKING:
    from collections.abc import Iterator

LINK_TYPE_RADIOTAP: Final = 127
_FILE_HEADER_BYTES: Final = 24
_RECORD_HEADER_BYTES: Final = 16
_LARGEST_RECORD: Final = 262_144
"""No capture tool writes a longer one (libpcap's MAXIMUM_SNAPLEN); a larger length is damage."""
_READ_BYTES: Final = 1 << 20
_PCAPNG_MAGIC: Final = b"\x0a\x0d\x0d\x0a"
_FORMATS: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000),
    b"\xa1\xb2\x3c\x4d": (">", 1_000_000),
}
"""Magic number: byte order, and fractions of a second per millisecond."""


class Packet(NamedTuple):
    """One record of a capture."""

    time_ms: int
    """Epoch milliseconds."""
    data: bytes
    """Radiotap header and frame, as far as the capture kept them."""
    is_cut: bool
    """The frame was longer on the air than what was kept of it."""


class CaptureFile:
    """One capture, read once from front to back.

    `verdict` and `sentence` say how the capture ended, once `packets` is exhausted; where the file is no
    capture that can be read, they say so from the start and there are no packets.

    Args:
        stream: the file, open for reading bytes, at its start.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._buffer = b""
        self._position = 0
        """Of the buffer's end in the file."""
        self.verdict = CaptureVerdict.WHOLE
        self.sentence = "The capture is whole."
        self._order = "<"
        self._fractions_per_ms = 1_000
        self._read_header()

    @property
    def bytes_read(self) -> int:
        """How much of the file was taken from the stream."""
        return self._position

    def packets(self) -> Iterator[Packet]:
        """The capture's whole records, in the file's order."""
        if not self.verdict.is_readable:
            return
        header = struct.Struct(f"{self._order}IIII")
        per_ms = self._fractions_per_ms
        at = 0
        while True:
            buffer, end = self._buffer, len(self._buffer)
            while at + _RECORD_HEADER_BYTES <= end:
                seconds, fraction, kept, length = header.unpack_from(buffer, at)
                if kept > _LARGEST_RECORD:
                    self._end_damaged(self._position - end + at, kept)
                    return
                first = at + _RECORD_HEADER_BYTES
                after = first + kept
                if after > end:
                    break
                yield Packet(seconds * 1_000 + fraction // per_ms, buffer[first:after], length > kept)
                at = after
            self._buffer, at = buffer[at:], 0
            if not self._fill():
                break
        if self._buffer:
            part = "header" if len(self._buffer) < _RECORD_HEADER_BYTES else "data"
            self.verdict = CaptureVerdict.TRUNCATED
            self.sentence = (
                f"The capture is cut off at byte {self._position}, inside the {part} of the record that "
                f"begins at byte {self._position - len(self._buffer)}; everything before it was read."
            )

    def _fill(self) -> bool:
        block = self._stream.read(_READ_BYTES)
        self._buffer += block
        self._position += len(block)
        return bool(block)

    def _read_header(self) -> None:
        while len(self._buffer) < _FILE_HEADER_BYTES and self._fill():
            pass
        header, self._buffer = self._buffer[:_FILE_HEADER_BYTES], self._buffer[_FILE_HEADER_BYTES:]
        magic = header[:4]
        if not header:
            self._refuse(CaptureVerdict.EMPTY, "The file is empty.")
        elif magic == _PCAPNG_MAGIC:
            self._refuse(
                CaptureVerdict.UNSUPPORTED_FORMAT,
                "This is a pcapng capture; save it as pcap first (for example: editcap -F pcap IN OUT).",
            )
        elif magic not in _FORMATS:
            self._refuse(
                CaptureVerdict.NOT_A_CAPTURE, "This is no capture: it does not begin like a pcap file."
            )
        elif len(header) < _FILE_HEADER_BYTES:
            self.verdict = CaptureVerdict.TRUNCATED
            self.sentence = (
                f"The capture is cut off at byte {len(header)}, inside the file's header: it holds no frame."
            )
        else:
            self._order, self._fractions_per_ms = _FORMATS[magic]
            link_type = struct.unpack_from(f"{self._order}I", header, 20)[0] & 0xFFFF
            if link_type != LINK_TYPE_RADIOTAP:
                self._refuse(
                    CaptureVerdict.UNSUPPORTED_LINK_TYPE,
                    f"The capture's link type is {link_type}; Meguri reads {LINK_TYPE_RADIOTAP} "
                    "(802.11 with radiotap headers): capture in monitor mode with radiotap.",
                )

    def _refuse(self, verdict: CaptureVerdict, sentence: str) -> None:
        self.verdict, self.sentence = verdict, sentence

    def _end_damaged(self, offset: int, kept: int) -> None:
        self.verdict = CaptureVerdict.DAMAGED
        self.sentence = (
            f"The record that begins at byte {offset} claims {kept} bytes, more than any capture keeps of a "
            "frame: the file is damaged from there; everything before it was read."
        )
