"""What a chart says, in one sentence, generated from the figures that may be shown."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from meguri_dashboard.figures import SensorState
from meguri_dashboard.findings import DWELL_EDGES_MS
from meguri_dashboard.suppression import Count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguri_proto.towns import Town

    from meguri_dashboard.catalogue import Catalogue
    from meguri_dashboard.figures import Arrivals, DayFigures, Dwell, Hour
    from meguri_dashboard.wording import Wording

DWELL_BINS = tuple(pairwise((None, *DWELL_EDGES_MS, None)))
"""First and end of each bin in milliseconds; None is open."""


class Sentences:
    """The sentences of one town-day in one language."""

    def __init__(self, catalogue: Catalogue, wording: Wording, town: Town) -> None:
        self._text = catalogue.text
        self._wording = wording
        self._town = town
        self._language = catalogue.language

    def place(self, place: str) -> str:
        """The place's name."""
        return self._town.places[place].names[self._language]

    def arrivals(self, figures: DayFigures) -> str | None:
        """When and where it was busiest; None where no hour may be shown."""
        peak = max((count.shown or 0 for place in figures.arrivals for count in place.by_hour), default=0)
        if not peak:
            return None
        place = next(place for place in figures.arrivals if peak in [count.shown for count in place.by_hour])
        hours = [i for i, count in enumerate(place.by_hour) if count.shown == peak]
        return self._text(
            "arrivals.busiest_one" if len(hours) == 1 else "arrivals.busiest_many",
            place=self.place(place.place),
            hours=self._runs(figures.hours, hours),
            count=self._wording.count(Count(peak), figures.step, "devices"),
        )

    def arrivals_total(self, arrivals: Arrivals, step: int) -> str:
        """The total of the hours that are shown."""
        if arrivals.total.shown is None:
            return self._text("arrivals.total_none", step=step)
        return self._text(
            "arrivals.total",
            count=self._wording.count(arrivals.total, step, "devices"),
        )

    def dwell(self, dwell: Dwell) -> str | None:
        """How many stays in ten lasted at least how long; None where no length may be shown.

        The edge is the one that divides the shown stays most evenly.
        """
        counts = [count.shown or 0 for count in dwell.by_bin]
        whole = sum(counts)
        if not whole:
            return None
        if whole in counts:
            first, end = DWELL_BINS[counts.index(whole)]
            return self._text(
                "dwell.one_bin",
                place=self.place(dwell.place),
                duration=self._wording.durations(first, end),
            )
        edge = min(range(1, len(counts)), key=lambda i: abs(2 * sum(counts[i:]) - whole))
        tenths = min(9, max(1, round(10 * sum(counts[edge:]) / whole)))
        return self._text(
            "dwell.share",
            tenths=tenths,
            place=self.place(dwell.place),
            duration=self._wording.durations(DWELL_EDGES_MS[edge - 1], None),
        )

    def dwell_total(self, dwell: Dwell, step: int) -> str:
        """The total of the lengths that are shown."""
        if dwell.total.shown is None:
            return self._text("dwell.total_none", step=step)
        return self._text(
            "dwell.total",
            count=self._wording.count(dwell.total, step, "stays"),
        )

    def sensors(self, figures: DayFigures) -> str:
        """Whether all are heard, else which are not."""
        parts = []
        for sensor in figures.sensors:
            if sensor.state is SensorState.SILENT:
                parts.append(self._text("sensors.silent", sensor=sensor.sensor))
            elif sensor.state is SensorState.QUIET and sensor.last_ms is not None:
                time = self._wording.clock(sensor.last_ms)
                parts.append(self._text("sensors.quiet", sensor=sensor.sensor, time=time))
        if parts:
            return " ".join(parts)
        key = "sensors.all_heard" if figures.is_running else "sensors.all_heard_day"
        return self._text(key, count=len(figures.sensors))

    def _runs(self, hours: Sequence[Hour], chosen: Sequence[int]) -> str:
        """The chosen hours, neighbours joined to one run."""
        runs: list[list[int]] = []
        for index in chosen:
            if runs and runs[-1][1] == index - 1:
                runs[-1][1] = index
            else:
                runs.append([index, index])
        return self._text("date.range_joint").join(
            self._wording.hours(hours[first].start_ms, hours[last].end_ms) for first, last in runs
        )
