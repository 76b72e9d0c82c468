"""Batches as the spool keeps them: the same to the last bit, in as few bytes as deflate finds.

What repeats within a batch is said once: a table of transmitters (device, fingerprint, kind) in the order
they appear, and per detection its number in the table. Times are differences; signals and sequence numbers
are differences to the same transmitter's detection before. Each byte of a number is deflated apart from the
others, because each has its own frequencies.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from meguri_proto.columns import read_columns, write_columns
from meguri_proto.schema.upload_pb2 import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_proto.columns import Column
    from numpy.typing import NDArray

_LENGTH: Final = struct.Struct("<I")
_TRANSMITTER: Final = ("device", "fingerprint", "kind")


def pack(batch: Batch) -> bytes:
    """The batch's bytes on disk."""
    columns = read_columns(batch, batch.count)
    rest = Batch()
    rest.CopyFrom(batch)
    for name in columns:
        rest.ClearField(name)
    transmitters, numbers = _transmitters(columns)
    devices = len(transmitters["device"])
    runs = _Runs(numbers)
    head = rest.SerializeToString()
    parts = [
        _LENGTH.pack(len(head)),
        head,
        _LENGTH.pack(devices),
        _deflated(np.diff(columns["time_offset_ms"], prepend=np.uint32(0))),
        _deflated(numbers.astype("<u2" if devices <= 1 << 16 else "<u4")),
        _deflated(transmitters["device"]),
        _deflated(transmitters["kind"]),
        _fingerprints(transmitters["fingerprint"]),
        _deflated(runs.differences(columns["rssi"])),
        _deflated(runs.differences(columns["sequence_number"])),
    ]
    return b"".join(parts)


def unpack(data: bytes) -> Batch:
    """The batch that was packed; the caller knows by a checksum that these are the bytes of one."""
    reader = _Reader(data)
    batch = Batch.FromString(reader.take(reader.length()))
    devices = reader.length()
    times = np.cumsum(reader.column("<u4", batch.count), dtype=np.uint32)
    numbers = reader.column("<u2" if devices <= 1 << 16 else "<u4", batch.count)
    device = reader.column("<u8", devices)
    kind = reader.column("u1", devices)
    fingerprint = reader.fingerprints(devices)
    runs = _Runs(numbers)
    write_columns(
        batch,
        {
            "time_offset_ms": times,
            "device": device[numbers],
            "rssi": runs.values(reader.column("i1", batch.count)),
            "kind": kind[numbers],
            "fingerprint": fingerprint[numbers],
            "sequence_number": runs.values(reader.column("<u2", batch.count)),
        },
    )
    return batch


def _transmitters(columns: Mapping[str, Column]) -> tuple[dict[str, Column], NDArray[np.intp]]:
    """The distinct transmitters in the order they appear, and each detection's number among them."""
    order = np.lexsort([columns[name] for name in _TRANSMITTER])
    is_first = np.ones(len(order), bool)
    is_first[1:] = np.logical_or.reduce([np.diff(columns[name][order]) != 0 for name in _TRANSMITTER])
    firsts = order[is_first]
    by_appearance = np.argsort(firsts)
    rank = np.empty(len(firsts), np.intp)
    rank[by_appearance] = np.arange(len(firsts))
    numbers = np.empty(len(order), np.intp)
    numbers[order] = rank[np.cumsum(is_first) - 1]
    return {name: columns[name][firsts[by_appearance]] for name in _TRANSMITTER}, numbers


def _fingerprints(fingerprints: Column) -> bytes:
    """Each by itself, or a table of the distinct ones and each one's number in it: whichever is shorter."""
    distinct, numbers = np.unique(fingerprints, return_inverse=True)
    table = _LENGTH.pack(len(distinct)) + _deflated(distinct) + _deflated(numbers.astype("<u4"))
    plain = _LENGTH.pack(0) + _deflated(fingerprints)
    return min(table, plain, key=len)


def _deflated(column: Column) -> bytes:
    """The column byte by byte: the lowest of every number, then the next, each deflated; zeros as nothing."""
    planes = np.ascontiguousarray(column).view(np.uint8).reshape(-1, column.itemsize).T
    parts = []
    for plane in planes:
        deflated = b""
        if plane.any():
            deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_FILTERED)
            deflated = deflate.compress(plane.tobytes()) + deflate.flush()
        parts += [_LENGTH.pack(len(deflated)), deflated]
    return b"".join(parts)


class _Runs:
    """The detections of one transmitter after the other, each transmitter's in the batch's order.

    Args:
        numbers: each detection's transmitter.
    """

    def __init__(self, numbers: NDArray[Any]) -> None:
        self._order = np.argsort(numbers, kind="stable")
        sorted_numbers = numbers[self._order]
        self._firsts = np.flatnonzero(np.diff(sorted_numbers, prepend=-1))
        self._lengths = np.diff(self._firsts, append=len(numbers))

    def differences(self, column: NDArray[Any]) -> NDArray[Any]:
        """Of every value to the one before it in its run; the first of a run is kept as it is."""
        values = column[self._order]
        found = np.diff(values, prepend=values[:1])
        found[self._firsts] = values[self._firsts]
        return found

    def values(self, differences: NDArray[Any]) -> NDArray[Any]:
        """The column that has these differences."""
        sums = np.cumsum(differences, dtype=differences.dtype)
        before = sums[self._firsts] - differences[self._firsts]
        found = np.empty_like(sums)
        found[self._order] = sums - np.repeat(before, self._lengths)
        return found


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        found = self._data[self._at : self._at + size]
        self._at += size
        return found

    def length(self) -> int:
        found: int = _LENGTH.unpack(self.take(_LENGTH.size))[0]
        return found

    def fingerprints(self, count: int) -> NDArray[Any]:
        distinct = self.length()
        if not distinct:
            return self.column("<u4", count)
        table: NDArray[Any] = self.column("<u4", distinct)
        numbers = self.column("<u4", count)
        return np.take(table, numbers)

    def column(self, dtype: str, count: int) -> NDArray[Any]:
        width = np.dtype(dtype).itemsize
        planes = np.zeros((width, count), np.uint8)
        for plane in planes:
            if deflated := self.take(self.length()):
                plane[:] = np.frombuffer(zlib.decompress(deflated, -zlib.MAX_WBITS), np.uint8)
        found: NDArray[Any] = np.ascontiguousarray(planes.T).view(dtype).reshape(count)
        return found
