"""Looks for pseudonyms in the files of a folder, as they stand there and as they were before compression.

What it finds is reported by file: a failing test prints it.
"""

import base64
import os
import re
import struct
import zlib
from pathlib import Path

import pyarrow as pa
from meguri_sensors.spool_segments import SegmentReader
from raw_identifiers.search import Addresses

_BASE64_DEFLATED = re.compile(rb"eA[A-Za-z0-9+/]{16,}={0,2}")
"""Base64 of what zlib wrote begins so."""
_DIGITS = re.compile(rb"[0-9]{10,}")
_CHECKSUM_BYTES, _HEADER = 16, struct.Struct("<BII")
_CODECS = {0x02: None, 0x82: "lz4_raw", 0x90: "zstd"}


class Pseudonyms:
    """Numbers of 64 bits: in every spelling of `Addresses`, by six of their eight bytes, and in decimal."""

    def __init__(self, devices):
        self._addresses = Addresses({device.to_bytes(8, "little")[:6] for device in devices})
        self._decimal = {str(device).encode() for device in devices}

    def in_bytes(self, data):
        """Whether one of them is there."""
        return bool(self._addresses.in_bytes(data)) or not self._decimal.isdisjoint(_DIGITS.findall(data))

    def in_folder(self, folder):
        """The files that hold one, by their path below the folder."""
        return {
            str(path.relative_to(folder))
            for path in _files(folder)
            if any(map(self.in_bytes, _readings(path)))
        }


def _files(folder):
    """All of them; unlike `rglob`, os.walk passes over folders that are merged or dropped meanwhile."""
    for root, _, names in os.walk(folder):
        yield from (Path(root, name) for name in names)


def _readings(path):
    """A file's bytes, and all that can be had from them."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:  # merged or dropped meanwhile
        return
    yield data.rstrip(b"\0")  # Kafka makes its indexes 10 MB long before it writes them
    if path.suffix == ".batches":
        yield from _batches(path)
    if path.suffix in (".bin", ".cidx"):
        data = b"".join(_blocks(data))
        yield data
    for run in _BASE64_DEFLATED.finditer(data):
        text = run[0].rstrip(b"=")
        deflated = base64.b64decode(text + b"=" * (-len(text) % 4))
        yield zlib.decompressobj().decompress(deflated)


def _batches(path):
    """The batches of a segment of a sensor's spool."""
    with SegmentReader(path) as reader:
        for record in reader.records():
            yield reader.batch(record).SerializeToString()


def _blocks(data):
    """The blocks of a file of ClickHouse's, decompressed: checksum, method, its length, what it becomes."""
    at = 0
    while at + _CHECKSUM_BYTES + _HEADER.size <= len(data):
        method, length, becomes = _HEADER.unpack_from(data, at + _CHECKSUM_BYTES)
        body = data[at + _CHECKSUM_BYTES + _HEADER.size : at + _CHECKSUM_BYTES + length]
        codec = _CODECS[method]
        yield pa.decompress(body, becomes, codec, asbytes=True) if codec else body
        at += _CHECKSUM_BYTES + length
