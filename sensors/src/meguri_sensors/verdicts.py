"""What can be wrong with a capture or a frame: two closed lists, each word with its sentence."""

from __future__ import annotations

from enum import StrEnum

from meguri_sensors.link_types import READABLE


class CaptureVerdict(StrEnum):
    """How a capture file ended; everything before that end was read."""

    WHOLE = "whole"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    EMPTY = "empty"
    NOT_A_CAPTURE = "not_a_capture"
    UNSUPPORTED_LINK_TYPE = "unsupported_link_type"

    @property
    def is_readable(self) -> bool:
        """Whether it is a capture whose frames, as far as they are whole, can be used."""
        return self in (CaptureVerdict.WHOLE, CaptureVerdict.TRUNCATED, CaptureVerdict.DAMAGED)


class FrameReject(StrEnum):
    """Why a captured frame was not read; its value is what reports and metrics count under."""

    UNSUPPORTED_LINK_TYPE = "unsupported_link_type"
    WITHOUT_TIME = "without_time"
    HEADER_UNREADABLE = "header_unreadable"
    FRAME_TOO_SHORT = "frame_too_short"
    BAD_CHECKSUM = "bad_checksum"
    TRANSMITTER_IS_A_GROUP = "transmitter_is_a_group"
    ELEMENTS_OVERRUN = "elements_overrun"
    OPTED_OUT = "opted_out"

    @property
    def sentence(self) -> str:
        """The reason for people."""
        return _SENTENCES[self]


_SENTENCES = {
    FrameReject.UNSUPPORTED_LINK_TYPE: f"The frame was captured with a link type that is not {READABLE}.",
    FrameReject.WITHOUT_TIME: "The capture gives the frame no time, or one before 1970 or after 2106.",
    FrameReject.HEADER_UNREADABLE: "The header before the frame is not of the capture's link type, or longer "
    "than what was captured.",
    FrameReject.FRAME_TOO_SHORT: "The frame ends inside its 802.11 header.",
    FrameReject.BAD_CHECKSUM: "The receiver marked the frame as damaged on the air.",
    FrameReject.TRANSMITTER_IS_A_GROUP: "The transmitter's address is a group's, which no device has.",
    FrameReject.ELEMENTS_OVERRUN: "An information element of the probe request is longer than the frame.",
    FrameReject.OPTED_OUT: "The device's owner has opted out of being counted.",
}
