"""Rows on their way in: columns checked against their table's types, once for both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from meguri_kit.clickhouse.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_kit.clickhouse.store import Column

_ARROW_TYPES = {
    "String": pa.string(),
    "Date": pa.date32(),
    "Float32": pa.float32(),
    "Float64": pa.float64(),
    **{f"Int{bits}": getattr(pa, f"int{bits}")() for bits in (8, 16, 32, 64)},
    **{f"UInt{bits}": getattr(pa, f"uint{bits}")() for bits in (8, 16, 32, 64)},
}


def arrow_table(table: str, columns: Mapping[str, Column], types: Mapping[str, str]) -> pa.Table:
    """The columns as an Arrow table of exactly the types that the ClickHouse table has.

    Args:
        table: the table's name, for errors.
        columns: what to insert.
        types: the ClickHouse type of each of the table's columns.

    Raises:
        StoreError: no such table or column, columns of unequal length, or a value that does not fit.
    """
    if not types:
        raise StoreError(f"there is no table {table}; run the migrations first")
    arrays = {}
    for name, column in columns.items():
        if name not in types:
            raise StoreError(f"table {table} has no column {name}; it has {', '.join(types)}")
        if types[name] not in _ARROW_TYPES:
            raise StoreError(f"column {name} of {table} is {types[name]}, which the store cannot insert")
        try:
            arrays[name] = pa.array(column, _ARROW_TYPES[types[name]])
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            raise StoreError(f"column {name} of {table} holds a value that is no {types[name]}") from error
        if arrays[name].null_count:
            raise StoreError(f"column {name} of {table} holds None, which {types[name]} cannot")
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise StoreError(f"the columns for {table} are not of one length: {lengths}")
    return pa.table(arrays)
