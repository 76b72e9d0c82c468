"""Rows set aside on the disk by device, so that each part fits into memory and holds all of its devices."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

PARTS = 64
DETECTIONS = pa.schema([("device", pa.string()), ("place", pa.string()), ("time_us", pa.int64())])


class Spill:
    """Detections in `PARTS` files below a folder that the caller makes and removes; close it after use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = ExitStack()
        self._writers: dict[int, pa.ipc.RecordBatchStreamWriter] = {}

    def close(self) -> None:
        """Finish the files; a second time changes nothing."""
        self._open.close()

    def add(self, device: pa.StringArray, place: pa.StringArray, time_us: NDArray[np.int64]) -> None:
        """Set rows aside."""
        names = device.dictionary_encode()
        part_of_name = np.array(
            [crc32(name.encode()) % PARTS for name in names.dictionary.to_pylist()], dtype=np.int64
        )
        parts = part_of_name[names.indices.to_numpy()]
        order = np.argsort(parts, kind="stable")
        rows = pa.record_batch([device, place, pa.array(time_us)], schema=DETECTIONS).take(pa.array(order))
        bounds = np.searchsorted(parts[order], np.arange(PARTS + 1))
        for part in np.unique(parts):
            first, end = int(bounds[part]), int(bounds[part + 1])
            self._writer(int(part)).write_batch(rows.slice(first, end - first))

    def parts(self) -> Iterator[pa.Table]:
        """The parts that have rows, one after the other, each file gone after it; closes for writing."""
        self.close()
        for part in sorted(self._writers):
            path = self._path(part)
            with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
                yield reader.read_all()
            path.unlink()

    def _path(self, part: int) -> Path:
        return self._folder / f"detections-{part}.arrow"

    def _writer(self, part: int) -> pa.ipc.RecordBatchStreamWriter:
        if part not in self._writers:
            file = self._open.enter_context(pa.OSFile(str(self._path(part)), "wb"))
            self._writers[part] = self._open.enter_context(pa.ipc.new_stream(file, DETECTIONS))
        return self._writers[part]
