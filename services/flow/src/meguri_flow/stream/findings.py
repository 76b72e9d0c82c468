"""Findings of days that are complete: what the pages ask of them, found once from their visits and moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from meguri_proto.dwell_bins import DWELL_EDGES_MS
from meguri_proto.key_days import day_date

from meguri_flow.stream.inserts import insert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguri_kit.clickhouse.store import Column, Store

    from meguri_flow.domain.rows import CompleteDay

TABLES = ("day_arrivals", "day_dwell", "day_moves", "day_paths")
"""Each is filled by the query of its name."""


def write_findings(store: Store, days: Sequence[CompleteDay]) -> None:
    """Write the findings of days whose visits and moves are in the store.

    Raises:
        StoreError: see `Store.insert`; doing it again is safe.
    """
    for table in TABLES:
        rows = [row for day in days for row in _rows(store, table, day)]
        if rows:
            columns: dict[str, Column] = {name: [row[name] for row in rows] for name in rows[0]}
            insert(store, table, {**columns, "key_day": np.array(columns["key_day"], np.int32)})


def _rows(store: Store, table: str, day: CompleteDay) -> list[dict[str, object]]:
    params: dict[str, object] = {
        "town": day.town,
        "key_day": day_date(day.key_day),
        "generation": day.generation,
    }
    if table == "day_arrivals":
        params["start_ms"] = day.start_ms
    elif table == "day_dwell":
        params["edges_ms"] = list(DWELL_EDGES_MS)
    of_day = {
        "town": day.town,
        "key_day": day.key_day,
        "generation": day.generation,
        "version": day.version,
    }
    return [{**of_day, **row} for row in store.query(f"meguri_flow/{table}", params)]
