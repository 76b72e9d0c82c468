"""How the guide at the sights was used, by language and by sight."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_dashboard.amounts import publish_stars, publish_sum
from meguri_dashboard.blocks.block import Block, Chart, Table
from meguri_dashboard.days import whole
from meguri_dashboard.drawings import Panel, bars, count_mark, has_hidden, top_of
from meguri_dashboard.guide_names import language_name, sight_name
from meguri_dashboard.measures import Measure
from meguri_dashboard.suppression import FEWER, Count, publish, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Asked
    from meguri_dashboard.drawings import Drawing
    from meguri_dashboard.wording import Wording

_LEAST_S = 60


@dataclass(frozen=True)
class Use:
    """Use of the guide, as it may be shown; the unit is the walk of one phone on one day."""

    walks: Count
    """That opened a sight."""
    opened: Count
    """Sights that they opened, as often as they did."""
    listened: Count
    """Walks that listened."""
    heard_s: Count
    """Seconds that they listened."""
    finished: Count
    """Walks that followed a sight to its end."""
    ratings: Count
    stars: Count
    """Mean rating in tenths of a star."""

    @property
    def is_shown(self) -> bool:
        """Enough walks opened a sight."""
        return self.walks.shown is not None


@dataclass(frozen=True)
class GuideFigures:
    """Guide use as it may be shown, the most used first."""

    asked: Asked
    whole: Use
    languages: Mapping[str, Use]
    sights: Mapping[str, Use]

    def block(self, words: Wording) -> Block:
        """The figures in the language of `words`."""
        return _Words(self, words).block()

    def measures(self, words: Wording) -> Iterator[Measure]:
        """The use of all, of each language and of each sight."""
        return _Words(self, words).measures()


def read(store: Store, asked: Asked) -> GuideFigures:
    """Guide use of the period. Raises StoreError."""
    units: dict[str, dict[str, list[Use]]] = defaultdict(lambda: defaultdict(list))
    for row in store.query("meguri_dashboard/guide_use", asked.of_units()):
        units[str(row["by"])][str(row["name"])].append(_use(row, asked.step))
    return GuideFigures(
        asked=asked,
        whole=_added(units["all"][""]),
        languages=_by_walks(units["language"]),
        sights=_by_walks(
            {
                **{str(number): [] for number in asked.town.sights},
                **units["sight"],
            }
        ),
    )


def _use(row: Mapping[str, object], step: int) -> Use:
    """One unit's use. What few walks did is not shown, whatever they did."""

    def count(number: str, walks: str) -> Count:
        return publish(whole(row[number]), whole(row[walks]), step)

    ratings, rated = whole(row["ratings"]), whole(row["rated_walks"])
    return Use(
        walks=count("opened_walks", "opened_walks"),
        opened=count("opened", "opened_walks"),
        listened=count("listened_walks", "listened_walks"),
        heard_s=publish_sum(
            whole(row["listened_s"]), whole(row["listened_walks"]), whole(row["longest_s"]), step, _LEAST_S
        ),
        finished=count("finished_walks", "finished_walks"),
        ratings=count("ratings", "rated_walks"),
        stars=publish_stars(whole(row["stars"]), ratings, rated, whole(row["most_ratings"]), step),
    )


def _added(uses: Sequence[Use]) -> Use:
    """The units added up, as they are shown; the mean of ratings weighs each with its number of them."""
    rated = [(use.stars.shown, use.ratings.shown) for use in uses if use.stars.shown and use.ratings.shown]
    ratings = sum(number for _, number in rated)
    mean = round(sum(stars * number for stars, number in rated) / ratings) if ratings else None
    return Use(
        walks=total(use.walks for use in uses),
        opened=total(use.opened for use in uses),
        listened=total(use.listened for use in uses),
        heard_s=total(use.heard_s for use in uses),
        finished=total(use.finished for use in uses),
        ratings=total(use.ratings for use in uses),
        stars=Count(mean),
    )


def _by_walks(units: Mapping[str, Sequence[Use]]) -> dict[str, Use]:
    """The most used first; those of which nothing is shown by their names, whatever they are."""
    added = {name: _added(uses) for name, uses in sorted(units.items())}
    return dict(sorted(added.items(), key=lambda one: -(one[1].walks.shown or 0)))


