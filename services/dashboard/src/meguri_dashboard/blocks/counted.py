"""How many people gates and counters counted, beside the signals that arrived at the same place."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_proto.key_days import day_date
from meguri_proto.quantities import Quantity

from meguri_dashboard.blocks.arrivals import read_arrived
from meguri_dashboard.blocks.block import Block, Chart, Table
from meguri_dashboard.days import key_day_of, whole
from meguri_dashboard.drawings import Mark, Panel, columns
from meguri_dashboard.suppression import FEWER, Count, total

if TYPE_CHECKING:
    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Asked
    from meguri_dashboard.drawings import Drawing
    from meguri_dashboard.wording import Wording

_LEAST_TOP = 20


@dataclass(frozen=True)
class CounterFigures:
    """One counter's people by slot of the period; None where it told nothing."""

    counter: str
    place: str
    by_slot: tuple[int | None, ...]
    arrived: tuple[Count | None, ...]
    """Arrivals at its place."""

    @property
    def total(self) -> int:
        """Of the whole period."""
        return sum(number or 0 for number in self.by_slot)

    @property
    def signals_each(self) -> float | None:
        """Arrivals for each person, in the slots that have both; None where there are none."""
        both = [
            (number, count.shown)
            for number, count in zip(self.by_slot, self.arrived, strict=True)
            if number and count and count.shown
        ]
        people = sum(number for number, _ in both)
        return sum(count for _, count in both) / people if people else None


@dataclass(frozen=True)
class CountedFigures:
    """People counted. They are counts of a gate and not of devices, so they are not suppressed."""

    asked: Asked
    counters: tuple[CounterFigures, ...]

    def block(self, words: Wording) -> Block:
        """The figures in the language of `words`."""
        return _Words(self, words).block()


def read(store: Store, asked: Asked) -> CountedFigures | None:
    """People counted in the period; None where the town has no such counter. Raises StoreError."""
    counters = [one for one in asked.town.counters.values() if one.counts is Quantity.PEOPLE]
    if not counters:
        return None
    found: dict[tuple[str, int], int] = defaultdict(int)
    params: dict[str, object] = {"town": asked.town.town, "quantity": str(Quantity.PEOPLE)}
    if asked.period.is_day:
        of_day = {"key_day": day_date(asked.period.first), "day_start_ms": asked.bounds_ms[0]}
        for row in store.query("meguri_dashboard/counted_by_hour", {**params, **of_day}):
            found[str(row["counter"]), whole(row["hour"])] += whole(row["counted"])
    else:
        for row in store.query("meguri_dashboard/counted_by_day", {**params, **asked.of_period()}):
            found[str(row["counter"]), asked.slot_index(key_day_of(row))] += whole(row["counted"])
    at = read_arrived(store, asked)
    return CountedFigures(
        asked,
        tuple(
            CounterFigures(
                counter=one.counter,
                place=one.place,
                by_slot=tuple(found.get((one.counter, index)) for index in range(len(asked.slots))),
                arrived=at[one.place],
            )
            for one in counters
        ),
    )


class _Words:
    """The figures in one language."""

    def __init__(self, figures: CountedFigures, words: Wording) -> None:
        self._figures = figures
        self._words = words
        self._text = words.text
        self._slots = figures.asked.slots
        self._told = [one for one in figures.counters if any(n is not None for n in one.by_slot)]
        self._begun = [
            index
            for index, slot in enumerate(self._slots)
            if slot.has_figures or any(one.by_slot[index] is not None for one in figures.counters)
        ]

    def block(self) -> Block:
        title = self._text("counted.title")
        definition = (self._text("counted.definition"), self._text("counted.definition_compared"))
        if not self._told:
            empty = (self._text("counted.empty_title"), self._text("counted.empty"))
            return Block("counted", title, definition, empty=empty)
        return Block(
            name="counted",
            title=title,
            definition=definition,
            sentences=tuple(map(self._sentence, self._told)),
            charts=(Chart(self._drawing(), self._text("counted.legend")),),
            tables=(self._table(),),
        )

    def _name(self, one: CounterFigures) -> str:
        return self._text("counted.counter", place=self._words.place(one.place), counter=one.counter)

    def _sentence(self, one: CounterFigures) -> str:
        values = {"place": self._words.place(one.place), "people": self._words.number(one.total)}
        if one.signals_each is None:
            return self._text("counted.people", **values)
        return self._text("counted.people_signals", **values, signals=f"{one.signals_each:.1f}")

    def _drawing(self) -> Drawing:
        return columns(
            self._words,
            self._text("counted.chart_label"),
            self._slots,
            [self._panel(one) for one in self._told],
        )

    def _panel(self, one: CounterFigures) -> Panel:
        """People as columns; arrivals as a line on the same axis."""
        arrived = [count.shown if count else None for count in one.arrived]
        marks = tuple(
            Mark(
                at=index,
                value=number,
                look="so_far" if self._slots[index].so_far else "shown",
                text=self._words.number(number),
                label=self._text(
                    "counted.mark",
                    place=self._words.place(one.place),
                    slot=self._words.slot_so_far(self._slots[index]),
                    people=self._words.number(number),
                    arrived=self._words.count(one.arrived[index] or FEWER),
                ),
                usual=arrived[index],
            )
            for index, number in enumerate(one.by_slot)
            if number is not None
        )
        top = max([_LEAST_TOP, *(mark.value for mark in marks), *(count or 0 for count in arrived)])
        return Panel(name=self._name(one), marks=marks, top=top)

    def _table(self) -> Table:
        told = self._told
        heads = []
        for one in told:
            heads += [
                self._text("counted.column_people", place=self._words.place(one.place)),
                self._text("counted.column_arrived", place=self._words.place(one.place)),
            ]
        return Table(
            head=(self._text(f"counted.slot_{self._figures.asked.period.unit}"), *heads),
            rows=tuple(
                (
                    self._words.slot_so_far(self._slots[index]),
                    *(cell for one in told for cell in self._cells(one.by_slot[index], one.arrived[index])),
                )
                for index in self._begun
            ),
            foot=(
                self._text("page.table_total"),
                *(
                    cell
                    for one in told
                    for cell in self._cells(one.total, total(count for count in one.arrived if count))
                ),
            ),
        )

    def _cells(self, people: int | None, arrived: Count | None) -> tuple[str, str]:
        return (
            self._text("counted.dash") if people is None else self._words.number(people),
            self._words.count(arrived or FEWER),
        )
