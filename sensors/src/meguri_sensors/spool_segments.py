"""One file of the spool: batches of one key day, appended one after the other, each with a checksum.

A file begins with its key day; a record is its length, its number of detections, a checksum over both and
the batch, and the packed batch. A record that is not whole was being written when the machine stopped.
"""

from __future__ import annotations

import errno
import os
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from meguri_sensors.durable_files import sync_folder
from meguri_sensors.packing import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path
    from typing import BinaryIO

    from meguri_proto.schema.upload_pb2 import Batch

_MAGIC: Final = b"MGRSPL01"
_HEADER: Final = struct.Struct("<8siqqI")
"""Magic, key day, its bounds, checksum of all that."""
HEADER_BYTES: Final = _HEADER.size
_RECORD: Final = struct.Struct("<III")
"""Length of the packed batch, its detections, checksum."""
_LARGEST_RECORD: Final = 1 << 20
"""More than any batch takes."""


@dataclass(frozen=True)
class SegmentDay:
    """The key day of all batches of a segment."""

    key_day: int
    start_ms: int
    end_ms: int


class Record(NamedTuple):
    """One whole record of a segment."""

    offset: int
    after: int
    """Where the next record begins."""
    detections: int


class SegmentWriter:
    """Creates a segment and appends to it; what was appended survives a power cut.

    Args:
        path: of a file that does not exist.
        day: of all its batches.

    Raises:
        OSError: the file cannot be created or written, now or in `append`.
    """

    def __init__(self, path: Path, day: SegmentDay) -> None:
        self._file = path.open("xb", buffering=0)
        try:
            self._write(_header(day), 0)
            sync_folder(path.parent)
        except OSError:
            self._file.close()
            path.unlink(missing_ok=True)
            raise

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._file.tell()

    def append(self, record: bytes) -> int:
        """Append a record made by `record_of`; its offset. Where it fails the file is as it was."""
        offset = self.size
        self._write(record, offset)
        return offset

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, data: bytes, offset: int) -> None:
        try:
            _write_whole(self._file, data)
        except OSError:
            self._file.truncate(offset)
            self._file.seek(offset)
            raise


class SegmentReader:
    """Reads a segment, also while it is written.

    Args:
        path: of the file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it does not begin as a segment does.
    """

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("rb", buffering=0)
        header = self._file.read(_HEADER.size)
        try:
            magic, key_day, start_ms, end_ms, _ = _HEADER.unpack(header)
        except struct.error:
            magic = b""
        if magic != _MAGIC or _header(SegmentDay(key_day, start_ms, end_ms)) != header:
            self._file.close()
            raise ValueError(f"{path.name} does not begin as a segment of the spool does.")
        self.day = SegmentDay(key_day, start_ms, end_ms)

    def __enter__(self) -> Self:
        """The reader itself; its file closes at the block's end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def records(self, offset: int = 0) -> Iterator[Record]:
        """The whole records from an offset on, without looking into them."""
        size = os.fstat(self._file.fileno()).st_size
        offset = max(offset, _HEADER.size)
        while offset + _RECORD.size <= size:
            self._file.seek(offset)
            length, detections, _ = _RECORD.unpack(self._file.read(_RECORD.size))
            after = offset + _RECORD.size + length
            if not 0 < length <= _LARGEST_RECORD or after > size:
                return
            yield Record(offset, after, detections)
            offset = after

    def batch(self, record: Record) -> Batch | None:
        """The batch of a record; None if its bytes are damaged."""
        self._file.seek(record.offset)
        head = self._file.read(_RECORD.size)
        data = self._file.read(record.after - record.offset - _RECORD.size)
        if head + data != record_bytes(data, record.detections):
            return None
        return unpack(data)


def _write_whole(file: BinaryIO | FileIO, data: bytes) -> None:
    if file.write(data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(file.fileno())


def record_of(batch: Batch) -> bytes:
    """The batch as a record."""
    return record_bytes(pack(batch), batch.count)


def record_bytes(packed: bytes, detections: int) -> bytes:
    """A packed batch as a record."""
    checksum = zlib.crc32(packed, zlib.crc32(struct.pack("<II", len(packed), detections)))
    return _RECORD.pack(len(packed), detections, checksum) + packed


def _header(day: SegmentDay) -> bytes:
    fields = struct.pack("<8siqq", _MAGIC, day.key_day, day.start_ms, day.end_ms)
    return fields + struct.pack("<I", zlib.crc32(fields))
