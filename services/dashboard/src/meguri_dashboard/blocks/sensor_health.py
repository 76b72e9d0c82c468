"""Whether each sensor and counter works, on the last day of the period, and what to do where one does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING, Final, Literal

from meguri_proto.key_days import day_date

from meguri_dashboard.asked import Asked
from meguri_dashboard.blocks.block import Block, Chart, Line, Table
from meguri_dashboard.days import folds_of, whole
from meguri_dashboard.drawings import Mark, Panel, strips
from meguri_dashboard.periods import WEEK, Period
from meguri_dashboard.times import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meguri_kit.clickhouse.store import Store
    from meguri_proto.quantities import Quantity

    from meguri_dashboard.asked import Slot
    from meguri_dashboard.days import DayRow
    from meguri_dashboard.drawings import Drawing
    from meguri_dashboard.wording import Wording

QUIET_AFTER_MS = 10 * MINUTE_MS
HEALTH_BIN_MS = 5 * MINUTE_MS
WEEKS_BEFORE = 8
LEAST_DAYS = 3
"""Fewer days of the same weekday make no usual day."""
LEAST_USUAL = 100
"""Where fewer signals are usual, chance alone makes a third or three times of them."""
UNUSUAL_TIMES = 3
_BINS_AN_HOUR = 12
_MOST_NAMED = 3


class SensorState(StrEnum):
    """What is to be said of a sensor; the first that holds."""

    AHEAD = "ahead"
    """In its newest hour signals were refused because its clock was ahead; on a day that is over, in any."""
    BEHIND = "behind"
    """In its newest hour every signal came later than the town waits for."""
    SILENT = "silent"
    """It delivered nothing on this day."""
    QUIET = "quiet"
    """It delivered on this day, but not within the last 10 minutes; not said of a day that is over."""
    LOW = "low"
    """It delivered less than a third of what is usual."""
    HIGH = "high"
    """It delivered more than three times what is usual."""
    HEARD = "heard"
    """None of these."""


LIGHTS: Final[dict[SensorState, Literal["good", "warning", "bad"]]] = {
    SensorState.AHEAD: "bad",
    SensorState.BEHIND: "bad",
    SensorState.SILENT: "bad",
    SensorState.QUIET: "warning",
    SensorState.LOW: "warning",
    SensorState.HIGH: "warning",
    SensorState.HEARD: "good",
}


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
    refused: int
    repeated: int
    usual: int | None
    """Signals of the same weekday up to the same time; None where that is not known."""


@dataclass(frozen=True)
class CounterFigures:
    """One counter's day."""

    counter: str
    place: str
    counts: Quantity
    counted: int
    last_ms: int | None
    """End of the latest span that it told of; None for none on this day."""


@dataclass(frozen=True)
class SensorHealthFigures:
    """The sensors and counters on one day."""

    asked: Asked
    """About that day alone."""
    is_last_of_more: bool
    """The page shows more days than this one."""
    sensors: tuple[SensorFigures, ...]
    counters: tuple[CounterFigures, ...]

    def block(self, words: Wording) -> Block:
        """The figures in the language of `words`."""
        return _Words(self, words).block()


def read(store: Store, asked: Asked) -> SensorHealthFigures | None:
    """The sensors and counters on the period's last day that has figures. Raises StoreError."""
    day = next((day for day in reversed(asked.known) if day.folds), None)
    if day is None:
        return None
    of_day = Asked(asked.town, Period(day.key_day, day.key_day), asked.days)
    params = asked.of_day(day)
    rows = {str(row["sensor"]): row for row in store.query("meguri_dashboard/sensors", params)}
    clocks = {str(row["sensor"]): row for row in store.query("meguri_dashboard/sensor_clocks", params)}
    heard: dict[str, dict[int, int]] = {}
    for row in store.query("meguri_dashboard/sensor_hours", {**params, "day_start_ms": of_day.bounds_ms[0]}):
        heard.setdefault(str(row["sensor"]), {})[whole(row["hour"])] = whole(row["bins"])
    usual = _usual(store, asked, day)
    return SensorHealthFigures(
        asked=of_day,
        is_last_of_more=not asked.period.is_day,
        sensors=tuple(
            _sensor(
                sensor.sensor,
                sensor.place,
                day=day,
                lateness_ms=asked.town.lateness_ms,
                row=rows.get(sensor.sensor),
                clock=clocks.get(sensor.sensor),
                heard_bins=heard.get(sensor.sensor, {}),
                usual=usual.get(sensor.sensor),
            )
            for sensor in asked.town.sensors.values()
        ),
        counters=_counters(store, asked, day),
    )


