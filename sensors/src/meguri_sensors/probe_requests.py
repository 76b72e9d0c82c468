"""Reads probe requests: the one place where a device's address is seen, and where it ends.

What leaves `FrameReader.read` is the pseudonym under the day's key, never the address; the names of
networks that a device asks for are not looked at.
"""

from __future__ import annotations

import zlib
from typing import Final, NamedTuple

from meguri_proto.columns import NO_FINGERPRINT, UNKNOWN_RSSI
from meguri_proto.pseudonyms import fingerprint, pseudonym

from meguri_sensors.frame_layout import ABSENT, Layout
from meguri_sensors.link_types import LAYOUTS, LinkType
from meguri_sensors.opt_outs import NOBODY, OptOuts
from meguri_sensors.radiotap import FLAG_BAD_CHECKSUM, FLAG_CHECKSUM_INCLUDED
from meguri_sensors.verdicts import FrameReject

_RADIOTAP: Final = int(LinkType.RADIOTAP)  # an enumeration's member takes longer to compare
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
_NETWORK_NAME: Final = 0
_VENDOR_SPECIFIC: Final = 221
_OUI_BYTES: Final = 3
_CAPABILITIES: Final = frozenset((1, 45, 50, 127))
"""Supported rates, HT capabilities, extended supported rates, extended capabilities."""
_REMEMBERED_ADDRESSES: Final = 65_536
_REMEMBERED_ELEMENTS: Final = 4_096
"""Kept beside their hashes at most, so that memory stays flat."""


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
    """Reads frames under one key. What it remembers of frames goes when it goes, with the key.

    Args:
        key: the town's key of the day.
        opt_outs: whose frames are not read. A random address is nobody's for long, so it is not looked up.
    """

    def __init__(self, key: bytes, opt_outs: OptOuts = NOBODY) -> None:
        self._key = key
        self._opt_outs = opt_outs
        self._devices: dict[bytes, tuple[int, bool]] = {}
        """By address: pseudonym, and whether the address is random."""
        self._opted_out: set[bytes] = set()
        self._fingerprints: dict[bytes, int] = {b"": NO_FINGERPRINT}
        """By all elements but the network's name at their beginning."""
        self._layouts: dict[bytes, Layout] = {}
        """Of radiotap headers, by their first 8 bytes."""

    def read(
        self, packet: bytes, *, is_cut: bool, link_type: int = LinkType.RADIOTAP
    ) -> Heard | FrameReject | None:
        """The probe request in a packet, why it could not be read, or None if it is another frame.

        Args:
            packet: header and frame.
            is_cut: the capture kept only the packet's beginning.
            link_type: what stands before the frame.
        """
        end = len(packet)
        where = self._layouts.get(packet[:8]) if link_type == _RADIOTAP else None
        if where is None or where[0] > end:
            found = self._new_layout(packet, link_type)
            if isinstance(found, FrameReject):
                return found
            where = found
        start, flags_at, _, _ = where
        if flags_at != ABSENT:
            flags = packet[flags_at]
            if flags & FLAG_BAD_CHECKSUM:
                return FrameReject.BAD_CHECKSUM
            if flags & FLAG_CHECKSUM_INCLUDED and not is_cut:
                end -= _CHECKSUM_BYTES
        elif link_type != _RADIOTAP and not is_cut and _ends_with_checksum(packet, start):
            end -= _CHECKSUM_BYTES
        if end < start + _FRAME_CONTROL_BYTES:
            return FrameReject.FRAME_TOO_SHORT
        if packet[start] != _PROBE_REQUEST:
            return None
        return self._probe_request(packet, where, end, is_cut)

    def _probe_request(
        self,
        packet: bytes,
        where: Layout,
        end: int,
        is_cut: bool,  # noqa: FBT001 - the hot path
    ) -> Heard | FrameReject:
        start, _, signal_at, _ = where
        elements = start + _HEADER_BYTES
        if packet[start + 1] & _ORDER:
            elements += _HT_CONTROL_BYTES
        if end < elements:
            return FrameReject.FRAME_TOO_SHORT
        address = packet[start + 10 : start + 16]
        if address[0] & _GROUP:
            return FrameReject.TRANSMITTER_IS_A_GROUP
        if not is_cut and end - elements > 1 and packet[elements] == _NETWORK_NAME:
            elements += 2 + packet[elements + 1]
        rest = b"" if is_cut else packet[elements:end]
        capable_of = self._fingerprints.get(rest)
        if capable_of is None:
            capable_of = self._new_fingerprint(rest)
        if capable_of is None or elements > end:
            return FrameReject.ELEMENTS_OVERRUN
        device = self._devices.get(address) or self._new_device(address)
        if device is None:
            return FrameReject.OPTED_OUT
        signal = UNKNOWN_RSSI
        if signal_at != ABSENT:
            signal = packet[signal_at]
            signal -= (signal & 0x80) << 1
        sequence_number = packet[start + 23] << 4 | packet[start + 22] >> 4
        # Making a named tuple by its own constructor takes three times as long.
        return tuple.__new__(Heard, (device[0], signal, capable_of, sequence_number, device[1]))

    def _new_layout(self, packet: bytes, link_type: int) -> Layout | FrameReject:
        read_layout = LAYOUTS.get(link_type)
        if read_layout is None:
            return FrameReject.UNSUPPORTED_LINK_TYPE
        found = read_layout(packet)
        if found is None:
            return FrameReject.HEADER_UNREADABLE
        if found.is_of_its_kind:
            self._layouts[packet[:8]] = found
        return found

    def _new_device(self, address: bytes) -> tuple[int, bool] | None:
        """Pseudonym and whether the address is random; None if its owner has opted out."""
        if address in self._opted_out:
            return None
        is_random = bool(address[0] & _LOCALLY_ADMINISTERED)
        if not is_random and self._opt_outs.holds(address):
            self._opted_out.add(address)
            return None
        if len(self._devices) >= _REMEMBERED_ADDRESSES:
            self._devices.clear()
        device = self._devices[address] = pseudonym(self._key, address), is_random
        return device

    def _new_fingerprint(self, elements: bytes) -> int | None:
        """None if an element overruns the frame."""
        capabilities = _capabilities(elements)
        if capabilities is None:
            return None
        if len(self._fingerprints) >= _REMEMBERED_ELEMENTS:
            self._fingerprints.clear()
        found = fingerprint(self._key, capabilities) if capabilities else NO_FINGERPRINT
        self._fingerprints[elements] = found
        return found


def _ends_with_checksum(packet: bytes, start: int) -> bool:
    """Whether the frame's last 4 bytes are its checksum, where no header says it."""
    end = len(packet) - _CHECKSUM_BYTES
    return end > start and zlib.crc32(packet[start:end]) == int.from_bytes(packet[end:], "little")


def _capabilities(elements: bytes) -> bytes | None:
    """The elements that say what a device can do, in the frame's order; None if one overruns the frame.

    Each is written as number, length and content, so that no two different sets read the same; of a
    vendor's element only the vendor's OUI.
    """
    found = b""
    at, end = 0, len(elements)
    while at < end:
        if at + 2 > end:
            return None
        number = elements[at]
        after = at + 2 + elements[at + 1]
        if after > end:
            return None
        if number in _CAPABILITIES:
            found += elements[at:after]
        elif number == _VENDOR_SPECIFIC:
            oui = elements[at + 2 : min(after, at + 2 + _OUI_BYTES)]
            found += bytes((number, len(oui))) + oui
        at = after
    return found
