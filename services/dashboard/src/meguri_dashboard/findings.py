"""What ClickHouse holds about one town-day, as it was found: exact, not to be shown before `figures`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from meguri_proto.key_days import day_date, day_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from meguri_kit.clickhouse.store import Store
    from meguri_proto.towns import Town

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
HEALTH_BIN_MS = 5 * MINUTE_MS
DWELL_EDGES_MS = tuple(minutes * MINUTE_MS for minutes in (5, 15, 30, 60, 120, 240))
"""Inner edges of the dwell bins: under 5 minutes, 5 to 15, ..., 4 hours and more."""


@dataclass(frozen=True)
class DayRow:
    """One key day as the flow last wrote it. Times in epoch milliseconds."""

    key_day: int
    generation: int
    watermark_ms: int
    town_time_ms: int
    late: int
    complete: bool


@dataclass(frozen=True)
class Cell:
    """How many visits, and of how many distinct devices."""

    visits: int
    devices: int


@dataclass(frozen=True)
class SensorDay:
    """One sensor over one key day."""

    detections: int
    weak: int
    late: int
    duplicates: int
    last_ms: int


@dataclass(frozen=True)
class Findings:
    """One town-day: `arrivals` by (place, hour since the day's start), `dwell` by (place, bin).

    `heard_bins` by (sensor, hour): in how many five-minute bins of the hour the sensor was heard.
    """

    day: DayRow
    arrivals: Mapping[tuple[str, int], Cell]
    dwell: Mapping[tuple[str, int], Cell]
    sensors: Mapping[str, SensorDay]
    heard_bins: Mapping[tuple[str, int], int]


def read_days(store: Store, town: str) -> list[DayRow]:
    """The town's days, the newest first, each in its highest generation."""
    rows = store.query("meguri_dashboard/days", {"town": town})
    return [
        DayRow(
            key_day=day_number(cast("date", row["key_day"])),
            generation=_whole(row["generation"]),
            watermark_ms=_whole(row["watermark_ms"]),
            town_time_ms=_whole(row["town_time_ms"]),
            late=_whole(row["late"]),
            complete=bool(row["complete"]),
        )
        for row in rows
    ]


def read_findings(store: Store, town: Town, day: DayRow) -> Findings:
    """Everything a page shows of one day."""
    start_ms, _ = town.day_bounds_ms(day.key_day)
    of_day: dict[str, object] = {
        "town": town.town,
        "key_day": day_date(day.key_day),
        "generation": day.generation,
    }
    hours: dict[str, object] = {**of_day, "day_start_ms": start_ms}
    arrivals = store.query("meguri_dashboard/arrivals_by_hour", hours)
    dwell = store.query("meguri_dashboard/dwell", {**of_day, "edges_ms": list(DWELL_EDGES_MS)})
    sensors = store.query("meguri_dashboard/sensors", of_day)
    heard = store.query("meguri_dashboard/sensor_hours", hours)
    return Findings(
        day=day,
        arrivals={(str(row["place"]), _whole(row["hour"])): _cell(row, "arrivals") for row in arrivals},
        dwell={(str(row["place"]), _whole(row["bin"])): _cell(row, "stays") for row in dwell},
        sensors={
            str(row["sensor"]): SensorDay(
                detections=_whole(row["detections"]),
                weak=_whole(row["weak"]),
                late=_whole(row["late"]),
                duplicates=_whole(row["duplicates"]),
                last_ms=_whole(row["last_ms"]),
            )
            for row in sensors
        },
        heard_bins={(str(row["sensor"]), _whole(row["hour"])): _whole(row["bins"]) for row in heard},
    )


def read_newest_versions(store: Store, since: Mapping[str, int]) -> dict[str, dict[int, tuple[int, int]]]:
    """By town and key day: highest generation and version of the town's days from `since` on."""
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for town, key_day in since.items():
        rows = store.query("meguri_dashboard/day_versions", {"town": town, "since": day_date(key_day)})
        found[town] = {
            day_number(cast("date", row["key_day"])): (_whole(row["generation"]), _whole(row["version"]))
            for row in rows
        }
    return found


def _cell(row: Mapping[str, object], visits: str) -> Cell:
    return Cell(visits=_whole(row[visits]), devices=_whole(row["devices"]))


def _whole(value: object) -> int:
    return cast("int", value)