def _usual(store: Store, asked: Asked, day: DayRow) -> dict[str, int]:
    """By sensor: the median of what it delivered on the same weekday before, up to the same time of day."""
    start_ms, end_ms = asked.town.day_bounds_ms(day.key_day)
    elapsed_ms = (max(start_ms, min(day.town_time_ms, end_ms)) if day.is_running else end_ms) - start_ms
    before = [day.key_day - WEEK * n for n in range(1, WEEKS_BEFORE + 1)]
    known = [key_day for key_day in before if key_day in asked.days and asked.days[key_day].complete]
    if len(known) < LEAST_DAYS:
        return {}
    params = {
        "town": asked.town.town,
        "key_days": [day_date(key_day) for key_day in known],
        "folds": folds_of(asked.days[key_day] for key_day in known),
        "until_ms": [asked.town.day_bounds_ms(key_day)[0] + elapsed_ms for key_day in known],
    }
    found: dict[str, list[int]] = {}
    for row in store.query("meguri_dashboard/sensor_usual", params):
        found.setdefault(str(row["sensor"]), []).append(whole(row["detections"]))
    return {sensor: int(median(days)) for sensor, days in found.items() if len(days) >= LEAST_DAYS}


def _sensor(  # noqa: PLR0913  # what is known of a sensor, each by name
    sensor: str,
    place: str,
    *,
    day: DayRow,
    lateness_ms: int,
    row: Mapping[str, object] | None,
    clock: Mapping[str, object] | None,
    heard_bins: Mapping[int, int],
    usual: int | None,
) -> SensorFigures:
    def number(column: str) -> int:
        return whole(row[column]) if row else 0

    signals, last_ms = number("detections"), number("last_ms")
    refused = whole(clock["refused"]) if clock and day.is_running else number("refused")
    lead_ms = whole(clock["lead_ms"]) if clock else 0
    holds = {
        SensorState.AHEAD: refused > 0,
        SensorState.BEHIND: lead_ms < -lateness_ms,
        SensorState.SILENT: signals == 0,
        SensorState.QUIET: day.is_running and day.town_time_ms - last_ms > QUIET_AFTER_MS,
        SensorState.LOW: (usual or 0) >= LEAST_USUAL and signals * UNUSUAL_TIMES < (usual or 0),
        SensorState.HIGH: (usual or 0) >= LEAST_USUAL and signals > (usual or 0) * UNUSUAL_TIMES,
        SensorState.HEARD: True,
    }
    return SensorFigures(
        sensor=sensor,
        place=place,
        state=next(state for state in SensorState if holds[state]),
        last_ms=last_ms // HEALTH_BIN_MS * HEALTH_BIN_MS if signals else None,
        heard_bins=heard_bins,
        signals=signals,
        weak=number("weak"),
        late=number("late"),
        refused=number("refused"),
        repeated=number("duplicates"),
        usual=usual,
    )


def _counters(store: Store, asked: Asked, day: DayRow) -> tuple[CounterFigures, ...]:
    if not asked.town.counters:
        return ()
    params = {"town": asked.town.town, "key_day": day_date(day.key_day)}
    rows = {
        (str(row["counter"]), str(row["quantity"])): row
        for row in store.query("meguri_dashboard/counters", params)
    }
    found = []
    for counter in asked.town.counters.values():
        row = rows.get((counter.counter, str(counter.counts)))
        found.append(
            CounterFigures(
                counter=counter.counter,
                place=counter.place,
                counts=counter.counts,
                counted=whole(row["counted"]) if row else 0,
                last_ms=whole(row["last_ms"]) if row else None,
            )
        )
    return tuple(found)


