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