class _Words:
    """The figures in one language."""

    def __init__(self, figures: GuideFigures, words: Wording) -> None:
        self._figures = figures
        self._words = words
        self._text = words.text
        self._step = figures.asked.step
        self._languages = {
            self._language(name): use for name, use in figures.languages.items() if use.is_shown
        }
        self._sights = {self._sight(number): use for number, use in figures.sights.items()}

    def block(self) -> Block:
        whole_use, title = self._figures.whole, self._text("guide.title")
        definition = (
            self._text("guide.definition"),
            self._text("guide.definition_suppressed", step=self._step),
        )
        if not self._figures.asked.town.sights and not self._figures.languages:
            empty = (self._text("guide.none_title"), self._text("guide.none"))
            return Block("guide", title, definition, empty=empty)
        if not whole_use.is_shown:
            empty = (self._text("guide.empty_title"), self._text("guide.empty", step=self._step))
            return Block("guide", title, definition, empty=empty)
        return Block(
            name="guide",
            title=title,
            definition=definition,
            sentences=tuple(self._sentences()),
            facts=tuple(self._facts()),
            charts=(self._chart(),),
            tables=(
                self._table("languages", self._languages),
                self._table("sights", self._sights),
            ),
        )

    def measures(self) -> Iterator[Measure]:
        for of, use in {"": self._figures.whole, **self._languages, **self._sights}.items():
            amounts = {
                "walks": use.walks.shown,
                "opened": use.opened.shown,
                "listened": use.listened.shown,
                "heard_minutes": None if use.heard_s.shown is None else use.heard_s.shown // 60,
                "finished": use.finished.shown,
                "ratings": use.ratings.shown,
                "stars": None if use.stars.shown is None else use.stars.shown / 10,
            }
            for name, amount in amounts.items():
                yield Measure(self._text("guide.title"), of, self._text(f"guide.column_{name}"), amount)

    def _language(self, tag: str) -> str:
        return language_name(self._words, tag)

    def _sight(self, number: str) -> str:
        return sight_name(self._words, self._figures.asked.town, number)

    def _sentences(self) -> list[str]:
        """How many used it, in which language most of them, and which sight is liked best."""
        whole_use = self._figures.whole
        sentences = [self._text("guide.walks", walks=self._words.count(whole_use.walks))]
        if self._languages:
            language, use = next(iter(self._languages.items()))
            share = min(100, round(100 * (use.walks.shown or 0) / (whole_use.walks.shown or 1)))
            sentences.append(self._text("guide.most_language", language=language, share=share))
        rated = {sight: use.stars.shown for sight, use in self._sights.items() if use.stars.shown}
        best = max(rated.values(), default=0)
        if list(rated.values()).count(best) == 1 and len(rated) > 1:
            sight = next(sight for sight, stars in rated.items() if stars == best)
            sentences.append(self._text("guide.best", sight=sight, stars=f"{best / 10:.1f}"))
        return sentences

    def _facts(self) -> list[tuple[str, str]]:
        use = self._figures.whole
        return [
            (self._text("guide.column_opened"), self._words.count(use.opened)),
            (self._text("guide.column_heard"), self._heard(use)),
            (self._text("guide.column_finished"), self._words.count(use.finished)),
            (self._text("guide.column_stars"), self._stars(use)),
        ]

    def _heard(self, use: Use) -> str:
        if use.heard_s.shown is None:
            return self._words.count(FEWER)
        return self._text("guide.minutes", minutes=self._words.number(use.heard_s.shown // 60))

    def _stars(self, use: Use) -> str:
        if use.stars.shown is None:
            return self._text("guide.dash")
        return self._text("guide.stars", stars=f"{use.stars.shown / 10:.1f}")

    def _chart(self) -> Chart:
        drawing, legend = self._drawing(), self._text("guide.legend")
        if has_hidden(drawing):
            legend += " " + self._text("guide.legend_hidden", step=self._step)
        return Chart(drawing, legend)

    def _drawing(self) -> Drawing:
        panels = {"guide.panel_languages": self._languages, "guide.panel_sights": self._sights}
        return bars(
            self._text("guide.chart_label"),
            [
                Panel(
                    name=self._text(title),
                    marks=tuple(
                        count_mark(
                            self._words,
                            name,
                            use.walks,
                            self._step,
                            label=self._text("guide.mark", name=name, walks=self._words.count(use.walks)),
                        )
                        for name, use in uses.items()
                    ),
                    top=top_of(self._step, [use.walks for use in uses.values()]),
                )
                for title, uses in panels.items()
                if uses
            ],
        )

    def _table(self, by: str, uses: Mapping[str, Use]) -> Table:
        columns = (
            *("walks", "opened", "listened", "heard", "finished", "ratings", "stars"),
            *("listened_share", "finished_share"),
        )
        return Table(
            title=self._text(f"guide.table_{by}"),
            head=(
                self._text(f"guide.column_{by}"),
                *(self._text(f"guide.column_{column}") for column in columns),
            ),
            rows=tuple((name, *self._cells(use)) for name, use in uses.items()),
            foot=(self._text("guide.row_all"), *self._cells(self._figures.whole)),
        )

    def _cells(self, use: Use) -> tuple[str, ...]:
        count = self._words.count
        return (
            count(use.walks),
            count(use.opened),
            count(use.listened),
            self._heard(use),
            count(use.finished),
            count(use.ratings),
            self._stars(use),
            self._share(use.listened, use.walks),
            self._share(use.finished, use.walks),
        )

    def _share(self, part: Count, of: Count) -> str:
        if part.shown is None or not of.shown:
            return self._text("guide.dash")
        return self._text("insights.percent", percent=min(100, round(100 * part.shown / of.shown)))
