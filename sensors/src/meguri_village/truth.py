"""The village's truth: who came, where they were, what they bought and read, and what was lost on the way.

Each file is of one key day and holds names that the village made up, and no address; times are epoch
milliseconds.

- `parties-DATE.csv`: who came together, how, speaking what, and whether they stay the night.
- `visits-DATE.csv`: visits as they were: all receptions of somebody at a place that are strong enough to
  count, with pauses of at most the town's gap.
- `found-visits-DATE.csv`, `found-moves-DATE.csv`, `found-paths-DATE.csv`: the same of what reached Meguri, by
  the clocks of the sensors: what it must find, if every phone keeps one address (`addresses="stable"`).
- `losses-DATE.csv`: every reception that counts and was lost, with its cause.
- `sales-DATE.csv`, `guide-events-DATE.csv`, `answers-DATE.csv`, `counts-DATE.csv`: each as it must be in the
  end; what the tills know and Meguri is not told (the party) is in them too.
- `totals-DATE.json`: how much of everything there was.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from meguri_proto.key_days import day_date

from meguri_village.receptions import CAUSES, CLOCK, KEPT, LOST, OUTAGE
from meguri_village.shops import last_of_each
from meguri_village.village import HOUR_MS
from meguri_village.whole_files import replace_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path as Folder

    from numpy.typing import NDArray

    from meguri_village.days import Day
    from meguri_village.draws import Integers
    from meguri_village.receptions import Receptions

_LONGEST_MOVE_MS: Final = 3 * HOUR_MS
_LOCALLY_ADMINISTERED: Final = 0x02
_SALE_COLUMNS: Final = (
    *("shop", "source", "external_id", "version", "at_ms", "amount_yen", "tax_yen", "method", "brand"),
    *("refunded_yen", "cancelled", "party"),
)


class Visit(NamedTuple):
    """Somebody at a place for a while."""

    visitor: str
    place: str
    first_ms: int
    last_ms: int
    receptions: int
    random: int
    """1 if the phone's own address is one that it made up."""


class Move(NamedTuple):
    """Two visits of one device that follow each other soon enough."""

    visitor: str
    from_place: str
    from_first_ms: int
    place: str
    first_ms: int
    ordinal: int
    random: int


class Path(NamedTuple):
    """An unbroken chain of moves: its places in order."""

    visitor: str
    path: tuple[str, ...]
    random: int


