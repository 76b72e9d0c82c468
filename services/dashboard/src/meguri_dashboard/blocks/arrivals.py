"""How many arrived, where and when, beside what is usual there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, TypeAlias

from meguri_proto.key_days import day_date

from meguri_dashboard.blocks.block import Block, Chart, Table
from meguri_dashboard.days import folds_of, key_day_of, whole
from meguri_dashboard.drawings import Panel, columns, count_mark, top_of
from meguri_dashboard.left_out import left_out_definition, left_out_note, read_left_out
from meguri_dashboard.periods import WEEK, Unit
from meguri_dashboard.suppression import FEWER, Count, publish, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Asked, Slot
    from meguri_dashboard.drawings import Drawing
    from meguri_dashboard.periods import Period
    from meguri_dashboard.wording import Wording

WEEKS_BEFORE = 8
LEAST_DAYS = 3
"""Fewer complete days of the same weekday make no usual day."""

_Shown: TypeAlias = "dict[tuple[str, int], Count]"
"""By place and slot."""


@dataclass(frozen=True)
class PlaceArrivals:
    """Arrivals at one place by slot of the period; None where there are no figures."""

    place: str
    by_slot: tuple[Count | None, ...]
    usual: tuple[Count | None, ...] | None
    """By slot, what is usual there; None where that is not known."""

    @property
    def total(self) -> Count:
        """Of the slots that are shown."""
        return total(count for count in self.by_slot if count)

    @property
    def usual_total(self) -> Count | None:
        """Of what is usual in the slots that have figures."""
        if self.usual is None:
            return None
        pairs = zip(self.by_slot, self.usual, strict=True)
        return total(usual for count, usual in pairs if count and usual)


@dataclass(frozen=True)
class ArrivalsFigures:
    """Arrivals as they may be shown."""

    asked: Asked
    places: tuple[PlaceArrivals, ...]
    has_signals: bool
    """Some came from addresses that devices made up: then arrivals are signals, and not devices."""
    usual_days: int
    """How many days of the same weekday the usual is the median of; 0 for a longer period, or none."""
    left_out: Count | None = None
    """See `read_left_out`."""

    def block(self, words: Wording) -> Block:
        """The figures in the language of `words`."""
        return _Words(self, words).block()


def read(store: Store, asked: Asked) -> ArrivalsFigures:
    """Arrivals of the period, what is usual, and how many devices are left out. Raises StoreError."""
    return replace(_read_beside_usual(store, asked), left_out=read_left_out(store, asked))


def _read_beside_usual(store: Store, asked: Asked) -> ArrivalsFigures:
    if asked.period.is_day:
        same_weekday = [asked.period.first - WEEK * n for n in range(1, WEEKS_BEFORE + 1)]
        before = [day for day in same_weekday if day in asked.days and asked.days[day].complete]
        return _read_day(store, asked, before)
    return _read_longer(store, asked, asked.period.before)


def read_arrived(store: Store, asked: Asked) -> dict[str, tuple[Count | None, ...]]:
    """Arrivals by place and slot as `read` shows them, for what stands beside them. Raises StoreError."""
    figures = _read_day(store, asked, ()) if asked.period.is_day else _read_longer(store, asked, None)
    return {place.place: place.by_slot for place in figures.places}


def _read_day(store: Store, asked: Asked, before: Sequence[int]) -> ArrivalsFigures:
    """The usual is that of the days before."""
    known = [*before, *(day.key_day for day in asked.complete)]
    by_day: dict[int, _Shown] = defaultdict(dict)
    has_signals = False
    if known:
        params = {
            "town": asked.town.town,
            "key_days": [day_date(day) for day in known],
            "folds": folds_of(asked.days[day] for day in known),
        }
        for row in store.query("meguri_dashboard/arrivals_by_hour", params):
            key_day, hour = key_day_of(row), whole(row["hour"])
            by_day[key_day][str(row["place"]), hour] = _cell(row, asked.step)
            has_signals |= key_day == asked.period.first and whole(row["random"]) > 0
    for day in asked.running:
        shown, is_random = _running(store, asked, day.key_day)
        by_day[day.key_day] = shown
        has_signals |= is_random
    chosen = by_day[asked.period.first]
    usual = _median(asked, [by_day[day] for day in before]) if len(before) >= LEAST_DAYS else None
    return _figures(asked, chosen, usual, has_signals=has_signals, usual_days=len(before) if usual else 0)


def _read_longer(store: Store, asked: Asked, before: Period | None) -> ArrivalsFigures:
    """A day has the total of its shown hours, here as on its own page. The usual is the period before."""
    first = before.first if before else asked.period.first
    known_before = [asked.days[day] for day in before.days if day in asked.days] if before else []
    complete = [*(day for day in known_before if day.complete), *asked.complete]
    params = {
        **asked.of_period(),
        "first": day_date(first),
        "folds": folds_of(complete),
        "step": asked.step,
    }
    sums: _Shown = {}
    usual: _Shown = {}
    has_signals = False
    for row in store.query("meguri_dashboard/arrivals_by_day", params) if complete else ():
        key_day, place, shown = key_day_of(row), str(row["place"]), whole(row["shown"])
        if key_day >= asked.period.first:
            _add(sums, (place, asked.slot_index(key_day)), shown)
            has_signals |= whole(row["random"]) > 0
        elif before and key_day <= before.last:
            _add(usual, (place, asked.slot_index(key_day + asked.period.first - first)), shown)
    for day in asked.running:
        cells, is_random = _running(store, asked, day.key_day)
        has_signals |= is_random
        for (place, _), count in cells.items():
            _add(sums, (place, asked.slot_index(day.key_day)), count.shown or 0)
    is_whole = before is not None and all(
        day in asked.days and asked.days[day].complete for day in before.days
    )
    return _figures(asked, sums, usual if is_whole else None, has_signals=has_signals, usual_days=0)


def _running(store: Store, asked: Asked, key_day: int) -> tuple[_Shown, bool]:
    """Cells of a running day by place and hour, and whether some are of addresses that devices made up."""
    start_ms, _ = asked.town.day_bounds_ms(key_day)
    params = {**asked.of_day(asked.days[key_day]), "day_start_ms": start_ms}
    rows = store.query("meguri_dashboard/arrivals_running", params)
    cells = {(str(row["place"]), whole(row["hour"])): _cell(row, asked.step) for row in rows}
    return cells, any(whole(row["random"]) > 0 for row in rows)


def _cell(row: Mapping[str, object], step: int) -> Count:
    return publish(whole(row["arrivals"]), whole(row["devices"]), step)


def _add(sums: _Shown, at: tuple[str, int], shown: int) -> None:
    sums[at] = total([sums.get(at, FEWER), Count(shown or None)])


def _median(asked: Asked, days: Sequence[_Shown]) -> _Shown:
    """Of what the days show, where more than half of them show something."""
    cells = {at for day in days for at in day}
    middles = {at: int(median(day.get(at, FEWER).shown or 0 for day in days)) for at in cells}
    return {at: publish(middle, middle, asked.step) for at, middle in middles.items()}


def _figures(
    asked: Asked, shown: _Shown, usual: _Shown | None, *, has_signals: bool, usual_days: int
) -> ArrivalsFigures:
    indices = range(len(asked.slots))
    return ArrivalsFigures(
        asked=asked,
        places=tuple(
            PlaceArrivals(
                place=place,
                by_slot=tuple(
                    shown.get((place, index), FEWER) if asked.slots[index].has_figures else None
                    for index in indices
                ),
                usual=None if usual is None else tuple(usual.get((place, index)) for index in indices),
            )
            for place in asked.town.places
        ),
        has_signals=has_signals,
        usual_days=usual_days,
    )


class _Words:
    """The figures in one language."""

    def __init__(self, figures: ArrivalsFigures, words: Wording) -> None:
        self._figures = figures
        self._words = words
        self._text = words.text
        self._slots = figures.asked.slots
        self._step = figures.asked.step
        self._begun = [index for index, slot in enumerate(self._slots) if slot.has_figures]

    def block(self) -> Block:
        figures, step = self._figures, self._step
        is_hours = figures.asked.period.unit is Unit.HOUR
        title = self._text(f"arrivals.title_{figures.asked.period.unit}")
        definition = (
            self._text("arrivals.definition", gap=self._words.duration(figures.asked.town.gap_ms)),
            self._text("arrivals.definition_suppressed", step=step),
            *left_out_definition(figures.asked, self._words),
            self._text(
                "arrivals.definition_usual_day" if is_hours else "arrivals.definition_usual_period",
                weeks=WEEKS_BEFORE,
                least=LEAST_DAYS,
                days=figures.asked.period.first - figures.asked.period.before.first,
            ),
        )
        sentence = self._sentence()
        if sentence is None:
            empty = (self._text("arrivals.empty_title"), self._text("arrivals.empty", step=step))
            return Block("arrivals", title, definition, empty=empty)
        return Block(
            name="arrivals",
            title=title,
            definition=definition,
            sentences=(sentence, *self._comparison()),
            notes=(
                *((self._text("arrivals.signals"),) if figures.has_signals else ()),
                *left_out_note(figures.asked, figures.left_out, self._words),
            ),
            facts=tuple((self._words.place(place.place), self._total(place)) for place in figures.places),
            charts=(Chart(self._drawing(), self._legend()),),
            tables=(self._table(),),
        )

    def _sentence(self) -> str | None:
        """When and where it was busiest; None where nothing may be shown."""
        places = self._figures.places
        peak = max((count.shown or 0 for place in places for count in place.by_slot if count), default=0)
        if not peak:
            return None
        place = next(place for place in places if Count(peak) in place.by_slot)
        at = [index for index, count in enumerate(place.by_slot) if count == Count(peak)]
        return self._text(
            "arrivals.busiest_one" if len(at) == 1 else "arrivals.busiest_many",
            place=self._words.place(place.place),
            slots=self._runs(at),
            count=self._words.count(Count(peak)),
        )

    def _comparison(self) -> Iterable[str]:
        """How the whole compares with what is usual, where that is known and the period is over."""
        asked, places = self._figures.asked, self._figures.places
        if asked.running or any(place.usual is None for place in places):
            return
        now = total(place.total for place in places).shown
        usual = total(place.usual_total or FEWER for place in places).shown
        if not now or not usual:
            return
        percent = round(100 * now / usual) - 100
        key = "same" if abs(percent) < 5 else "more" if percent > 0 else "fewer"  # noqa: PLR2004
        of = "day" if asked.period.is_day else "period"
        yield self._text(f"arrivals.usual_{key}_{of}", percent=abs(percent))

    def _total(self, place: PlaceArrivals) -> str:
        if place.total.shown is None:
            return self._text("arrivals.total_none", step=self._step)
        return self._text("arrivals.total", count=self._words.count(place.total))

    def _legend(self) -> str:
        parts = [self._text("arrivals.legend", step=self._step)]
        if any(self._slots[index].so_far for index in self._begun):
            parts.append(self._text("arrivals.legend_so_far"))
        if any(place.usual for place in self._figures.places):
            parts.append(
                self._text("arrivals.legend_usual_day", days=self._figures.usual_days)
                if self._figures.asked.period.is_day
                else self._text(
                    "arrivals.legend_usual_period",
                    days=self._words.days_short(self._figures.asked.period.before),
                )
            )
        return " ".join(parts)

    def _drawing(self) -> Drawing:
        places, step = self._figures.places, self._step
        every = [count for place in places for count in (*place.by_slot, *(place.usual or ()))]
        return columns(
            self._words,
            self._text("arrivals.chart_label"),
            self._slots,
            [
                Panel(
                    name=self._words.place(place.place),
                    marks=tuple(
                        count_mark(
                            self._words,
                            index,
                            count,
                            step,
                            label=self._label(place.place, self._slots[index], count),
                            so_far=self._slots[index].so_far,
                            usual=place.usual[index] if place.usual else None,
                        )
                        for index, count in enumerate(place.by_slot)
                        if count
                    ),
                    top=top_of(step, every),
                )
                for place in places
            ],
        )

    def _label(self, place: str, slot: Slot, count: Count) -> str:
        return self._text(
            "arrivals.mark_so_far" if slot.so_far else "arrivals.mark",
            place=self._words.place(place),
            slot=self._words.slot(slot),
            count=self._words.count(count),
        )

    def _table(self) -> Table:
        places = self._figures.places
        return Table(
            head=(
                self._text(f"arrivals.slot_{self._figures.asked.period.unit}"),
                *(self._words.place(place.place) for place in places),
            ),
            rows=tuple(
                (
                    self._words.slot_so_far(self._slots[index]),
                    *(self._words.count(place.by_slot[index] or FEWER) for place in places),
                )
                for index in self._begun
            ),
            foot=(self._text("page.table_total"), *(self._words.count(place.total) for place in places)),
        )

    def _runs(self, chosen: Sequence[int]) -> str:
        """The chosen slots; neighbouring hours are joined to one run."""
        if self._figures.asked.period.unit is not Unit.HOUR:
            return self._text("date.range_joint").join(self._words.slot(self._slots[at]) for at in chosen)
        runs: list[list[int]] = []
        for index in chosen:
            if runs and runs[-1][1] == index - 1:
                runs[-1][1] = index
            else:
                runs.append([index, index])
        return self._text("date.range_joint").join(
            self._words.hours(self._slots[first].start_ms, self._slots[last].end_ms) for first, last in runs
        )
