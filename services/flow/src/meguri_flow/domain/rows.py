"""What the fold emits: columns of the tables of ClickHouse, named as there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from meguri_flow.domain.closing import Swept
    from meguri_flow.domain.day_rules import DayRules

from meguri_flow.domain.day_rules import BIN_MS
from meguri_flow.domain.open_visits import IS_RANDOM

VISIT_BEGUN = 1
VISIT_CLOSED = 2


class CompleteDay(NamedTuple):
    """A day whose rows of visits and moves are all among those emitted up to now."""

    town: str
    key_day: int
    slice: int
    generation: int
    start_ms: int
    version: int
    """Of the row in `days` that says so: the offset at which the prefix ends that it is a function of."""


class SealedDay(NamedTuple):
    """A day that has left the state: its last rows are among those emitted up to now."""

    town: str
    key_day: int
    slice: int
    generation: int
    start_ms: int
    end_ms: int
    version: int
    """The offset at which the prefix ends that it is a function of."""


@dataclass
class Rows:
    """Rows by table, as pieces to be concatenated: `pieces[table][i][column]`, an array or one value."""

    pieces: dict[str, list[Mapping[str, object]]] = field(default_factory=dict)
    count: int = 0
    complete: list[CompleteDay] = field(default_factory=list)
    """One for each row in `days` that says that its day is complete."""
    sealed: list[SealedDay] = field(default_factory=list)

    def add(self, table: str, length: int, **columns: object) -> None:
        """Add `length` rows; a column is an array of that length or one value for all."""
        if length:
            self.pieces.setdefault(table, []).append({"": length, **columns})
            self.count += length

    def extend(self, other: Rows) -> None:
        """Add the rows of another."""
        for table, pieces in other.pieces.items():
            self.pieces.setdefault(table, []).extend(pieces)
        self.count += other.count
        self.complete += other.complete
        self.sealed += other.sealed

    def columns(self, table: str) -> dict[str, NDArray[np.generic]]:
        """One array a column over all pieces of a table."""
        pieces = self.pieces.get(table, [])
        if not pieces:
            return {}
        return {
            name: np.concatenate([_spread(piece[name], piece[""]) for piece in pieces])
            for name in pieces[0]
            if name
        }


def _spread(value: object, length: object) -> NDArray[np.generic]:
    return value if isinstance(value, np.ndarray) else np.full(int(str(length)), value)


def visit_rows(rules: DayRules, generation: int, swept: Swept, rows: Rows) -> None:
    """Add the visits that a sweep announced (version 1) or closed (version 2).

    A visit that begins within the gap after the day's start may be the rest of one that the new day's
    pseudonyms cut: it is no arrival.
    """
    places = np.array(rules.places, object)
    for entries, version in ((swept.announced, VISIT_BEGUN), (swept.closed, VISIT_CLOSED)):
        is_closed = version == VISIT_CLOSED
        rows.add(
            "visits",
            len(entries),
            town=rules.town,
            key_day=np.int32(rules.key_day),
            slice=np.uint8(rules.slice),
            generation=generation,
            place=places[entries["place"]],
            first_ms=entries["first_ms"],
            device=entries["device"],
            last_ms=entries["last_ms"] if is_closed else entries["first_ms"],
            receptions=entries["receptions"] if is_closed else 0,
            closed=int(is_closed),
            arrival=(entries["first_ms"] > rules.start_ms + rules.gap_ms).astype(np.uint8),
            random=((entries["flags"] & IS_RANDOM) != 0).astype(np.uint8),
            rule_version=rules.version,
            version=version,
        )


def move_rows(rules: DayRules, generation: int, moves: NDArray[np.void], rows: Rows) -> None:
    """Add moves, given as MOVE records."""
    places = np.array(rules.places, object)
    rows.add(
        "moves",
        len(moves),
        town=rules.town,
        key_day=np.int32(rules.key_day),
        slice=np.uint8(rules.slice),
        generation=generation,
        device=moves["device"],
        first_ms=moves["first_ms"],
        place=places[moves["place"]],
        from_place=places[moves["from_place"]],
        from_first_ms=moves["from_first_ms"],
        ordinal=moves["ordinal"],
        random=moves["random"],
        rule_version=rules.version,
        version=1,
    )


def marked_rows(rules: DayRules, generation: int, marked: NDArray[np.void], rows: Rows) -> None:
    """Add the marks that devices gained, given as MARKED records; equipment's is above staff's."""
    rows.add(
        "marked_devices",
        len(marked),
        town=rules.town,
        key_day=np.int32(rules.key_day),
        slice=np.uint8(rules.slice),
        generation=generation,
        device=marked["device"],
        mark=marked["mark"],
        rule_version=rules.version,
        version=marked["mark"],
    )


def presence_rows(
    rules: DayRules, generation: int, from_bin: int, presence: NDArray[np.uint32], rows: Rows
) -> None:
    """Add the bins that became final and in which somebody was present."""
    place, bin_ = np.nonzero(presence)
    rows.add(
        "presence",
        len(place),
        town=rules.town,
        key_day=np.int32(rules.key_day),
        slice=np.uint8(rules.slice),
        generation=generation,
        place=np.array(rules.places, object)[place],
        bin_ms=rules.start_ms + (from_bin + bin_.astype(np.int64)) * BIN_MS,
        visits=presence[place, bin_],
        rule_version=rules.version,
        version=1,
    )