class _Words:
    """The figures in one language."""

    def __init__(self, figures: SensorHealthFigures, words: Wording) -> None:
        self._figures = figures
        self._words = words
        self._text = words.text

    def block(self) -> Block:
        figures, title = self._figures, self._text("sensors.title")
        lateness = self._words.duration(figures.asked.town.lateness_ms)
        definition = (
            self._text("sensors.definition"),
            self._text("sensors.definition_clock", lateness=lateness),
            self._text(
                "sensors.definition_unusual", weeks=WEEKS_BEFORE, days=LEAST_DAYS, signals=LEAST_USUAL
            ),
        )
        lines = (*self._sensor_lines(), *map(self._counter_line, figures.counters))
        is_silent = all(sensor.state is SensorState.SILENT for sensor in figures.sensors)
        if is_silent and all(counter.last_ms is None for counter in figures.counters):
            empty = (self._text("sensors.empty_title"), self._text("sensors.empty"))
            return Block("sensors", title, definition, empty=empty)
        return Block(
            name="sensors",
            title=title,
            definition=definition,
            sentences=tuple(self._sentences()),
            notes=tuple(self._notes()),
            lines=lines,
            charts=() if is_silent else (Chart(self._drawing(), self._text("sensors.legend")),),
            tables=(self._table(),),
        )

    def _sentences(self) -> list[str]:
        """Whether all are heard, else which are not."""
        sensors, parts = self._figures.sensors, []
        if len(sensors) > 1 and all(sensor.state is SensorState.QUIET for sensor in sensors):
            return [self._text("sensors.all_quiet", count=len(sensors))]
        for state in SensorState:
            named = [sensor.sensor for sensor in sensors if sensor.state is state]
            if named and state is not SensorState.HEARD:
                parts.append(self._text(f"sensors.some_{state}", sensors=self._names(named)))
        if parts:
            return parts
        key = "sensors.all_heard" if self._figures.asked.running else "sensors.all_heard_day"
        return [self._text(key, count=len(sensors))]

    def _notes(self) -> list[str]:
        if not self._figures.is_last_of_more:
            return []
        return [self._text("sensors.last_day", day=self._words.day(self._figures.asked.period.last))]

    def _names(self, named: Sequence[str]) -> str:
        names = self._text("date.range_joint").join(named[:_MOST_NAMED])
        more = len(named) - _MOST_NAMED
        return self._text("sensors.names_more", names=names, count=more) if more > 0 else names

    def _sensor_lines(self) -> list[Line]:
        """What to do is said once of each state, at the first sensor that is in it."""
        told, lines = {SensorState.HEARD}, []
        for sensor in self._figures.sensors:
            line = self._line(sensor)
            if sensor.state not in told:
                line = replace(line, advice=self._text(f"sensors.advice_{sensor.state}"))
            told.add(sensor.state)
            lines.append(line)
        return lines

    def _line(self, sensor: SensorFigures) -> Line:
        last = "" if sensor.last_ms is None else self._words.clock(sensor.last_ms)
        state = sensor.state
        return Line(
            name=sensor.sensor,
            detail=self._words.place(sensor.place),
            state=LIGHTS[state],
            state_text=self._text(f"sensors.state_{state}"),
            since=last and self._text("sensors.last_at", time=last),
        )

    def _counter_line(self, counter: CounterFigures) -> Line:
        detail = self._text(
            "sensors.counter_detail",
            place=self._words.place(counter.place),
            quantity=self._text(f"sensors.quantity_{counter.counts}"),
        )
        if counter.last_ms is None:
            return Line(
                name=counter.counter,
                detail=detail,
                state="bad",
                state_text=self._text("sensors.state_no_count"),
                advice=self._text("sensors.advice_no_count"),
            )
        return Line(
            name=counter.counter,
            detail=detail,
            state="good",
            state_text=self._text("sensors.state_counts"),
            since=self._text(
                "sensors.counted_until",
                time=self._words.clock(counter.last_ms),
                count=self._words.number(counter.counted),
            ),
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
                if sensor.signals
            ],
        )

    def _mark(self, sensor: SensorFigures, index: int, slot: Slot) -> Mark:
        bins = sensor.heard_bins.get(index, 0)
        label = self._text("sensors.mark", sensor=sensor.sensor, hours=self._words.slot(slot), bins=bins)
        return Mark(index, bins, "shown", "", label)

    def _table(self) -> Table:
        number, never = self._words.number, self._text("sensors.never")
        columns = (
            *("sensor", "place", "state", "last", "signals", "usual", "weak", "late", "refused", "repeated"),
        )
        rows = []
        for sensor in self._figures.sensors:
            line = self._line(sensor)
            last = never if sensor.last_ms is None else self._words.clock(sensor.last_ms)
            usual = never if sensor.usual is None else number(sensor.usual)
            counts = (sensor.weak, sensor.late, sensor.refused, sensor.repeated)
            rows.append(
                (
                    *(line.name, line.detail, line.state_text, last),
                    *(number(sensor.signals), usual, *map(number, counts)),
                )
            )
        return Table(
            head=tuple(self._text(f"sensors.{column}") for column in columns), rows=tuple(rows), texts=4
        )
