"""Writes what a sensor hears as its capture would hold it: pcap, radiotap headers, probe requests."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from meguri_village.people import Visitor
    from meguri_village.receptions import Receptions

_FILE_HEADER: Final = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 127)
_RECORD_HEADER: Final = struct.Struct("<IIII")
_SECOND_US: Final = 1_000_000
_BROADCAST: Final = b"\xff" * 6
_FREQUENCY: Final = struct.pack("<HH", 2_437, 0x0080)
"""Channel 6 in the 2.4 GHz band."""

_SIMPLE: Final = struct.pack("<BBHI", 0, 0, 14, 0x0828) + _FREQUENCY
"""Channel, antenna signal and antenna: what an ESP32 writes. The signal and the antenna's byte follow."""
_FULL: Final = struct.pack("<BBHI", 0, 0, 23, 0x002F)
"""TSFT, flags, rate, channel, antenna signal: what a driver in monitor mode writes."""
_FULL_FIELDS: Final = struct.Struct("<QBB4sb")
_CHECKSUM_INCLUDED: Final = 0x10
_RATE_1_MBIT: Final = 2


class Airwaves:
    """The visitors' frames, ready to be written as often as they are heard.

    Every other sensor is of another make: it writes a fuller radiotap header and keeps the checksum.

    Args:
        visitors: of one day.
    """

    def __init__(self, visitors: list[Visitor]) -> None:
        self._frames = [
            (b"\x40\x00\x00\x00" + _BROADCAST + each.phone.address + _BROADCAST, each.phone.bodies())
            for each in visitors
        ]

    def capture(self, heard: Receptions, sensor: int) -> bytes:
        """A whole pcap file of receptions, which are all of this sensor and in the order of time."""
        parts = [_FILE_HEADER]
        columns = (heard.time_us, heard.visitor, heard.body, heard.sequence_number, heard.rssi)
        for time_us, visitor, body, number, rssi in zip(*(each.tolist() for each in columns), strict=True):
            header, bodies = self._frames[visitor]
            frame = header + (number << 4).to_bytes(2, "little") + bodies[body]
            if sensor % 2:
                fields = _FULL_FIELDS.pack(time_us, _CHECKSUM_INCLUDED, _RATE_1_MBIT, _FREQUENCY, rssi)
                packet = _FULL + fields + frame + zlib.crc32(frame).to_bytes(4, "little")
            else:
                packet = _SIMPLE + struct.pack("bx", rssi) + frame
            seconds, fraction = divmod(time_us, _SECOND_US)
            parts += (_RECORD_HEADER.pack(seconds, fraction, len(packet), len(packet)), packet)
        return b"".join(parts)
