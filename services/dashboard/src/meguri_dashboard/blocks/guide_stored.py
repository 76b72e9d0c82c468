"""How many phones stored the guide for use without signal, and what share of them ever reported a use."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_dashboard.blocks.block import Block, Table
from meguri_dashboard.days import whole
from meguri_dashboard.guide_names import language_name
from meguri_dashboard.measures import Measure
from meguri_dashboard.suppression import Count, publish, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Asked
    from meguri_dashboard.wording import Wording


@dataclass(frozen=True)
class Stored:
    """Guides stored, and those of them that reported a use, as they may be shown."""

    stored: Count
    reported: Count

    @property
    def percent(self) -> int | None:
        """Reported in a hundred stored; None where one of them is not shown."""
        if not self.stored.shown or self.reported.shown is None:
            return None
        return min(100, round(100 * self.reported.shown / self.stored.shown))


@dataclass(frozen=True)
class StoredFigures:
    """Stored guides of the period; languages the most stored first."""

    asked: Asked
    whole: Stored
    languages: Mapping[str, Stored]

    def block(self, words: Wording) -> Block:
        """The figures in the language of `words`."""
        title, step = words.text("stored.title"), self.asked.step
        definition = (words.text("stored.definition"), words.text("insights.suppressed", step=step))
        if self.whole.stored.shown is None:
            empty = (words.text("stored.empty_title"), words.text("stored.empty", step=step))
            return Block("stored", title, definition, empty=empty)
        return Block(
            name="stored",
            title=title,
            definition=definition,
            sentences=(
                words.text(
                    "stored.sentence", stored=words.count(self.whole.stored), share=_share(self.whole, words)
                ),
            ),
            notes=(words.text("stored.note"),),
            tables=(
                Table(
                    head=tuple(
                        words.text(f"stored.column_{name}")
                        for name in ("language", "stored", "reported", "share")
                    ),
                    rows=tuple(
                        (language_name(words, tag), *_cells(stored, words))
                        for tag, stored in self.languages.items()
                    ),
                    foot=(words.text("stored.row_all"), *_cells(self.whole, words)),
                ),
            ),
        )

    def measures(self, words: Wording) -> Iterator[Measure]:
        """Stored and reported, of all and of each language."""
        named = {language_name(words, tag): stored for tag, stored in self.languages.items()}
        for name, stored in {"": self.whole, **named}.items():
            of = (words.text("stored.title"), name)
            yield Measure(*of, words.text("stored.column_stored"), stored.stored.shown)
            yield Measure(*of, words.text("stored.column_reported"), stored.reported.shown)


def read(store: Store, asked: Asked) -> StoredFigures:
    """Stored guides of the period. Raises StoreError."""
    units: dict[object, list[tuple[int, int]]] = defaultdict(list)
    languages: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in store.query("meguri_dashboard/guide_stored", asked.of_units()):
        counts = whole(row["stored_walks"]), whole(row["reported_walks"])
        units[row["unit"]].append(counts)
        languages[str(row["language"])].append(counts)
    in_all = [tuple(map(sum, zip(*counts, strict=True))) for counts in units.values()]
    by_language = {tag: _added(counts, asked.step) for tag, counts in sorted(languages.items())}
    shown = [(tag, stored) for tag, stored in by_language.items() if stored.stored.shown is not None]
    return StoredFigures(
        asked=asked,
        whole=_added([(stored, reported) for stored, reported in in_all], asked.step),
        languages=dict(sorted(shown, key=lambda one: -(one[1].stored.shown or 0))),
    )


def _added(units: list[tuple[int, int]], step: int) -> Stored:
    """Each unit as it may be shown, added up."""
    return Stored(
        total(publish(stored, stored, step) for stored, _ in units),
        total(publish(reported, reported, step) for _, reported in units),
    )


def _cells(stored: Stored, words: Wording) -> tuple[str, ...]:
    return words.count(stored.stored), words.count(stored.reported), _share(stored, words)


def _share(stored: Stored, words: Wording) -> str:
    if stored.percent is None:
        return words.text("insights.dash")
    return words.text("insights.percent", percent=stored.percent)
