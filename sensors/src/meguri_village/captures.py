"""Writes what a sensor hears as its capture would hold it: pcap, radiotap headers, probe requests."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final, TypeAlias

from meguri_village.phones import MODELS, body

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from meguri_village.phones import Phones
    from meguri_village.receptions import Receptions

_Row: TypeAlias = "tuple[int, int, int, int, int, int]"
"""Time (microseconds), address, person, body, sequence control, signal."""
_FILE_HEADER: Final = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 127)
_SECOND_US: Final = 1_000_000
_BROADCAST: Final = b"\xff" * 6
_PROBE_REQUEST: Final = b"\x40\x00\x00\x00" + _BROADCAST
_FREQUENCY: Final = struct.pack("<HH", 2_437, 0x0080)
"""Channel 6 in the 2.4 GHz band."""

_SIMPLE: Final = struct.pack("<BBHI", 0, 0, 14, 0x0828) + _FREQUENCY
"""Channel, antenna signal and antenna: what an ESP32 writes. The signal and the antenna's byte follow."""
_FULL: Final = struct.pack("<BBHI", 0, 0, 23, 0x002F)
"""TSFT, flags, rate, channel, antenna signal: what a driver in monitor mode writes."""
_CHECKSUM_INCLUDED: Final = 0x10
_RATE_1_MBIT: Final = 2
_SIMPLE_RECORD: Final = struct.Struct("<IIII12sbx10s6s6sH")
"""Record header; radiotap header; 802.11 header with its addresses and sequence control."""
_FULL_RECORD: Final = struct.Struct("<IIII8sQBB4sb")
_FRAME_HEADER: Final = struct.Struct("<10s6s6sH")
_SIMPLE_BYTES: Final = len(_SIMPLE) + 2 + _FRAME_HEADER.size
_FULL_BYTES: Final = 23 + _FRAME_HEADER.size + 4


class Airwaves:
    """The frames of a day's phones, ready to be written as often as they are heard.

    Every other sensor is of another make: it writes a fuller radiotap header and keeps the checksum.

    Args:
        phones: of everybody of the day.
        addresses: (n, 6) those that they use.
    """

    def __init__(self, phones: Phones, addresses: NDArray[np.uint8]) -> None:
        self._addresses = [each.tobytes() for each in addresses]
        self._bodies: dict[tuple[int, str], bytes] = {}
        self._of_phone = [
            tuple(self._body(model, name) for name in ("", *names))
            for model, names in zip(phones.model.tolist(), phones.networks.tolist(), strict=True)
        ]

    def capture(self, heard: Receptions, sensor: int) -> bytes:
        """A whole pcap file of receptions, which are all of this sensor and in the order of time."""
        columns = (
            heard.recorded_us,
            heard.address,
            heard.person,
            heard.body,
            heard.sequence_number << 4,
            heard.rssi,
        )
        rows = zip(*(each.tolist() for each in columns), strict=True)
        write = self._full if sensor % 2 else self._simple
        return b"".join(write(rows))

    def _simple(self, rows: Iterable[_Row]) -> list[bytes]:
        addresses, bodies, pack = self._addresses, self._of_phone, _SIMPLE_RECORD.pack
        parts = [_FILE_HEADER]
        for time_us, address, person, number, control, rssi in rows:
            content = bodies[person][number]
            length = _SIMPLE_BYTES + len(content)
            parts.append(
                pack(
                    time_us // _SECOND_US,
                    time_us % _SECOND_US,
                    length,
                    length,
                    _SIMPLE,
                    rssi,
                    _PROBE_REQUEST,
                    addresses[address],
                    _BROADCAST,
                    control,
                )
            )
            parts.append(content)
        return parts

    def _full(self, rows: Iterable[_Row]) -> list[bytes]:
        addresses, bodies, pack, header = (
            self._addresses,
            self._of_phone,
            _FULL_RECORD.pack,
            _FRAME_HEADER.pack,
        )
        parts = [_FILE_HEADER]
        for time_us, address, person, number, control, rssi in rows:
            content = bodies[person][number]
            length = _FULL_BYTES + len(content)
            frame = header(_PROBE_REQUEST, addresses[address], _BROADCAST, control) + content
            parts.append(
                pack(
                    time_us // _SECOND_US,
                    time_us % _SECOND_US,
                    length,
                    length,
                    _FULL,
                    time_us,
                    _CHECKSUM_INCLUDED,
                    _RATE_1_MBIT,
                    _FREQUENCY,
                    rssi,
                )
            )
            parts.append(frame)
            parts.append(zlib.crc32(frame).to_bytes(4, "little"))
        return parts

    def _body(self, model: int, name: str) -> bytes:
        found = self._bodies.get((model, name))
        if found is None:
            found = self._bodies[model, name] = body(MODELS[model], name)
        return found
