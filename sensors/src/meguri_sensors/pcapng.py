"""Reads pcapng: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html.

Packets come from enhanced, simple and the obsolete packet blocks; blocks of all other kinds are stepped over,
however long they are.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from meguri_sensors.packets import WHOLE, Ending, Packet, cut_off
from meguri_sensors.pcap import LARGEST_PACKET
from meguri_sensors.verdicts import CaptureVerdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from meguri_sensors.byte_source import ByteSource

BEGINNING: Final = b"\x0a\x0d\x0d\x0a"
"""Of every file, and of every section in it."""
_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_PACKET: Final = 2
_SIMPLE_PACKET: Final = 3
_ENHANCED_PACKET: Final = 6
_BYTE_ORDERS: Final = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_BLOCK_HEADER_BYTES: Final = 8
_SMALLEST_BLOCK: Final = 12
_SMALLEST_BODY: Final = {_SECTION: 16, _INTERFACE: 8, _PACKET: 20, _SIMPLE_PACKET: 4, _ENHANCED_PACKET: 20}
"""Bytes of a block that is read, without the 12 around its body."""
_LARGEST_READ: Final = LARGEST_PACKET + 65_536
"""Of a block that is read: the rest is options."""
_RESOLUTION_OPTION: Final = 9
_OFFSET_OPTION: Final = 14
_POWER_OF_TWO: Final = 0x80
_NO_TIME: Final = -1
_LATEST_MS: Final = (1 << 32) * 1_000
"""February 2106, where pcap's times end: a later one is no time that anything was captured."""


class _DamageError(Exception):
    """What is wrong with a block, as the rest of a sentence."""


class _CutOffError(Exception):
    """The file ends inside the block."""


@dataclass(frozen=True)
class _Interface:
    """One interface of a section."""

    link_type: int
    snap_length: int
    """Bytes kept of a packet at most; 0 for all."""
    ticks_per_second: int = 1_000_000
    offset_s: int = 0

    def time_ms(self, high: int, low: int) -> int:
        """Epoch milliseconds of a time stamp."""
        return (high << 32 | low) * 1_000 // self.ticks_per_second + self.offset_s * 1_000


@dataclass
class _Section:
    order: str = "<"
    interfaces: list[_Interface] = field(default_factory=list)

    def interface(self, number: int) -> _Interface:
        if number >= len(self.interfaces):
            raise _DamageError(f"names interface {number}, which its section does not describe")
        return self.interfaces[number]

    def unpack(self, form: str, data: bytes) -> tuple[int, ...]:
        return struct.unpack_from(self.order + form, data)


def packets(
    source: ByteSource, ended: Callable[[Ending], None], without_time: Callable[[], None]
) -> Iterator[Packet]:
    """The whole packets of a capture, from the beginning of its first section.

    Args:
        source: at the file's start.
        ended: told how the capture ended.
        without_time: called for every packet to which the file gives no time: those of simple packet
            blocks, and those with a time before 1970 or after 2106. They are not among the packets.
    """
    section = _Section()
    while source.need(1):
        begins = source.offset
        if not source.need(_SMALLEST_BLOCK):
            ended(cut_off(source.bytes_read, "the header of the block", begins))
            return
        try:
            packet = _next_packet(source, section)
        except _DamageError as error:
            ended(
                Ending(
                    CaptureVerdict.DAMAGED,
                    f"The block that begins at byte {begins} {error}: the file is damaged from there; "
                    "everything before it was read.",
                )
            )
            return
        except _CutOffError:
            ended(cut_off(source.bytes_read, "the block", begins))
            return
        if packet is not None:
            if 0 <= packet.time_ms < _LATEST_MS:
                yield packet
            else:
                without_time()
    ended(WHOLE)


def _next_packet(source: ByteSource, section: _Section) -> Packet | None:
    """Read a block whose header is there; the packet in it, if it holds one."""
    kind, length = _block_header(source, section)
    if kind not in _SMALLEST_BODY:
        if not source.skip(length):
            raise _CutOffError
        return None
    if not source.need(length):
        raise _CutOffError
    packet = _read_block(kind, _body(source, length, section), section)
    source.at += length
    return packet


def _block_header(source: ByteSource, section: _Section) -> tuple[int, int]:
    """The block's kind and length; a section's header sets the byte order and forgets the interfaces."""
    head = source.buffer[source.at : source.at + _SMALLEST_BLOCK]
    if head[:4] == BEGINNING:
        order = _BYTE_ORDERS.get(head[8:12])
        if order is None:
            raise _DamageError("begins a section without saying its byte order")
        section.order = order
        section.interfaces.clear()
    kind, length = section.unpack("II", head)
    smallest = _SMALLEST_BLOCK + _SMALLEST_BODY.get(kind, 0)
    if length < smallest or length % 4:
        raise _DamageError(f"claims a length of {length} bytes, which it cannot have")
    if kind in _SMALLEST_BODY and length > _LARGEST_READ:
        raise _DamageError(f"claims {length} bytes, more than any capture keeps of a frame")
    return kind, length


def _body(source: ByteSource, length: int, section: _Section) -> bytes:
    """The block's bytes between the 8 before and the 4 behind it, which say its length once more."""
    end = source.at + length - 4
    (again,) = section.unpack("I", source.buffer[end : end + 4])
    if again != length:
        raise _DamageError(f"says that it has {length} bytes, and at its end that it has {again}")
    return source.buffer[source.at + _BLOCK_HEADER_BYTES : end]


def _read_block(kind: int, body: bytes, section: _Section) -> Packet | None:
    """The packet in a block; None if the block describes an interface or begins a section."""
    if kind == _ENHANCED_PACKET:
        number, high, low, kept, length = section.unpack("IIIII", body)
        interface = section.interface(number)
        return _packet(interface, interface.time_ms(high, low), body[20:], kept, length)
    if kind == _PACKET:
        number, _, high, low, kept, length = section.unpack("HHIIII", body)
        interface = section.interface(number)
        return _packet(interface, interface.time_ms(high, low), body[20:], kept, length)
    if kind == _SIMPLE_PACKET:
        (length,) = section.unpack("I", body)
        interface = section.interface(0)
        kept = min(length, interface.snap_length or length)
        return _packet(interface, _NO_TIME, body[4:], kept, length)
    if kind == _INTERFACE:
        section.interfaces.append(_interface(section, body))
    return None


def _packet(interface: _Interface, time_ms: int, data: bytes, kept: int, length: int) -> Packet:
    if kept > len(data):
        raise _DamageError(f"claims {kept} bytes of a packet, more than it holds")
    return Packet(time_ms, data[:kept], length > kept, interface.link_type)


def _interface(section: _Section, body: bytes) -> _Interface:
    link_type, _, snap_length = section.unpack("HHI", body)
    ticks_per_second, offset_s = 1_000_000, 0
    at = 8
    while at + 4 <= len(body):
        code, size = section.unpack("HH", body[at:])
        value = body[at + 4 : at + 4 + size]
        if code == _RESOLUTION_OPTION and len(value) == 1:
            base, power = (2, value[0] - _POWER_OF_TWO) if value[0] & _POWER_OF_TWO else (10, value[0])
            ticks_per_second = base**power
        elif code == _OFFSET_OPTION and len(value) == 8:  # noqa: PLR2004 - a 64-bit number
            (offset_s,) = section.unpack("q", value)
        at += 4 + size + -size % 4
    return _Interface(link_type, snap_length, ticks_per_second, offset_s)
