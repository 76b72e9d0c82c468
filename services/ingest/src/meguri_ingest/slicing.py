"""Slices: the devices of a town that outgrows a core, divided by their pseudonyms. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from meguri_proto.columns import DTYPES
from meguri_proto.schema.log_pb2 import Segment

from meguri_ingest.judging import Delivery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_proto.columns import Column
    from numpy.typing import NDArray


def divided(delivery: Delivery, slices: int) -> list[Delivery]:
    """The delivery's part of each slice that has one, under the delivery's name and in its order."""
    if slices == 1:
        return [delivery]
    columns = {name: np.frombuffer(delivery.columns[name], dtype) for name, dtype in DTYPES.items()}
    of_detection = columns["device"].astype(np.uint64) % np.uint64(slices)
    return [
        _part(delivery.segment, columns, slice_, of_detection == slice_)
        for slice_ in np.unique(of_detection).tolist()
    ]


def _part(
    segment: Segment, columns: Mapping[str, Column], slice_: int, belongs: NDArray[np.bool_]
) -> Delivery:
    part = Segment()
    part.CopyFrom(segment)
    part.slice, part.count = slice_, int(belongs.sum())
    return Delivery(part, {name: column[belongs].tobytes() for name, column in columns.items()})
