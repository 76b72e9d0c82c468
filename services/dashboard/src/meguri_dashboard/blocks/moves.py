"""Where devices with a stable address went next, and which ways they took through the town."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from meguri_dashboard.blocks.block import Block, Chart, Table
from meguri_dashboard.days import folds_of, whole
from meguri_dashboard.drawings import Panel, bars, count_mark, top_of
from meguri_dashboard.left_out import left_out_definition
from meguri_dashboard.suppression import Count, publish, total
from meguri_dashboard.town_map import Flow, PlaceMark, draw_map

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from markupsafe import Markup
    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Asked
    from meguri_dashboard.drawings import Drawing
    from meguri_dashboard.wording import Wording

MOST_DRAWN = 10
"""More arrows would cover the map; the table has them all."""
MOST_PATHS = 20
_BETWEEN = ">"


@dataclass(frozen=True)
class Way:
    """Places in the order in which they were visited, and how often that was."""

    places: tuple[str, ...]
    count: Count


@dataclass(frozen=True)
class MovesFigures:
    """Moves and longer ways as they may be shown, the most frequent first; none that may not."""

    asked: Asked
    moves: tuple[Way, ...]
    paths: tuple[Way, ...]

    def block(self, words: Wording) -> Block:
        """The figures in the language of `words`."""
        return _Words(self, words).block()


def read(store: Store, asked: Asked) -> MovesFigures:
    """Moves and paths of the period. Raises StoreError."""
    complete = {**asked.of_units(), "folds": folds_of(asked.complete)}
    with_step = {"step": asked.step}
    moves = store.query("meguri_dashboard/moves", complete) if asked.complete else []
    paths = store.query("meguri_dashboard/paths", complete | with_step) if asked.complete else []
    for day in asked.running:
        moves += store.query("meguri_dashboard/moves_running", asked.of_day(day))
        paths += store.query("meguri_dashboard/paths_running", asked.of_day(day) | with_step)
    return MovesFigures(
        asked=asked,
        moves=_ways(asked, (((str(row["from_place"]), str(row["place"])), row) for row in moves), "moves"),
        paths=_ways(asked, ((tuple(str(row["path"]).split(_BETWEEN)), row) for row in paths), "paths")[
            :MOST_PATHS
        ],
    )


def _ways(
    asked: Asked, rows: Iterable[tuple[tuple[str, ...], Mapping[str, object]]], number: str
) -> tuple[Way, ...]:
    """Of places that the town still has."""
    shown: dict[tuple[str, ...], list[Count]] = {}
    for places, row in rows:
        if all(place in asked.town.places for place in places):
            count = publish(whole(row[number]), whole(row["devices"]), asked.step)
            shown.setdefault(places, []).append(count)
    ways = (Way(places, total(counts)) for places, counts in shown.items())
    return tuple(
        sorted(
            (way for way in ways if way.count.shown), key=lambda way: (-(way.count.shown or 0), way.places)
        )
    )


class _Words:
    """The figures in one language."""

    def __init__(self, figures: MovesFigures, words: Wording) -> None:
        self._figures = figures
        self._words = words
        self._text = words.text
        self._step = figures.asked.step

    def block(self) -> Block:
        figures, title = self._figures, self._text("moves.title")
        definition = (
            self._text("moves.definition"),
            self._text("moves.definition_panel", step=self._step),
            *left_out_definition(self._figures.asked, self._words),
        )
        if not figures.moves:
            empty = (self._text("moves.empty_title"), self._text("moves.empty", step=self._step))
            return Block("moves", title, definition, empty=empty)
        every = total(way.count for way in figures.moves)
        drawn = figures.moves[:MOST_DRAWN]
        legend = "moves.legend" if len(drawn) == len(figures.moves) else "moves.legend_most"
        return Block(
            name="moves",
            title=title,
            definition=definition,
            sentences=tuple(self._sentences()),
            notes=(self._text("moves.panel", count=self._words.count(every)),),
            charts=(
                Chart(partial(self._map, drawn), self._text(legend, number=len(drawn))),
                Chart(self._drawing(drawn)),
            ),
            tables=(
                self._table(figures.moves),
                *((self._table(figures.paths, self._text("moves.paths")),) if figures.paths else ()),
            ),
        )

    def _sentences(self) -> Iterable[str]:
        first = self._figures.moves[0]
        from_place, place = map(self._words.place, first.places)
        count = self._words.count(first.count)
        yield self._text("moves.most", from_place=from_place, place=place, count=count)
        if self._figures.paths:
            path = self._figures.paths[0]
            yield self._text("moves.most_path", path=self._way(path), count=self._words.count(path.count))

    def _way(self, way: Way) -> str:
        return self._text("moves.joint").join(map(self._words.place, way.places))

    def _map(self, drawn: Sequence[Way], width: int) -> Markup:
        town = self._figures.asked.town
        marks = {
            place: PlaceMark(self._words.place(place), "", self._words.place(place)) for place in town.places
        }
        flows = [
            Flow(way.places[0], way.places[1], way.count.shown or 0, self._words.number(way.count.shown or 0))
            for way in drawn
        ]
        return draw_map(town, marks, width, self._text("moves.map_label"), flows)

    def _drawing(self, drawn: Sequence[Way]) -> Drawing:
        marks = tuple(
            count_mark(
                self._words,
                self._way(way),
                way.count,
                self._step,
                label=self._text("moves.mark", way=self._way(way), count=self._words.count(way.count)),
            )
            for way in drawn
        )
        top = top_of(self._step, [way.count for way in drawn])
        return bars(self._text("moves.chart_label"), [Panel("", marks, top)])

    def _table(self, ways: Sequence[Way], title: str = "") -> Table:
        return Table(
            head=(self._text("moves.way"), self._text("moves.number")),
            rows=tuple((self._way(way), self._words.count(way.count)) for way in ways),
            title=title,
        )
