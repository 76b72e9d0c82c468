"""How long devices with a stable address stayed at each place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from meguri_proto.dwell_bins import DWELL_EDGES_MS

from meguri_dashboard.blocks.block import Block, Chart, Table
from meguri_dashboard.days import folds_of, whole
from meguri_dashboard.drawings import Panel, bars, count_mark, top_of
from meguri_dashboard.left_out import left_out_definition
from meguri_dashboard.suppression import Count, publish, total

if TYPE_CHECKING:
    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Asked
    from meguri_dashboard.drawings import Drawing
    from meguri_dashboard.wording import Wording

BINS = tuple(pairwise((None, *DWELL_EDGES_MS, None)))
"""First and end of each bin in milliseconds; None is open."""
MOST_SENTENCES = 2


@dataclass(frozen=True)
class PlaceDwell:
    """Stays at one place by how long they lasted; the bins are `BINS`."""

    place: str
    by_bin: tuple[Count, ...]

    @property
    def total(self) -> Count:
        """Of the bins that are shown."""
        return total(self.by_bin)


@dataclass(frozen=True)
class DwellFigures:
    """Lengths of stay as they may be shown."""

    asked: Asked
    places: tuple[PlaceDwell, ...]

    def block(self, words: Wording) -> Block:
        """The figures in the language of `words`."""
        return _Words(self, words).block()


def read(store: Store, asked: Asked) -> DwellFigures:
    """Stays of the period that have ended. Raises StoreError."""
    shown: dict[tuple[str, int], list[Count]] = {}
    complete = {**asked.of_units(), "folds": folds_of(asked.complete)}
    rows = store.query("meguri_dashboard/dwell", complete) if asked.complete else []
    for day in asked.running:
        params = {**asked.of_day(day), "edges_ms": list(DWELL_EDGES_MS)}
        rows += store.query("meguri_dashboard/dwell_running", params)
    for row in rows:
        count = publish(whole(row["stays"]), whole(row["devices"]), asked.step)
        shown.setdefault((str(row["place"]), whole(row["bin"])), []).append(count)
    return DwellFigures(
        asked=asked,
        places=tuple(
            PlaceDwell(place, tuple(total(shown.get((place, index), ())) for index in range(len(BINS))))
            for place in asked.town.places
        ),
    )


class _Words:
    """The figures in one language."""

    def __init__(self, figures: DwellFigures, words: Wording) -> None:
        self._figures = figures
        self._words = words
        self._text = words.text
        self._step = figures.asked.step
        self._lengths = [words.durations(first, end) for first, end in BINS]
        self._places = [place for place in figures.places if place.total.shown is not None]

    def block(self) -> Block:
        town, title = self._figures.asked.town, self._text("dwell.title")
        definition = (
            self._text("dwell.definition", gap=self._words.duration(town.gap_ms)),
            self._text("dwell.definition_panel"),
            *left_out_definition(self._figures.asked, self._words),
        )
        if not self._places:
            empty = (self._text("dwell.empty_title"), self._text("dwell.empty", step=self._step))
            return Block("dwell", title, definition, empty=empty)
        stays = total(place.total for place in self._places)
        return Block(
            name="dwell",
            title=title,
            definition=definition,
            sentences=tuple(map(self._sentence, self._most())),
            notes=(self._text("dwell.panel", count=self._words.count(stays)),),
            facts=tuple(
                (self._words.place(place.place), self._total(place)) for place in self._figures.places
            ),
            charts=(Chart(self._drawing(), self._text("dwell.legend", step=self._step)),),
            tables=(self._table(),),
        )

    def _most(self) -> list[PlaceDwell]:
        """Where most stays were, of which the sentences are."""
        return sorted(self._places, key=lambda place: -(place.total.shown or 0))[:MOST_SENTENCES]

    def _sentence(self, dwell: PlaceDwell) -> str:
        """How many stays in ten lasted at least how long.

        The edge is the one that divides the shown stays most evenly.
        """
        counts = [count.shown or 0 for count in dwell.by_bin]
        whole_count = sum(counts)
        if whole_count in counts:
            return self._text(
                "dwell.one_bin",
                place=self._words.place(dwell.place),
                duration=self._lengths[counts.index(whole_count)],
            )
        edge = min(range(1, len(counts)), key=lambda i: abs(2 * sum(counts[i:]) - whole_count))
        tenths = min(9, max(1, round(10 * sum(counts[edge:]) / whole_count)))
        return self._text(
            "dwell.share",
            tenths=tenths,
            place=self._words.place(dwell.place),
            duration=self._words.durations(DWELL_EDGES_MS[edge - 1], None),
        )

    def _total(self, dwell: PlaceDwell) -> str:
        if dwell.total.shown is None:
            return self._text("dwell.total_none", step=self._step)
        return self._text("dwell.total", count=self._words.count(dwell.total))

    def _drawing(self) -> Drawing:
        top = top_of(self._step, [count for place in self._places for count in place.by_bin])
        return bars(
            self._text("dwell.chart_label"),
            [
                Panel(
                    name=self._words.place(dwell.place),
                    marks=tuple(
                        count_mark(
                            self._words,
                            length,
                            count,
                            self._step,
                            label=self._text(
                                "dwell.mark",
                                place=self._words.place(dwell.place),
                                duration=length,
                                count=self._words.count(count),
                            ),
                        )
                        for length, count in zip(self._lengths, dwell.by_bin, strict=True)
                    ),
                    top=top,
                )
                for dwell in self._places
            ],
        )

    def _table(self) -> Table:
        places = self._figures.places
        return Table(
            head=(self._text("dwell.length"), *(self._words.place(place.place) for place in places)),
            rows=tuple(
                (length, *(self._words.count(place.by_bin[index]) for place in places))
                for index, length in enumerate(self._lengths)
            ),
            foot=(self._text("page.table_total"), *(self._words.count(place.total) for place in places)),
        )
