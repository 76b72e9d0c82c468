"""Whether each sensor is heard, on the last day of the period."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from meguri_dashboard.asked import Asked
from meguri_dashboard.blocks.block import Block, Chart, Line, Table
from meguri_dashboard.days import whole
from meguri_dashboard.drawings import Mark, Panel, strips
from meguri_dashboard.periods import Period
from meguri_dashboard.times import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Slot
    from meguri_dashboard.drawings import Drawing
    from meguri_dashboard.wording import Wording

QUIET_AFTER_MS = 10 * MINUTE_MS
HEALTH_BIN_MS = 5 * MINUTE_MS
_BINS_AN_HOUR = 12


class SensorState(StrEnum):
    """What is to be said of a sensor."""

    HEARD = "heard"
    """It delivered within the last 10 minutes, or on a day that is over at all."""
    QUIET = "quiet"
    """It delivered on this day, but not within the last 10 minutes."""
    SILENT = "silent"
    """It delivered nothing on this day."""


@dataclass(frozen=True)
class SensorFigures:
    """One sensor's day. Signals are frames, not devices, so they are not suppressed (decision 0006)."""

    sensor: str
    place: str
    state: SensorState
    last_ms: int | None
    """The five-minute bin in which it was last heard (its start), None for never on this day."""
    heard_bins: Mapping[int, int]
    """By hour: in how many five-minute bins it was heard."""
    signals: int
    weak: int
    late: int
    repeated: int


@dataclass(frozen=True)
class SensorHealthFigures:
    """The sensors on one day."""

    asked: Asked
    """About that day alone."""
    sensors: tuple[SensorFigures, ...]

    def block(self, words: Wording) -> Block:
        """The figures in the language of `words`."""
        return _Words(self, words).block()


def read(store: Store, asked: Asked) -> SensorHealthFigures:
    """The sensors on the period's last day that has figures. Raises StoreError."""
    day = asked.known[-1]
    of_day = Asked(asked.town, Period(day.key_day, day.key_day), asked.days)
    params = asked.of_day(day)
    rows = {str(row["sensor"]): row for row in store.query("meguri_dashboard/sensors", params)}
    heard: dict[str, dict[int, int]] = {}
    for row in store.query("meguri_dashboard/sensor_hours", {**params, "day_start_ms": of_day.bounds_ms[0]}):
        heard.setdefault(str(row["sensor"]), {})[whole(row["hour"])] = whole(row["bins"])
    now_ms = None if day.complete else day.town_time_ms
    return SensorHealthFigures(
        asked=of_day,
        sensors=tuple(
            _sensor(
                sensor.sensor, sensor.place, rows.get(sensor.sensor), heard.get(sensor.sensor, {}), now_ms
            )
            for sensor in asked.town.sensors.values()
        ),
    )


def _sensor(
    sensor: str, place: str, row: Mapping[str, object] | None, heard: Mapping[int, int], now_ms: int | None
) -> SensorFigures:
    """`now_ms` is None on a day that is over: then nothing is quiet any more."""
    if row is None or not row["detections"]:
        return SensorFigures(sensor, place, SensorState.SILENT, None, heard, 0, 0, 0, 0)
    last_ms = whole(row["last_ms"])
    is_quiet = now_ms is not None and now_ms - last_ms > QUIET_AFTER_MS
    return SensorFigures(
        sensor=sensor,
        place=place,
        state=SensorState.QUIET if is_quiet else SensorState.HEARD,
        last_ms=last_ms // HEALTH_BIN_MS * HEALTH_BIN_MS,
        heard_bins=heard,
        signals=whole(row["detections"]),
        weak=whole(row["weak"]),
        late=whole(row["late"]),
        repeated=whole(row["duplicates"]),
    )


class _Words:
    """The figures in one language."""

    def __init__(self, figures: SensorHealthFigures, words: Wording) -> None:
        self._figures = figures
        self._words = words
        self._text = words.text

    def block(self) -> Block:
        sensors = self._figures.sensors
        title, definition = self._text("sensors.title"), (self._text("sensors.definition"),)
        if all(sensor.state is SensorState.SILENT for sensor in sensors):
            empty = (self._text("sensors.empty_title"), self._text("sensors.empty"))
            return Block("sensors", title, definition, empty=empty)
        return Block(
            name="sensors",
            title=title,
            definition=definition,
            sentences=(self._sentence(),),
            lines=tuple(map(self._line, sensors)),
            charts=(Chart(self._drawing(), self._text("sensors.legend")),),
            tables=(self._table(),),
        )

    def _sentence(self) -> str:
        """Whether all are heard, else which are not."""
        parts = []
        for sensor in self._figures.sensors:
            if sensor.state is SensorState.SILENT:
                parts.append(self._text("sensors.silent", sensor=sensor.sensor))
            elif sensor.state is SensorState.QUIET and sensor.last_ms is not None:
                time = self._words.clock(sensor.last_ms)
                parts.append(self._text("sensors.quiet", sensor=sensor.sensor, time=time))
        if parts:
            return " ".join(parts)
        key = "sensors.all_heard" if self._figures.asked.running else "sensors.all_heard_day"
        return self._text(key, count=len(self._figures.sensors))

    def _line(self, sensor: SensorFigures) -> Line:
        state, text = {
            SensorState.HEARD: ("good", "sensors.state_heard"),
            SensorState.QUIET: ("warning", "sensors.state_quiet"),
            SensorState.SILENT: ("bad", "sensors.state_silent"),
        }[sensor.state]
        last = "" if sensor.last_ms is None else self._words.clock(sensor.last_ms)
        return Line(
            name=sensor.sensor,
            detail=self._words.place(sensor.place),
            state=state,  # type: ignore[arg-type]
            state_text=self._text(text),
            since=last and self._text("sensors.last_at", time=last),
        )

    def _drawing(self) -> Drawing:
        slots = self._figures.asked.slots
        return strips(
            self._words,
            self._text("sensors.chart_label"),
            slots,
            [
                Panel(
                    name=sensor.sensor,
                    marks=tuple(
                        self._mark(sensor, index, slot)
                        for index, slot in enumerate(slots)
                        if slot.has_figures
                    ),
                    top=_BINS_AN_HOUR,
                )
                for sensor in self._figures.sensors
                if sensor.state is not SensorState.SILENT
            ],
        )

    def _mark(self, sensor: SensorFigures, index: int, slot: Slot) -> Mark:
        bins = sensor.heard_bins.get(index, 0)
        label = self._text("sensors.mark", sensor=sensor.sensor, hours=self._words.slot(slot), bins=bins)
        return Mark(index, bins, "shown", "", label)

    def _table(self) -> Table:
        number = self._words.number
        columns = ("sensor", "place", "state", "last", "signals", "weak", "late", "repeated")
        rows = []
        for sensor in self._figures.sensors:
            line = self._line(sensor)
            last = (
                self._text("sensors.never") if sensor.last_ms is None else self._words.clock(sensor.last_ms)
            )
            counts = (sensor.signals, sensor.weak, sensor.late, sensor.repeated)
            rows.append((line.name, line.detail, line.state_text, last, *map(number, counts)))
        return Table(
            head=tuple(self._text(f"sensors.{column}") for column in columns), rows=tuple(rows), texts=4
        )
