"""What the readers of captures give: packets, and how the capture ended."""

from __future__ import annotations

from typing import NamedTuple

from meguri_sensors.link_types import LinkType
from meguri_sensors.verdicts import CaptureVerdict


class Packet(NamedTuple):
    """One packet as it was captured."""

    time_ms: int
    """Epoch milliseconds."""
    data: bytes
    """Header and frame, as far as the capture kept them."""
    is_cut: bool
    """The frame was longer on the air than what was kept of it."""
    link_type: int = LinkType.RADIOTAP
    """What stands before the frame; one that Meguri does not read is possible where interfaces are mixed."""


class Ending(NamedTuple):
    """How a capture ended."""

    verdict: CaptureVerdict
    sentence: str
    """The verdict for people: what, where, what to do."""


WHOLE = Ending(CaptureVerdict.WHOLE, "The capture is whole.")


def cut_off(position: int, what: str, begins: int) -> Ending:
    """The file ends inside of something."""
    return Ending(
        CaptureVerdict.TRUNCATED,
        f"The capture is cut off at byte {position}, inside {what} that begins at byte {begins}; everything "
        "before it was read.",
    )
