"""Where a radiotap header holds the flags and the antenna signal: https://www.radiotap.org/."""

from __future__ import annotations

from typing import Final

from meguri_sensors.frame_layout import ABSENT, Layout

FLAG_CHECKSUM_INCLUDED: Final = 0x10
"""The frame ends with its 4 bytes of checksum."""
FLAG_BAD_CHECKSUM: Final = 0x40
"""The receiver found the checksum wrong."""

_FIXED_BYTES: Final = 8
_EXTENSION_BIT: Final = 1 << 31
_FLAGS_BIT: Final = 1
_SIGNAL_BIT: Final = 5
_FIELDS: Final = (
    (8, 8),  # TSFT
    (1, 1),  # flags
    (1, 1),  # rate
    (4, 2),  # channel
    (2, 2),  # FHSS
    (1, 1),  # antenna signal
)
"""Size and alignment of the fields of bits 0 to 5, which stand before all others."""


def layout(packet: bytes) -> Layout | None:
    """The layout of the header at the packet's start; None if there is no readable one.

    The signal is the one that the first presence word announces. Words that follow it (per antenna, of a
    vendor, unknown) are stepped over: their fields stand behind those of the first.
    """
    if len(packet) < _FIXED_BYTES or packet[0] != 0:
        return None
    length = int.from_bytes(packet[2:4], "little")
    present = word = int.from_bytes(packet[4:8], "little")
    at = _FIXED_BYTES
    while word & _EXTENSION_BIT:
        if at + 4 > length or at + 4 > len(packet):
            return None
        word = int.from_bytes(packet[at : at + 4], "little")
        at += 4
    offsets = {}
    for bit, (size, alignment) in enumerate(_FIELDS):
        if present >> bit & 1:
            at += -at % alignment
            offsets[bit] = at
            at += size
    if at > length or length > len(packet):
        return None
    return Layout(
        length,
        offsets.get(_FLAGS_BIT, ABSENT),
        offsets.get(_SIGNAL_BIT, ABSENT),
        is_of_its_kind=not present & _EXTENSION_BIT,
    )
