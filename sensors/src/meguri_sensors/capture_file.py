"""A capture in a file, pcap or pcapng, read as a stream: memory stays flat whatever the file holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from meguri_sensors import pcap, pcapng
from meguri_sensors.byte_source import ByteSource
from meguri_sensors.link_types import LAYOUTS, READABLE
from meguri_sensors.packets import WHOLE, Ending, Packet
from meguri_sensors.verdicts import CaptureVerdict

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CaptureFile", "Packet"]


class CaptureFile:
    """One capture, read once from front to back.

    `verdict` and `sentence` say how the capture ended, once `packets` is exhausted; where the file is no
    capture that can be read, they say so from the start and there are no packets.

    Args:
        stream: the file, open for reading bytes, at its start.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._source = ByteSource(stream)
        self._source.need(pcap.FILE_HEADER_BYTES)
        self.without_time = 0
        """Packets that the file holds and gives no time that could be (1970 to 2106): not among `packets`."""
        self.verdict, self.sentence = _beginning(self._source.buffer)

    @property
    def bytes_read(self) -> int:
        """How much of the file was taken from the stream."""
        return self._source.bytes_read

    def packets(self) -> Iterator[Packet]:
        """The capture's whole packets, in the file's order."""
        if not self.verdict.is_readable or self.verdict is CaptureVerdict.TRUNCATED:
            return iter(())
        if self._source.buffer.startswith(pcapng.BEGINNING):
            return pcapng.packets(self._source, self._end, self._count_without_time)
        return pcap.packets(self._source, self._end)

    def _end(self, ending: Ending) -> None:
        self.verdict, self.sentence = ending

    def _count_without_time(self) -> None:
        self.without_time += 1


def _beginning(header: bytes) -> Ending:
    """What can be said of a file by its first bytes."""
    if not header:
        return Ending(CaptureVerdict.EMPTY, "The file is empty.")
    if header.startswith(pcapng.BEGINNING):
        return WHOLE
    if header[:4] not in pcap.FORMATS:
        return Ending(
            CaptureVerdict.NOT_A_CAPTURE,
            "This is no capture: it does not begin like a pcap or pcapng file.",
        )
    if len(header) < pcap.FILE_HEADER_BYTES:
        return Ending(
            CaptureVerdict.TRUNCATED,
            f"The capture is cut off at byte {len(header)}, inside the file's header: it holds no frame.",
        )
    found = pcap.link_type(header)
    if found not in LAYOUTS:
        return Ending(
            CaptureVerdict.UNSUPPORTED_LINK_TYPE,
            f"The capture's link type is {found}; Meguri reads {READABLE}: capture in monitor mode, "
            "with radiotap headers where the choice is there.",
        )
    return WHOLE
