"""A town's key days as the flow last wrote them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, cast

from meguri_proto.key_days import day_date, day_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from meguri_kit.clickhouse.store import Store


class Seal(Enum):
    """What became of a day's pseudonyms, and so of all that could still be asked of them."""

    NONE = "none"
    """They are there."""
    FOUND = "found"
    """They were dropped after everything was found."""
    LOST = "lost"
    """They were dropped at the end of their time, before the day was folded to its end."""


@dataclass(frozen=True)
class DayRow:
    """One key day. Times in epoch milliseconds."""

    key_day: int
    folds: tuple[tuple[int, int], ...]
    """(slice, generation) of each of its slices: whose rows are the day's."""
    watermark_ms: int
    """Of the slice that is furthest behind, like the next one."""
    town_time_ms: int
    late: int
    """Detections that none of its figures have, since they came too late."""
    lost: int
    """Messages that were gone from the log before they were folded, and that may have been this day's."""
    complete: bool
    seal: Seal = Seal.NONE

    @property
    def is_lost(self) -> bool:
        """Whether nobody will know any more what was to be found of it."""
        return self.seal is Seal.LOST and not self.complete

    @property
    def is_running(self) -> bool:
        """Whether its end is still to be found."""
        return not self.complete and not self.is_lost


def read_days(store: Store, town: str) -> dict[int, DayRow]:
    """The town's days, the newest first, each slice in its highest generation. Raises StoreError."""
    slices: dict[int, list[Mapping[str, object]]] = {}
    for row in store.query("meguri_dashboard/days", {"town": town}):
        slices.setdefault(key_day_of(row), []).append(row)
    seals = {
        key_day_of(row): Seal.LOST if row["lost"] else Seal.FOUND
        for row in store.query("meguri_dashboard/sealed_days", {"town": town})
    }
    return {
        key_day: _day(key_day, slices.get(key_day, []), seals.get(key_day, Seal.NONE))
        for key_day in sorted(slices.keys() | seals.keys(), reverse=True)
    }


def _day(key_day: int, slices: Sequence[Mapping[str, object]], seal: Seal) -> DayRow:
    """The day of its slices; none of one that was lost before anything of it was written."""
    return DayRow(
        key_day=key_day,
        folds=tuple((whole(row["slice"]), whole(row["generation"])) for row in slices),
        watermark_ms=min((whole(row["watermark_ms"]) for row in slices), default=0),
        town_time_ms=min((whole(row["town_time_ms"]) for row in slices), default=0),
        late=sum(whole(row["late"]) for row in slices),
        lost=sum(whole(row["lost"]) for row in slices),
        complete=bool(slices) and all(row["complete"] for row in slices),
        seal=seal,
    )


def folds_of(days: Iterable[DayRow]) -> tuple[tuple[date, int, int], ...]:
    """(key day, slice, generation) of every slice of some days: the `folds` of a query about them."""
    return tuple((day_date(day.key_day), *fold) for day in days for fold in day.folds)


def read_versions(store: Store, since: Mapping[str, int]) -> dict[str, dict[int, int]]:
    """By town and key day: a number that rises with each change of the town's days from `since` on."""
    found: dict[str, dict[int, int]] = {}
    for town, key_day in since.items():
        rows = store.query("meguri_dashboard/day_versions", {"town": town, "since": day_date(key_day)})
        found[town] = {key_day_of(row): whole(row["version"]) for row in rows}
    return found


def key_day_of(row: Mapping[str, object]) -> int:
    """The key day of a row that has one."""
    return day_number(cast("date", row["key_day"]))


def whole(value: object) -> int:
    """A whole number of a row."""
    return cast("int", value)
