"""Where a Prism header, or the AVS header that drivers put in its place, holds the antenna signal.

Both belong to link type 119. Prism: a code, a length, a device name and items of 12 bytes, in the byte
order of the machine that captured. AVS: fixed fields in network order, one of which says what kind of number
the signal is.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from meguri_sensors.frame_layout import ABSENT, Layout

if TYPE_CHECKING:
    from collections.abc import Iterator

_AVS_MAGIC: Final = b"\x80\x21\x10"
"""The first three bytes of every version."""
_AVS_BYTES: Final = 64
_AVS_SIGNAL_KIND_AT: Final = 44
_AVS_SIGNAL_AT: Final = 48
_AVS_DBM: Final = 2
_MESSAGE_CODES: Final = (0x44, 0x41)
_FIXED_BYTES: Final = 24
_ITEM_BYTES: Final = 12
_SIGNALS: Final = ((0x0006_0044, 0x0000_6041), (0x0004_0044, 0x0000_4041))
"""The items `signal` and `rssi` under both ways to number them: drivers write dBm into either of them, and
numbers without a unit into the other."""
_DBM: Final = range(-127, 0)


def layout(packet: bytes) -> Layout | None:
    """The layout of the header at the packet's start; None if there is no readable one.

    A signal that is not between -127 and -1 is no dBm, and then there is none.
    """
    if packet[:3] == _AVS_MAGIC:
        return _avs(packet)
    for order in "<>":
        if len(packet) < _FIXED_BYTES:
            return None
        code, length = struct.unpack_from(f"{order}II", packet)
        if code in _MESSAGE_CODES and _FIXED_BYTES <= length <= len(packet):
            return Layout(length, ABSENT, _signal_at(packet, length, order), is_of_its_kind=False)
    return None


def _avs(packet: bytes) -> Layout | None:
    length = int.from_bytes(packet[4:8], "big")
    if not _AVS_BYTES <= length <= len(packet):
        return None
    kind, signal = struct.unpack_from(">Ii", packet, _AVS_SIGNAL_KIND_AT)
    has_signal = kind == _AVS_DBM and signal in _DBM
    return Layout(length, ABSENT, _AVS_SIGNAL_AT + 3 if has_signal else ABSENT, is_of_its_kind=False)


def _signal_at(packet: bytes, length: int, order: str) -> int:
    """Of the byte that says the dBm, or ABSENT: the least one of the item's 4 bytes of data."""
    found = {number: (at, value) for number, at, value in _items(packet, length, order)}
    for numbers in _SIGNALS:
        for number in numbers:
            at, value = found.get(number, (ABSENT, 0))
            if value in _DBM:
                return at if order == "<" else at + 3
    return ABSENT


def _items(packet: bytes, length: int, order: str) -> Iterator[tuple[int, int, int]]:
    """Number, offset and value of the items.

    An item that the driver left out holds 0, which is no dBm, so that nothing depends on its status.
    """
    for at in range(_FIXED_BYTES, length - _ITEM_BYTES + 1, _ITEM_BYTES):
        number, _, _, value = struct.unpack_from(f"{order}IHHi", packet, at)
        yield number, at + 8, value
