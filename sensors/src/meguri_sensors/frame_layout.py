"""Where a packet holds what stands around its 802.11 frame, whatever kind of header the capture put there."""

from __future__ import annotations

from typing import Final, NamedTuple

ABSENT: Final = -1


class Layout(NamedTuple):
    """Offsets from the packet's start."""

    length: int
    """Of the header: where the frame begins."""
    flags_at: int
    """Of radiotap's byte of flags, or ABSENT."""
    signal_at: int
    """Of the antenna signal's byte (int8, dBm), or ABSENT."""
    is_of_its_kind: bool
    """Every header that begins with the same 8 bytes has this layout."""
