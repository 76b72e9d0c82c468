"""How far visitors follow the guide along the route, and how long they take from sight to sight."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from meguri_dashboard.blocks.block import Block, Chart, Table
from meguri_dashboard.days import whole
from meguri_dashboard.drawings import Panel, bars, count_mark, has_hidden, top_of
from meguri_dashboard.guide_names import sight_name
from meguri_dashboard.measures import Measure
from meguri_dashboard.suppression import Count, publish, total
from meguri_dashboard.times import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Asked
    from meguri_dashboard.wording import Wording

EDGES_MS: Final = tuple(minutes * MINUTE_MS for minutes in (2, 5, 10, 20, 40))
"""Between the bins of how long a way takes."""
_BINS = range(len(EDGES_MS) + 1)


@dataclass(frozen=True)
class RouteFigures:
    """The route as walks followed it, as it may be shown; sights in the order of the town's file."""

    asked: Asked
    all_walks: Count
    walks: Mapping[str, Count]
    """That opened the sight."""
    ended: Mapping[str, Count]
    """That opened no other after it."""
    ways: Mapping[tuple[str, str], Sequence[Count]]
    """Walks from one sight to the next, by bin of the time that they took; the most used first."""

    def block(self, words: Wording) -> Block:
        """The figures in the language of `words`."""
        return _Words(self, words).block()

    def measures(self, words: Wording) -> Iterator[Measure]:
        """Walks at each sight, and of each way by the time that it took."""
        return _Words(self, words).measures()


def read(store: Store, asked: Asked) -> RouteFigures:
    """The route in the period. Raises StoreError."""
    walks: dict[str, list[Count]] = {"": [], **{str(number): [] for number in asked.town.sights}}
    ended: dict[str, list[Count]] = defaultdict(list)
    for row in store.query("meguri_dashboard/guide_route", asked.of_units()):
        sight, behind, last = str(row["sight"]), whole(row["walks"]), whole(row["ended_walks"])
        walks.setdefault(sight, []).append(publish(behind, behind, asked.step))
        ended[sight].append(publish(last, last, asked.step))
    ways: dict[tuple[str, str], list[list[Count]]] = defaultdict(lambda: [[] for _ in _BINS])
    params = {**asked.of_units(), "edges_ms": list(EDGES_MS)}
    for row in store.query("meguri_dashboard/guide_ways", params):
        behind = whole(row["walks"])
        of_way = ways[str(row["from_sight"]), str(row["to_sight"])]
        of_way[whole(row["bin"])].append(publish(behind, behind, asked.step))
    added = {way: tuple(map(total, bins)) for way, bins in sorted(ways.items())}
    shown = {way: total(bins).shown or 0 for way, bins in added.items()}
    return RouteFigures(
        asked=asked,
        all_walks=total(walks.pop("")),
        walks={sight: total(counts) for sight, counts in walks.items()},
        ended={sight: total(ended[sight]) for sight in walks},
        ways={way: added[way] for way in sorted(added, key=lambda way: -shown[way]) if shown[way]},
    )


class _Words:
    """The figures in one language."""

    def __init__(self, figures: RouteFigures, words: Wording) -> None:
        self._figures = figures
        self._words = words
        self._text = words.text
        self._step = figures.asked.step

    def block(self) -> Block:
        figures, title = self._figures, self._text("route.title")
        definition = (
            self._text("route.definition"),
            self._text("route.definition_ways"),
            self._text("insights.suppressed", step=self._step),
        )
        if figures.all_walks.shown is None:
            empty = (self._text("route.empty_title"), self._text("insights.empty", step=self._step))
            return Block("route", title, definition, empty=empty)
        drawing = bars(
            self._text("route.chart_label"),
            [
                Panel(
                    name=self._text("route.panel"),
                    marks=tuple(
                        count_mark(
                            self._words,
                            self._sight(sight),
                            walks,
                            self._step,
                            label=self._text(
                                "route.mark", sight=self._sight(sight), walks=self._words.count(walks)
                            ),
                        )
                        for sight, walks in figures.walks.items()
                    ),
                    top=top_of(self._step, list(figures.walks.values())),
                )
            ],
        )
        return Block(
            name="route",
            title=title,
            definition=definition,
            sentences=tuple(self._sentences()),
            charts=(
                Chart(drawing, self._text("insights.hidden", step=self._step) if has_hidden(drawing) else ""),
            ),
            tables=(self._sights(), *([self._ways()] if figures.ways else [])),
        )

    def measures(self) -> Iterator[Measure]:
        title = self._text("route.title")
        for sight, walks in self._figures.walks.items():
            yield Measure(title, self._sight(sight), self._text("route.column_walks"), walks.shown)
            ended = self._figures.ended[sight]
            yield Measure(title, self._sight(sight), self._text("route.column_ended"), ended.shown)
        for way, bins in self._figures.ways.items():
            for number, walks in zip(_BINS, bins, strict=True):
                yield Measure(title, self._way(way), self._bin(number), walks.shown)

    def _sentences(self) -> Iterator[str]:
        """Where most walks end, and how long the most used way takes."""
        ended = {sight: count.shown for sight, count in self._figures.ended.items() if count.shown}
        if ended:
            most = max(ended, key=lambda sight: ended[sight])
            yield self._text(
                "route.most_end",
                sight=self._sight(most),
                share=_percent(ended[most], self._figures.all_walks.shown or 0),
            )
        for way, bins in self._figures.ways.items():
            yield self._text("route.way", way=self._way(way), time=self._bin(middle(bins)))
            return

    def _sights(self) -> Table:
        figures, count = self._figures, self._words.count
        rows = []
        for sight, walks in figures.walks.items():
            share = self._text("insights.dash")
            if walks.shown is not None:
                percent = _percent(walks.shown, figures.all_walks.shown or 0)
                share = self._text("insights.percent", percent=percent)
            rows.append((self._sight(sight), count(walks), share, count(figures.ended[sight])))
        return Table(
            title=self._text("route.table_sights"),
            head=tuple(self._text(f"route.column_{name}") for name in ("sight", "walks", "share", "ended")),
            rows=tuple(rows),
            foot=(self._text("route.row_all"), count(figures.all_walks), "", ""),
        )

    def _ways(self) -> Table:
        return Table(
            title=self._text("route.table_ways"),
            head=(
                self._text("route.column_way"),
                self._text("route.column_middle"),
                *map(self._bin, _BINS),
            ),
            rows=tuple(
                (self._way(way), self._bin(middle(bins)), *map(self._words.count, bins))
                for way, bins in self._figures.ways.items()
            ),
        )

    def _sight(self, number: str) -> str:
        return sight_name(self._words, self._figures.asked.town, number)

    def _way(self, way: tuple[str, str]) -> str:
        return self._text("route.from_to", first=self._sight(way[0]), to=self._sight(way[1]))

    def _bin(self, number: int) -> str:
        first = EDGES_MS[number - 1] if number else None
        to = EDGES_MS[number] if number < len(EDGES_MS) else None
        return self._words.durations(first, to)


def middle(bins: Sequence[Count]) -> int:
    """The bin in which the middle of what is shown lies. At least one bin shows something."""
    shown = [count.shown or 0 for count in bins]
    return next(number for number in _BINS if 2 * sum(shown[: number + 1]) >= sum(shown))


def _percent(part: int, of: int) -> int:
    return min(100, round(100 * part / of)) if of else 0