def visits_of(day: Day, from_ms: int, to_ms: int) -> list[Visit]:
    """The day's visits as they were between two instants, in the order of visitor and time."""
    heard = _counted(day, from_ms, to_ms)
    return _visits(day, heard, heard.time_us // 1_000)


def found_visits_of(day: Day, from_ms: int, to_ms: int) -> list[Visit]:
    """Those that Meguri must find of what was told between two instants, by the sensors' clocks."""
    heard = _counted(day, from_ms, to_ms)
    heard = heard.at(heard.lost == KEPT)
    return _visits(day, heard, heard.recorded_us // 1_000)


def moves_of(visits: Iterable[Visit], gap_ms: int) -> list[Move]:
    """The moves that visits make, in the order of visitor and time."""
    moves: list[Move] = []
    before: Visit | None = None
    for visit in sorted(visits, key=lambda each: (each.visitor, each.first_ms, each.place)):
        if before is not None and _leads_to(before, visit, gap_ms):
            goes_on = bool(moves) and _ends_at(moves[-1], before)
            moves.append(
                Move(
                    visit.visitor,
                    before.place,
                    before.first_ms,
                    visit.place,
                    visit.first_ms,
                    moves[-1].ordinal + 1 if goes_on else 1,
                    visit.random,
                )
            )
        before = visit
    return moves


def paths_of(moves: Iterable[Move]) -> list[Path]:
    """The paths that moves make, in their order."""
    paths: list[Path] = []
    for move in moves:
        if move.ordinal == 1:
            paths.append(Path(move.visitor, (move.from_place, move.place), move.random))
        else:
            paths[-1] = paths[-1]._replace(path=(*paths[-1].path, move.place))
    return paths


def write_truth(day: Day, from_ms: int, to_ms: int, folder: Folder) -> None:
    """Write the day's files, as far as the day lies between two instants; what was there is replaced.

    Raises:
        OSError: the folder cannot be written.
    """
    found = found_visits_of(day, from_ms, to_ms)
    moves = moves_of(found, day.village.town.gap_ms)
    files: dict[str, tuple[Iterable[str], Iterable[Iterable[object]]]] = {
        "parties": (("party", "transport", "coach", "language", "people", "sleeps"), day.company.as_rows()),
        "visits": (Visit._fields, visits_of(day, from_ms, to_ms)),
        "found-visits": (Visit._fields, found),
        "found-moves": (Move._fields, moves),
        "found-paths": (
            Path._fields,
            ((path.visitor, ">".join(path.path), path.random) for path in paths_of(moves)),
        ),
        "losses": (("visitor", "place", "sensor", "time_ms", "rssi", "cause"), _losses(day, from_ms, to_ms)),
        "sales": (_SALE_COLUMNS, _sales(day, from_ms, to_ms)),
        "guide-events": (
            ("event_id", "sight", "language", "kind", "at_ms", "walk", "seconds", "rating"),
            (
                (
                    use.event_id,
                    use.sight,
                    use.language,
                    use.kind.value,
                    use.at_ms,
                    use.walk,
                    use.seconds,
                    use.rating,
                )
                for use in day.uses
                if from_ms <= use.at_ms < to_ms
            ),
        ),
        "answers": (
            ("sheet_id", "question", "answer", "free_text", "language", "at_ms"),
            (
                (each.sheet_id, each.question, each.answer, each.free_text, each.language, each.at_ms)
                for each in day.answers
                if from_ms <= each.at_ms < to_ms
            ),
        ),
        "counts": (
            ("counter", "quantity", "from_ms", "to_ms", "count"),
            (
                (each.counter, each.quantity.value, each.from_ms, each.to_ms, each.people)
                for each in day.counts
                if from_ms < each.to_ms <= to_ms
            ),
        ),
    }
    date = day_date(day.key_day).isoformat()
    for name, (columns, rows) in files.items():
        _write(folder / f"{name}-{date}.csv", columns, rows)
    totals = _totals(day, from_ms, to_ms)
    replace_file(folder / f"totals-{date}.json", json.dumps(totals, indent=1) + "\n")


def _counted(day: Day, from_ms: int, to_ms: int) -> Receptions:
    """What is strong enough to count, between two instants."""
    heard = day.receptions
    time_ms = heard.time_us // 1_000
    return heard.at(heard.counts & (time_ms >= from_ms) & (time_ms < to_ms))


def _visits(day: Day, heard: Receptions, time_ms: Integers) -> list[Visit]:
    """Runs of receptions of one person at one place with pauses of at most the gap."""
    if not time_ms.size:
        return []
    places = day.village.places
    of_sensor = np.array([places.index(each.place) for each in day.village.town.sensors.values()], np.int64)
    place = of_sensor[heard.sensor]
    order = np.lexsort((time_ms, place, heard.person))
    person, place, time_ms = heard.person[order], place[order], time_ms[order]
    begins = np.ones(time_ms.size, np.bool_)
    begins[1:] = (np.diff(person) != 0) | (np.diff(place) != 0) | (np.diff(time_ms) > day.village.town.gap_ms)
    first = np.flatnonzero(begins)
    after = np.append(first[1:], time_ms.size)
    order = np.lexsort((place[first], time_ms[first], person[first]))
    first, after = first[order], after[order]
    is_random = _is_random(day.people.phones.address)[person[first]]
    names = day.people.names
    columns = (person[first], place[first], time_ms[first], time_ms[after - 1], after - first, is_random)
    return [
        Visit(names[who], places[where], first_ms, last_ms, count, random)
        for who, where, first_ms, last_ms, count, random in zip(
            *(column.tolist() for column in columns), strict=True
        )
    ]


def _is_random(addresses: NDArray[np.uint8]) -> Integers:
    is_random: Integers = (addresses[:, 0] & _LOCALLY_ADMINISTERED != 0).astype(np.int64)
    return is_random


def _leads_to(before: Visit, visit: Visit, gap_ms: int) -> bool:
    """Whether the two are of one visitor, and near enough to be a move."""
    near = visit.first_ms - before.last_ms <= max(_LONGEST_MOVE_MS, gap_ms)
    return before.visitor == visit.visitor and near


def _ends_at(move: Move, visit: Visit) -> bool:
    """Whether the move led to this visit."""
    return (move.visitor, move.place, move.first_ms) == (visit.visitor, visit.place, visit.first_ms)


def _losses(day: Day, from_ms: int, to_ms: int) -> Iterable[tuple[object, ...]]:
    counted = _counted(day, from_ms, to_ms)
    lost = counted.at(counted.lost != KEPT)
    sensors = list(day.village.town.sensors.values())
    for number in np.lexsort((lost.sensor, lost.time_us)).tolist():
        sensor = sensors[int(lost.sensor[number])]
        yield (
            day.people.names[int(lost.person[number])],
            sensor.place,
            sensor.sensor,
            int(lost.time_us[number]) // 1_000,
            int(lost.rssi[number]),
            CAUSES[int(lost.lost[number])],
        )


def _sales(day: Day, from_ms: int, to_ms: int) -> Iterable[tuple[object, ...]]:
    told = [telling for telling in day.tellings if from_ms <= telling.told_ms < to_ms]
    for telling in last_of_each(told):
        sale = telling.sale
        yield (
            sale.shop,
            sale.till.value,
            sale.external_id,
            telling.version,
            sale.at_ms,
            sale.amount_yen,
            sale.tax_yen,
            sale.method,
            sale.brand,
            telling.refunded_yen,
            int(telling.cancelled),
            day.company.names[sale.party],
        )


def _totals(day: Day, from_ms: int, to_ms: int) -> dict[str, int]:
    heard = day.receptions
    time_ms = heard.time_us // 1_000
    heard = heard.at((time_ms >= from_ms) & (time_ms < to_ms))
    by_cause = {
        f"receptions_{name}": int((heard.lost == cause).sum())
        for name, cause in (("lost", LOST), ("outage", OUTAGE), ("clock", CLOCK))
    }
    together = day.people.party >= 0
    return {
        "people": int(together.sum()),
        "people_with_a_phone_that_is_heard": int((together & day.people.is_heard).sum()),
        "receptions": int(heard.lost.size),
        "receptions_too_weak": int((~heard.counts).sum()),
        **by_cause,
        "addresses": int(np.unique(heard.address[heard.was_sent]).size),
    }


def _write(path: Folder, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    replace_file(path, text.getvalue())
