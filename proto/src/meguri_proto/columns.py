"""The packed columns of detections: how numpy reads and writes them."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from meguri_proto.schema.log_pb2 import Detections
    from meguri_proto.schema.upload_pb2 import Batch

    Column: TypeAlias = NDArray[np.generic]


class Kind(IntEnum):
    """What was heard; the value stands in the column `kind`."""

    PROBE_REQUEST = 1
    """From an address that a maker assigned; from an older sensor, from any."""
    PROBE_REQUEST_RANDOM = 2
    """From an address that the device made up (locally administered): often another one a minute later."""


DTYPES: dict[str, np.dtype[np.generic]] = {
    "time_offset_ms": np.dtype("<u4"),
    "device": np.dtype("<u8"),
    "rssi": np.dtype("i1"),
    "kind": np.dtype("u1"),
    "fingerprint": np.dtype("<u4"),
    "sequence_number": np.dtype("<u2"),
}
"""The columns in the order of the schema; a detection is 20 bytes."""

BYTES_PER_DETECTION = sum(dtype.itemsize for dtype in DTYPES.values())
UNKNOWN_RSSI = -128
NO_FINGERPRINT = 0


class ColumnsDisagreeError(ValueError):
    """A column's length is not count times its width."""


def read_columns(message: Detections | Batch, count: int) -> dict[str, Column]:
    """The message's columns as read-only arrays of `count` entries, without copying.

    Raises:
        ColumnsDisagreeError: naming the column, its length and the length expected.
    """
    columns: dict[str, Column] = {}
    for name, dtype in DTYPES.items():
        data: bytes = getattr(message, name)
        if len(data) != count * dtype.itemsize:
            raise ColumnsDisagreeError(
                f"column {name} has {len(data)} bytes where {count} detections need {count * dtype.itemsize}"
            )
        columns[name] = np.frombuffer(data, dtype)
    return columns


def write_columns(message: Detections | Batch, columns: Mapping[str, Column]) -> None:
    """Set the message's columns from arrays of equal length (cast to the contract's types)."""
    for name, dtype in DTYPES.items():
        setattr(message, name, np.ascontiguousarray(columns[name], dtype).tobytes())
