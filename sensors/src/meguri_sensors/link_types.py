"""What a capture puts before a frame, by the number that captures give it: https://www.tcpdump.org/linktypes.html."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final

from meguri_sensors import prism, radiotap
from meguri_sensors.frame_layout import ABSENT, Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class LinkType(IntEnum):
    """The kinds that Meguri reads."""

    BARE = 105
    """Nothing: the frame itself."""
    PRISM = 119
    """A Prism or an AVS header."""
    RADIOTAP = 127


def _bare(_packet: bytes) -> Layout:
    return Layout(0, ABSENT, ABSENT, is_of_its_kind=False)


LAYOUTS: Final[Mapping[int, Callable[[bytes], Layout | None]]] = {
    LinkType.BARE: _bare,
    LinkType.PRISM: prism.layout,
    LinkType.RADIOTAP: radiotap.layout,
}
"""How each kind's header is read: the packet's layout, or None if it has no such header."""

READABLE: Final = (
    "105 (802.11), 119 (802.11 with Prism or AVS headers) and 127 (802.11 with radiotap headers)"
)
"""For sentences."""
