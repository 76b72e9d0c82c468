"""One day's figures as the parts that its template lays out: words, tables and drawings, in one language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_dashboard.catalogue import catalogue
from meguri_dashboard.drawings import Drawings
from meguri_dashboard.figures import SensorState
from meguri_dashboard.sentences import DWELL_BINS, Sentences
from meguri_dashboard.suppression import total
from meguri_dashboard.wording import Counted, Wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguri_proto.towns import Town

    from meguri_dashboard.drawings import Drawing
    from meguri_dashboard.figures import DayFigures
    from meguri_dashboard.suppression import Count


@dataclass(frozen=True)
class Table:
    """A table: column heads, rows that begin with their own head, and a row of totals where there is one."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    foot: tuple[str, ...] = ()


@dataclass(frozen=True)
class SensorLine:
    """A sensor in a few words."""

    sensor: str
    place: str
    state: SensorState
    state_text: str
    last: str
    """When it was last heard; empty for never on this day."""


@dataclass(frozen=True)
class Block:
    """One question of the day with its answer: sentence, definition, drawing and table, or an empty state."""

    name: str
    title: str
    definition: str
    sentences: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    """Place and its total."""
    sensors: tuple[SensorLine, ...] = ()
    legend: str = ""
    drawing: Drawing | None = None
    table: Table | None = None
    empty: tuple[str, str] | None = None
    """Title and text of the empty state; then there is neither drawing nor table."""


@dataclass(frozen=True)
class DayView:
    """One day, ready for its template."""

    key_day: int
    title: str
    as_of: str | None
    """Words of a day that is still running."""
    as_of_iso: str
    late: str | None
    blocks: tuple[Block, ...]


def day_view(town: Town, figures: DayFigures, language: str) -> DayView:
    """The day's parts in one of the catalogue's languages."""
    words = _Words(town, figures, language)
    return DayView(
        key_day=figures.key_day,
        title=words.wording.day(figures.key_day),
        as_of=words.text("day.so_far", time=words.wording.clock(figures.as_of_ms))
        if figures.is_running
        else None,
        as_of_iso=words.wording.iso(figures.as_of_ms),
        late=words.text("day.late", count=words.wording.number(figures.late)) if figures.late else None,
        blocks=(words.arrivals(), words.dwell(), words.sensors()),
    )


class _Words:
    def __init__(self, town: Town, figures: DayFigures, language: str) -> None:
        texts = catalogue(language)
        self.text = texts.text
        self.wording = Wording(texts, town.zone)
        self._sentences = Sentences(texts, self.wording, town)
        self._drawings = Drawings(figures, texts, self.wording, self._sentences)
        self._figures = figures
        self._gap = self.wording.duration(town.gap_ms)

    def arrivals(self) -> Block:
        figures, step = self._figures, self._figures.step
        title, definition = self.text("arrivals.title"), self.text("arrivals.definition", gap=self._gap)
        sentence = self._sentences.arrivals(figures)
        if sentence is None:
            empty = (self.text("arrivals.empty_title"), self.text("arrivals.empty", step=step))
            return Block("arrivals", title, definition, empty=empty)
        return Block(
            name="arrivals",
            title=title,
            definition=definition,
            sentences=(sentence,),
            facts=tuple(
                (self._sentences.place(place.place), self._sentences.arrivals_total(place, step))
                for place in figures.arrivals
            ),
            legend=self._arrivals_legend(),
            drawing=self._drawings.arrivals(),
            table=self._table(
                self.text("arrivals.hour"),
                [self.wording.hour(hour) for hour in figures.begun],
                [(place.place, place.by_hour) for place in figures.arrivals],
                "devices",
            ),
        )

    def _arrivals_legend(self) -> str:
        legend = [self.text("arrivals.legend", step=self._figures.step)]
        if any(hour.so_far for hour in self._figures.begun):
            legend.append(self.text("arrivals.legend_so_far"))
        return " ".join(legend)

    def dwell(self) -> Block:
        figures, step = self._figures, self._figures.step
        title, definition = self.text("dwell.title"), self.text("dwell.definition", gap=self._gap)
        sentences = [self._sentences.dwell(place) for place in figures.dwell]
        if not any(sentences):
            empty = (self.text("dwell.empty_title"), self.text("dwell.empty", step=step))
            return Block("dwell", title, definition, empty=empty)
        return Block(
            name="dwell",
            title=title,
            definition=definition,
            sentences=tuple(sentence for sentence in sentences if sentence),
            facts=tuple(
                (self._sentences.place(place.place), self._sentences.dwell_total(place, step))
                for place in figures.dwell
            ),
            legend=self.text("dwell.legend", step=step),
            drawing=self._drawings.dwell(),
            table=self._table(
                self.text("dwell.length"),
                [self.wording.durations(first, end) for first, end in DWELL_BINS],
                [(place.place, place.by_bin) for place in figures.dwell],
                "stays",
            ),
        )

    def sensors(self) -> Block:
        sensors = self._figures.sensors
        title, definition = self.text("sensors.title"), self.text("sensors.definition")
        if all(sensor.state is SensorState.SILENT for sensor in sensors):
            empty = (self.text("sensors.empty_title"), self.text("sensors.empty"))
            return Block("sensors", title, definition, empty=empty)
        number = self.wording.number
        lines = tuple(
            SensorLine(
                sensor=sensor.sensor,
                place=self._sentences.place(sensor.place),
                state=sensor.state,
                state_text=self.text(_STATE_TEXTS[sensor.state]),
                last=""
                if sensor.last_ms is None
                else self.text("sensors.last_at", time=self.wording.clock(sensor.last_ms)),
            )
            for sensor in sensors
        )
        columns = ("sensor", "place", "state", "last", "signals", "weak", "late", "repeated")
        return Block(
            name="sensors",
            title=title,
            definition=definition,
            sentences=(self._sentences.sensors(self._figures),),
            sensors=lines,
            legend=self.text("sensors.legend"),
            drawing=self._drawings.sensors(),
            table=Table(
                head=tuple(self.text(f"sensors.{column}") for column in columns),
                rows=tuple(
                    (
                        line.sensor,
                        line.place,
                        line.state_text,
                        self.text("sensors.never")
                        if sensor.last_ms is None
                        else self.wording.clock(sensor.last_ms),
                        number(sensor.signals),
                        number(sensor.weak),
                        number(sensor.late),
                        number(sensor.repeated),
                    )
                    for line, sensor in zip(lines, sensors, strict=True)
                ),
            ),
        )

    def _table(
        self, head: str, row_heads: Sequence[str], columns: Sequence[tuple[str, Sequence[Count]]], of: Counted
    ) -> Table:
        """A column a place, a row for each of its counts, and their totals."""

        def cell(count: Count) -> str:
            return self.wording.count(count, self._figures.step, of)

        counts = [counts for _, counts in columns]
        return Table(
            head=(head, *(self._sentences.place(place) for place, _ in columns)),
            rows=tuple(
                (row_head, *map(cell, row)) for row_head, *row in zip(row_heads, *counts, strict=True)
            ),
            foot=(self.text("day.table_total"), *(cell(total(column)) for column in counts)),
        )


_STATE_TEXTS = {
    SensorState.HEARD: "sensors.state_heard",
    SensorState.QUIET: "sensors.state_quiet",
    SensorState.SILENT: "sensors.state_silent",
}
