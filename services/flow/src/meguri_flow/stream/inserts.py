"""Inserts of rows of any number of days, each within what ClickHouse bears: it makes a part a partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from meguri_flow import metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_kit.clickhouse.store import Column, Store
    from numpy.typing import NDArray

MOST_PARTITIONS = 50
"""Of one insert; ClickHouse refuses more than 100."""
BY_DAY = frozenset({"visits", "moves", "marked_devices"})
"""Tables with a partition for each key day, dropped with its pseudonyms; the others have months."""


def insert(store: Store, table: str, columns: Mapping[str, Column]) -> None:
    """Insert rows into a table that has the columns `town` and `key_day`.

    Args:
        store: where to.
        table: its name.
        columns: as for `Store.insert`; `key_day` is an array of days since 1970-01-01.

    Raises:
        StoreError: see `Store.insert`; some of the rows may be in, and inserting all again is safe.
    """
    piece = _pieces(table, columns)
    with metrics.INSERT_SECONDS.labels(table).time():
        for number in range(int(piece.max(initial=-1)) + 1):
            chosen = piece == number
            store.insert(table, columns if chosen.all() else _rows(columns, chosen))
    metrics.ROWS.labels(table).inc(len(piece))


def _pieces(table: str, columns: Mapping[str, Column]) -> NDArray[np.int64]:
    """The number of the insert that each row goes with."""
    towns = np.asarray(columns["town"], object).tolist()
    days = np.asarray(columns["key_day"], np.int32)
    dates = days if table in BY_DAY else days.astype("datetime64[D]").astype("datetime64[M]").astype(int)
    if len(set(towns)) * len(np.unique(dates)) <= MOST_PARTITIONS:
        return np.zeros(len(days), np.int64)
    numbers: dict[tuple[str, int], int] = {}
    of_row = (numbers.setdefault(pair, len(numbers)) for pair in zip(towns, dates.tolist(), strict=True))
    return np.fromiter(of_row, np.int64, len(days)) // MOST_PARTITIONS


def _rows(columns: Mapping[str, Column], chosen: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    return {
        name: np.asarray(column, None if isinstance(column, np.ndarray) else object)[chosen]
        for name, column in columns.items()
    }
