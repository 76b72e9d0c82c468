"""A town's key days as the flow last wrote them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from meguri_proto.key_days import day_date, day_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from meguri_kit.clickhouse.store import Store


@dataclass(frozen=True)
class DayRow:
    """One key day. Times in epoch milliseconds."""

    key_day: int
    generation: int
    watermark_ms: int
    town_time_ms: int
    late: int
    complete: bool


def read_days(store: Store, town: str) -> dict[int, DayRow]:
    """The town's days, the newest first, each in its highest generation. Raises StoreError."""
    rows = store.query("meguri_dashboard/days", {"town": town})
    days = (
        DayRow(
            key_day=day_number(cast("date", row["key_day"])),
            generation=whole(row["generation"]),
            watermark_ms=whole(row["watermark_ms"]),
            town_time_ms=whole(row["town_time_ms"]),
            late=whole(row["late"]),
            complete=bool(row["complete"]),
        )
        for row in rows
    )
    return {day.key_day: day for day in days}


def read_newest_versions(store: Store, since: Mapping[str, int]) -> dict[str, dict[int, tuple[int, int]]]:
    """By town and key day: highest generation and version of the town's days from `since` on."""
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for town, key_day in since.items():
        rows = store.query("meguri_dashboard/day_versions", {"town": town, "since": day_date(key_day)})
        found[town] = {key_day_of(row): (whole(row["generation"]), whole(row["version"])) for row in rows}
    return found


def key_day_of(row: Mapping[str, object]) -> int:
    """The key day of a row that has one."""
    return day_number(cast("date", row["key_day"]))


def whole(value: object) -> int:
    """A whole number of a row."""
    return cast("int", value)
