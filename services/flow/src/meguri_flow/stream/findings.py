"""Findings of days that are complete: what the pages ask of them, found once from their visits and moves."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from meguri_proto.dwell_bins import DWELL_EDGES_MS
from meguri_proto.key_days import day_date

from meguri_flow.domain.day_rules import DayKey
from meguri_flow.stream.inserts import insert
from meguri_flow.stream.sealing import unsealed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meguri_kit.clickhouse.store import Column, Store

    from meguri_flow.domain.rows import CompleteDay

TABLES = ("day_arrivals", "day_dwell", "day_moves", "day_paths", "day_marks")
"""Each is filled by the query of its name."""


def write_findings(store: Store, days: Iterable[CompleteDay]) -> None:
    """Write the findings of days whose visits, moves and marked devices are in the store.

    The days of a town are asked for together: most of a question's time does not depend on how many they are.
    Of days that have been marked as sealed meanwhile nothing is written: a worker that slept asks of visits
    that may be gone, and what they were is written.

    Raises:
        StoreError: see `Store.insert`; doing it again is safe.
    """
    towns = [list(of_town) for _, of_town in groupby(sorted(days), lambda day: day.town)]
    found = {table: [row for of_town in towns for row in _rows(store, table, of_town)] for table in TABLES}
    left = unsealed(store, {DayKey(day.town, day.key_day, day.slice) for of_town in towns for day in of_town})
    for table, every_row in found.items():
        rows = [row for row in every_row if (row["town"], row["key_day"], row["slice"]) in left]
        if rows:
            columns: dict[str, Column] = {name: [row[name] for row in rows] for name in rows[0]}
            insert(store, table, {**columns, "key_day": np.array(columns["key_day"], np.int32)})


def _rows(store: Store, table: str, days: Sequence[CompleteDay]) -> list[dict[str, object]]:
    """The findings of days of one town, each in its generation."""
    town = days[0].town
    starts_ms = {day.key_day: day.start_ms for day in days}
    params: dict[str, object] = {
        "town": town,
        "folds": tuple((day_date(day.key_day), day.slice, day.generation) for day in days),
        "key_days": tuple(map(day_date, starts_ms)),
    }
    if table == "day_arrivals":
        params["days"] = list(starts_ms)
        params["starts_ms"] = list(starts_ms.values())
    elif table == "day_dwell":
        params["edges_ms"] = list(DWELL_EDGES_MS)
    folds = {(day.key_day, day.slice): day for day in days}
    found = []
    for row in store.query(f"meguri_flow/{table}", params):
        key_day = int(str(row.pop("day")))
        of_fold = folds[key_day, int(str(row["slice"]))]
        found.append(
            {
                "town": town,
                "key_day": key_day,
                "generation": of_fold.generation,
                "version": of_fold.version,
                **row,
            }
        )
    return found
