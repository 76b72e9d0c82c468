"""In which hours of the day the guide is opened."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_dashboard.blocks.block import Block, Chart, Table
from meguri_dashboard.days import whole
from meguri_dashboard.drawings import Panel, bars, count_mark, has_hidden, top_of
from meguri_dashboard.measures import Measure
from meguri_dashboard.suppression import Count, publish, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Asked
    from meguri_dashboard.wording import Wording

_HOURS = 24


@dataclass(frozen=True)
class HourFigures:
    """Walks and openings by the hour of the town's clock, as they may be shown, from the key day's start."""

    asked: Asked
    walks: Mapping[int, Count]
    opened: Mapping[int, Count]

    def block(self, words: Wording) -> Block:
        """The figures in the language of `words`."""
        title, step = words.text("hours.title"), self.asked.step
        definition = (words.text("hours.definition"), words.text("insights.suppressed", step=step))
        shown = {hour: count.shown for hour, count in self.walks.items() if count.shown is not None}
        if not shown:
            empty = (words.text("hours.empty_title"), words.text("insights.empty", step=step))
            return Block("hours", title, definition, empty=empty)
        busiest = max(shown, key=lambda hour: shown[hour])
        drawing = bars(
            words.text("hours.chart_label"),
            [
                Panel(
                    name=words.text("hours.panel"),
                    marks=tuple(
                        count_mark(
                            words,
                            _name(words, hour),
                            walks,
                            step,
                            label=words.text("hours.mark", hour=_name(words, hour), walks=words.count(walks)),
                        )
                        for hour, walks in self.walks.items()
                    ),
                    top=top_of(step, list(self.walks.values())),
                )
            ],
        )
        return Block(
            name="hours",
            title=title,
            definition=definition,
            sentences=(words.text("hours.busiest", hour=_name(words, busiest)),),
            charts=(Chart(drawing, words.text("insights.hidden", step=step) if has_hidden(drawing) else ""),),
            tables=(
                Table(
                    head=tuple(words.text(f"hours.column_{name}") for name in ("hour", "walks", "opened")),
                    rows=tuple(
                        (_name(words, hour), words.count(walks), words.count(self.opened[hour]))
                        for hour, walks in self.walks.items()
                    ),
                ),
            ),
        )

    def measures(self, words: Wording) -> Iterator[Measure]:
        """Walks and openings of each hour."""
        for hour, walks in self.walks.items():
            of = (words.text("hours.title"), _name(words, hour))
            yield Measure(*of, words.text("hours.column_walks"), walks.shown)
            yield Measure(*of, words.text("hours.column_opened"), self.opened[hour].shown)


def read(store: Store, asked: Asked) -> HourFigures:
    """Openings of the period by hour. Raises StoreError."""
    walks: dict[int, list[Count]] = defaultdict(list)
    opened: dict[int, list[Count]] = defaultdict(list)
    params = {**asked.of_units(), "zone": asked.town.zone.key}
    for row in store.query("meguri_dashboard/guide_hours", params):
        hour, behind = whole(row["hour"]), whole(row["walks"])
        walks[hour].append(publish(behind, behind, asked.step))
        opened[hour].append(publish(whole(row["opened"]), behind, asked.step))
    begins = asked.town.day_start.hour
    order = sorted(walks, key=lambda hour: (hour - begins) % _HOURS)
    return HourFigures(
        asked,
        {hour: total(walks[hour]) for hour in order},
        {hour: total(opened[hour]) for hour in order},
    )


def _name(words: Wording, hour: int) -> str:
    return words.text("date.range", first=f"{hour}:00", to=f"{(hour + 1) % _HOURS}:00")
