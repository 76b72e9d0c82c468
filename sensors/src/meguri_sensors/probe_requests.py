"""Reads probe requests: the one place where a device's address is seen, and where it ends.

What leaves `FrameReader.read` is the pseudonym under the day's key, never the address; the names of
networks that a device asks for are not looked at.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from meguri_proto.columns import NO_FINGERPRINT, UNKNOWN_RSSI
from meguri_proto.pseudonyms import fingerprint, pseudonym

from meguri_sensors.radiotap import ABSENT, FLAG_BAD_CHECKSUM, FLAG_CHECKSUM_INCLUDED, Layout, layout
from meguri_sensors.verdicts import FrameReject

_PROBE_REQUEST: Final = 0x40
"""First byte of the frame control field: version 0, management, subtype 4."""
_ORDER: Final = 0x80
"""In its second byte: four bytes of HT control stand between header and elements."""
_FRAME_CONTROL_BYTES: Final = 2
_HEADER_BYTES: Final = 24
_HT_CONTROL_BYTES: Final = 4
_CHECKSUM_BYTES: Final = 4
_GROUP: Final = 0x01
_LOCALLY_ADMINISTERED: Final = 0x02
_VENDOR_SPECIFIC: Final = 221
_OUI_BYTES: Final = 3
_CAPABILITIES: Final = frozenset((1, 45, 50, 127))
"""Supported rates, HT capabilities, extended supported rates, extended capabilities."""
_REMEMBERED: Final = 65_536
"""Addresses (and sets of capabilities) kept beside their hashes at most, so that memory stays flat."""


class Heard(NamedTuple):
    """A probe request without what would name its device beyond the key's day."""

    device: int
    """Pseudonym under the key."""
    rssi: int
    """dBm; UNKNOWN_RSSI if the header has none."""
    fingerprint: int
    """Of the capabilities under the key; NO_FINGERPRINT if it has none or the frame was cut."""
    sequence_number: int
    """The 802.11 sequence number, 0 to 4095."""
    is_random: bool
    """The address was locally administered: most likely made up by the device."""


class FrameReader:
    """Reads frames under one key. Addresses that it remembers go when it goes, with the key.

    Args:
        key: the town's key of the day.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._devices: dict[bytes, int] = {}
        self._fingerprints: dict[bytes, int] = {b"": NO_FINGERPRINT}
        self._layouts: dict[bytes, Layout] = {}

    def read(self, packet: bytes, *, is_cut: bool) -> Heard | FrameReject | None:
        """The probe request in a packet, why it could not be read, or None if it is another frame.

        Args:
            packet: radiotap header and frame.
            is_cut: the capture kept only the packet's beginning.
        """
        where = self._layouts.get(packet[:8])
        if where is None or where.length > len(packet):
            where = self._new_layout(packet)
            if where is None:
                return FrameReject.RADIOTAP_UNREADABLE
        flags = packet[where.flags_at] if where.flags_at != ABSENT else 0
        if flags & FLAG_BAD_CHECKSUM:
            return FrameReject.BAD_CHECKSUM
        has_checksum = flags & FLAG_CHECKSUM_INCLUDED and not is_cut
        end = len(packet) - _CHECKSUM_BYTES if has_checksum else len(packet)
        if end < where.length + _FRAME_CONTROL_BYTES:
            return FrameReject.FRAME_TOO_SHORT
        if packet[where.length] != _PROBE_REQUEST:
            return None
        return self._probe_request(packet, where, end, is_cut=is_cut)

    def _probe_request(self, packet: bytes, where: Layout, end: int, *, is_cut: bool) -> Heard | FrameReject:
        start = where.length
        elements = start + _HEADER_BYTES
        if packet[start + 1] & _ORDER:
            elements += _HT_CONTROL_BYTES
        if end < elements:
            return FrameReject.FRAME_TOO_SHORT
        address = packet[start + 10 : start + 16]
        if address[0] & _GROUP:
            return FrameReject.TRANSMITTER_IS_A_GROUP
        capabilities = b"" if is_cut else _capabilities(packet, elements, end)
        if capabilities is None:
            return FrameReject.ELEMENTS_OVERRUN
        device = self._devices.get(address)
        if device is None:
            device = self._new_device(address)
        capable_of = self._fingerprints.get(capabilities)
        if capable_of is None:
            capable_of = self._new_fingerprint(capabilities)
        signal = UNKNOWN_RSSI
        if where.signal_at != ABSENT:
            signal = packet[where.signal_at]
            signal -= (signal & 0x80) << 1
        return Heard(
            device,
            signal,
            capable_of,
            packet[start + 23] << 4 | packet[start + 22] >> 4,
            bool(address[0] & _LOCALLY_ADMINISTERED),
        )

    def _new_layout(self, packet: bytes) -> Layout | None:
        found = layout(packet)
        if found is not None and not found.is_extended:
            self._layouts[packet[:8]] = found
        return found

    def _new_device(self, address: bytes) -> int:
        if len(self._devices) >= _REMEMBERED:
            self._devices.clear()
        device = self._devices[address] = pseudonym(self._key, address)
        return device

    def _new_fingerprint(self, capabilities: bytes) -> int:
        if len(self._fingerprints) >= _REMEMBERED:
            self._fingerprints.clear()
            self._fingerprints[b""] = NO_FINGERPRINT
        found = self._fingerprints[capabilities] = fingerprint(self._key, capabilities)
        return found


def _capabilities(packet: bytes, at: int, end: int) -> bytes | None:
    """The elements that say what a device can do, in the frame's order; None if one overruns the frame.

    Each is written as number, length and content, so that no two different sets read the same; of a
    vendor's element only the vendor's OUI.
    """
    found = b""
    while at < end:
        if at + 2 > end:
            return None
        number = packet[at]
        after = at + 2 + packet[at + 1]
        if after > end:
            return None
        if number in _CAPABILITIES:
            found += packet[at:after]
        elif number == _VENDOR_SPECIFIC:
            oui = packet[at + 2 : min(after, at + 2 + _OUI_BYTES)]
            found += bytes((number, len(oui))) + oui
        at = after
    return found
