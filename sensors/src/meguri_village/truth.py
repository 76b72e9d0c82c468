"""The village's truth: who visited which place when, and what was lost on purpose.

`visits-DATE.csv` has a row for each visit: visitor, place, first and last reception that counts (epoch
milliseconds) and how many there were, then the same of what was not lost (`heard_`, empty where all of it
was): that is what must come out of Meguri. `losses-DATE.csv` has a row for each reception that counts and
was lost. Both hold names that the village made up, and no address.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from meguri_proto.key_days import day_date

from meguri_village.receptions import CAUSES, KEPT
from meguri_village.whole_files import replace_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from meguri_village.days import Day
    from meguri_village.receptions import Receptions

VISITS: Final = "visits-{date}.csv"
LOSSES: Final = "losses-{date}.csv"
_VISIT_COLUMNS: Final = (
    "visitor",
    "place",
    "first_ms",
    "last_ms",
    "receptions",
    "heard_first_ms",
    "heard_last_ms",
    "heard_receptions",
)
_LOSS_COLUMNS: Final = ("visitor", "place", "sensor", "time_ms", "rssi", "cause")


@dataclass(frozen=True)
class Visit:
    """One visit as it was, and as it was heard."""

    visitor: str
    place: str
    first_ms: int
    last_ms: int
    receptions: int
    heard_first_ms: int | None
    heard_last_ms: int | None
    heard_receptions: int


def visits_of(day: Day, from_ms: int, to_ms: int) -> list[Visit]:
    """The day's visits as far as they lie between two instants, in the order of visitor and time."""
    counted = _counted(day, from_ms, to_ms)
    visits = []
    all_of_it = _spans(counted, np.ones(counted.lost.size, np.bool_))
    kept = _spans(counted, counted.lost == KEPT)
    for stay, (first_ms, last_ms, receptions) in all_of_it.items():
        heard_first_ms, heard_last_ms, heard_receptions = kept.get(stay, (None, None, 0))
        visits.append(
            Visit(
                day.visitors[int(day.stays.visitor[stay])].name,
                day.village.places[int(day.stays.place[stay])],
                first_ms,
                last_ms,
                receptions,
                heard_first_ms,
                heard_last_ms,
                heard_receptions,
            )
        )
    return visits


def write_truth(day: Day, from_ms: int, to_ms: int, folder: Path) -> None:
    """Write the day's two files, as far as the day lies between two instants; what was there is replaced.

    Raises:
        OSError: the folder cannot be written.
    """
    date = day_date(day.key_day).isoformat()
    visits = (
        ["" if value is None else value for value in (getattr(visit, column) for column in _VISIT_COLUMNS)]
        for visit in visits_of(day, from_ms, to_ms)
    )
    _write(folder / VISITS.format(date=date), _VISIT_COLUMNS, visits)
    _write(folder / LOSSES.format(date=date), _LOSS_COLUMNS, _losses(day, from_ms, to_ms))


def _counted(day: Day, from_ms: int, to_ms: int) -> Receptions:
    """What is strong enough to count, between two instants."""
    heard = day.receptions
    time_ms = heard.time_us // 1_000
    return heard.at(heard.counts & (time_ms >= from_ms) & (time_ms < to_ms))


def _spans(heard: Receptions, where: NDArray[np.bool_]) -> dict[int, tuple[int, int, int]]:
    """First and last millisecond and number of the receptions of each stay."""
    stay, time_ms = heard.stay[where], heard.time_us[where] // 1_000
    order = np.lexsort((time_ms, stay))
    stay, time_ms = stay[order], time_ms[order]
    stays, first, count = np.unique(stay, return_index=True, return_counts=True)
    spans = zip(time_ms[first].tolist(), time_ms[first + count - 1].tolist(), count.tolist(), strict=True)
    return dict(zip(stays.tolist(), spans, strict=True))


def _losses(day: Day, from_ms: int, to_ms: int) -> Iterable[tuple[object, ...]]:
    counted = _counted(day, from_ms, to_ms)
    lost = counted.at(counted.lost != KEPT)
    sensors = list(day.village.town.sensors.values())
    for number in np.lexsort((lost.sensor, lost.time_us)).tolist():
        sensor = sensors[int(lost.sensor[number])]
        yield (
            day.visitors[int(lost.visitor[number])].name,
            sensor.place,
            sensor.sensor,
            int(lost.time_us[number]) // 1_000,
            int(lost.rssi[number]),
            CAUSES[int(lost.lost[number])],
        )


def _write(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    replace_file(path, text.getvalue())
