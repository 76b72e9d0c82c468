"""Captures written and read as a newcomer would: what the streaming reader has to agree with."""

import struct
from typing import NamedTuple

RADIOTAP_FIELDS = {  # bit: (alignment, size), in the order of the bits
    0: (8, 8),
    1: (1, 1),
    2: (1, 1),
    3: (2, 4),
    4: (2, 2),
    5: (1, 1),
    6: (1, 1),
    11: (1, 1),
}
SIGNAL, FLAGS = 5, 1


def capture(packets, order="<", *, nanoseconds=False, link_type=127):
    """A pcap file of (seconds, fraction, data) or (seconds, fraction, data, length on the air)."""
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65_535, link_type)]
    for seconds, fraction, data, *length in packets:
        parts.append(
            struct.pack(order + "IIII", seconds, fraction, len(data), length[0] if length else len(data))
        )
        parts.append(data)
    return b"".join(parts)


def radiotap(values, extensions=()):
    """A radiotap header of whole-number fields by bit, and further presence words without fields."""
    present = sum(1 << bit for bit in values) | ((1 << 31) if extensions else 0)
    words = [present, *(word | (1 << 31) for word in extensions[:-1]), *extensions[-1:]]
    header = b"".join(struct.pack("<I", word) for word in words)
    for bit in sorted(values):
        alignment, size = RADIOTAP_FIELDS[bit]
        header += bytes(-(len(header) + 4) % alignment)
        header += (values[bit] % (1 << 8 * size)).to_bytes(size, "little")
    return struct.pack("<BBH", 0, 0, len(header) + 4) + header


def element(number, content):
    return bytes((number, len(content))) + content


def probe_request(address, elements=b"", sequence_number=0, control=b"\x40\x00", ht_control=b""):
    """A probe request to everybody."""
    everybody = b"\xff" * 6
    sequence = struct.pack("<H", sequence_number << 4)
    return control + b"\0\0" + everybody + address + everybody + sequence + ht_control + elements


class Reception(NamedTuple):
    """What one record of a capture of an ESP32 says; raw, for tests alone."""

    time_ms: int
    address: bytes
    rssi: int
    sequence_number: int
    elements: tuple[tuple[int, bytes], ...]


def receptions(data):
    """The records of a whole little-endian capture with microseconds, all of them probe requests whose
    radiotap header holds channel, signal and antenna, or TSFT, flags, rate, channel and signal."""
    at, found = 24, []
    while at < len(data):
        seconds, microseconds, length, _ = struct.unpack_from("<IIII", data, at)
        packet = data[at + 16 : at + 16 + length]
        at += 16 + length
        start = packet[2]
        signal_at, tail = (12, 0) if start == 14 else (22, 4)
        frame = packet[start : len(packet) - tail]
        elements, rest = [], frame[24:]
        while rest:
            elements.append((rest[0], rest[2 : 2 + rest[1]]))
            rest = rest[2 + rest[1] :]
        found.append(
            Reception(
                seconds * 1_000 + microseconds // 1_000,
                frame[10:16],
                struct.unpack_from("b", packet, signal_at)[0],
                struct.unpack_from("<H", frame, 22)[0] >> 4,
                tuple(elements),
            )
        )
    return found


class Block(NamedTuple):
    """A block of pcapng in writing."""

    kind: int
    body: bytes

    def packed(self, order):
        body = self.body + bytes(-len(self.body) % 4)
        length = len(body) + 12
        return struct.pack(order + "II", self.kind, length) + body + struct.pack(order + "I", length)


def section(order="<", length=-1):
    """A section's header: what stands behind it is written in this byte order."""
    return Block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, length))


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def interface(order="<", link_type=127, snap_length=0, resolution=None, offset_s=None):
    """An interface's description; resolution is the byte of if_tsresol."""
    options = option(order, 2, b"wlan1")
    if resolution is not None:
        options += option(order, 9, bytes([resolution]))
    if offset_s is not None:
        options += option(order, 14, struct.pack(order + "q", offset_s))
    return Block(1, struct.pack(order + "HHI", link_type, 0, snap_length) + options + option(order, 0, b""))


def enhanced_packet(order, number, ticks, data, length=None):
    kept = data + bytes(-len(data) % 4) + option(order, 2, b"\0\0\0\1")
    fields = number, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data) if length is None else length
    return Block(6, struct.pack(order + "IIIII", *fields) + kept)


def old_packet(order, number, ticks, data, length=None):
    fields = number, 0, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data) if length is None else length
    return Block(2, struct.pack(order + "HHIIII", *fields) + data)


def simple_packet(order, data, length=None):
    return Block(3, struct.pack(order + "I", len(data) if length is None else length) + data)


def pcapng(blocks, order="<"):
    return b"".join(block.packed(order) for block in blocks)


def prism(order, signal=None, rssi=None, *, numbers=(0x0004_0044, 0x0006_0044), code=0x44):
    """A Prism header whose items `rssi` and `signal` hold these numbers, as a driver without the others."""
    items = [
        (number, value) for number, value in zip(numbers, (rssi, signal), strict=True) if value is not None
    ]
    body = b"wlan0".ljust(16, b"\0") + struct.pack(order + "IHHI", 0x0001_0044, 0, 4, 12_345)
    for number, value in items:
        body += struct.pack(order + "IHHi", number, 0, 4, value)
    return struct.pack(order + "II", code, 8 + len(body)) + body


def avs(signal, kind=2, version=1):
    """An AVS header; kind 2 is a signal in dBm."""
    fields = 0x8021_1000 | version, 64, 1, 2, 6, 1, 110, 0, 0, kind, signal, -90, 1, 2
    return struct.pack(">IIQQIIIIIIiiII", *fields)
