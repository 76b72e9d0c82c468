"""What the charts draw: figures and words as plain JSON, ready for the process that renders."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from meguri_dashboard.figures import SensorState
from meguri_dashboard.sentences import DWELL_BINS

if TYPE_CHECKING:
    from meguri_dashboard.catalogue import Catalogue
    from meguri_dashboard.figures import DayFigures
    from meguri_dashboard.sentences import Sentences
    from meguri_dashboard.wording import Wording

Drawing: TypeAlias = dict[str, object]
"""`chart` names the specification; `label` is the chart's own ARIA label; each of `rows` is one mark with its
panel, its place in it, its ARIA label and, where it has one, the text drawn beside it."""

HOURS_BETWEEN_TICKS = 4
_TOP_STEPS = 4
"""An axis never ends below this many steps, so that few arrivals look few."""


class Drawings:
    """The drawings of one day's figures in one language."""

    def __init__(
        self, figures: DayFigures, catalogue: Catalogue, wording: Wording, sentences: Sentences
    ) -> None:
        self._figures = figures
        self._text = catalogue.text
        self._wording = wording
        self._place = sentences.place

    def arrivals(self) -> Drawing:
        """Bars over the hours of the day, one panel a place."""
        figures = self._figures
        rows: list[dict[str, object]] = []
        for arrivals in figures.arrivals:
            for index, (hour, count) in enumerate(zip(figures.begun, arrivals.by_hour, strict=True)):
                label = self._text(
                    "arrivals.mark_so_far" if hour.so_far else "arrivals.mark",
                    place=self._place(arrivals.place),
                    hours=self._wording.hours(hour.start_ms, hour.end_ms),
                    count=self._wording.count(count, figures.step, "devices"),
                )
                rows.append(
                    {
                        "panel": self._place(arrivals.place),
                        "hour": index,
                        "value": figures.step if count.shown is None else count.shown,
                        "look": "hidden" if count.shown is None else "so_far" if hour.so_far else "shown",
                        "text": "" if count.shown is None else self._wording.number(count.shown),
                        "label": label,
                    }
                )
        return {
            "chart": "arrivals",
            "label": self._text("arrivals.chart_label"),
            "panels": [self._place(arrivals.place) for arrivals in figures.arrivals],
            "hours": self._hours(),
            "top": self._top([count.shown for place in figures.arrivals for count in place.by_hour]),
            "rows": rows,
        }

    def dwell(self) -> Drawing:
        """Bars by length of stay, one panel a place."""
        figures = self._figures
        lengths = [self._wording.durations(first, end) for first, end in DWELL_BINS]
        rows: list[dict[str, object]] = []
        for dwell in figures.dwell:
            for length, count in zip(lengths, dwell.by_bin, strict=True):
                words = self._wording.count(count, figures.step, "stays")
                rows.append(
                    {
                        "panel": self._place(dwell.place),
                        "length": length,
                        "value": figures.step if count.shown is None else count.shown,
                        "look": "hidden" if count.shown is None else "shown",
                        "text": words if count.shown is None else self._wording.number(count.shown),
                        "label": self._text(
                            "dwell.mark", place=self._place(dwell.place), duration=length, count=words
                        ),
                    }
                )
        return {
            "chart": "dwell",
            "label": self._text("dwell.chart_label"),
            "panels": [self._place(dwell.place) for dwell in figures.dwell],
            "lengths": lengths,
            "top": self._top([count.shown for place in figures.dwell for count in place.by_bin]),
            "rows": rows,
        }

    def sensors(self) -> Drawing:
        """A strip of hours for each sensor that was heard."""
        figures = self._figures
        heard = [sensor for sensor in figures.sensors if sensor.state is not SensorState.SILENT]
        return {
            "chart": "sensors",
            "label": self._text("sensors.chart_label"),
            "panels": [sensor.sensor for sensor in heard],
            "hours": self._hours(),
            "rows": [
                {
                    "panel": sensor.sensor,
                    "hour": index,
                    "value": bins,
                    "label": self._text(
                        "sensors.mark",
                        sensor=sensor.sensor,
                        hours=self._wording.hours(hour.start_ms, hour.end_ms),
                        bins=bins,
                    ),
                }
                for sensor in heard
                for index, (hour, bins) in enumerate(zip(figures.hours, sensor.heard_bins, strict=False))
            ],
        }

    def _hours(self) -> dict[str, object]:
        figures = self._figures
        indices = range(0, len(figures.hours) + 1, HOURS_BETWEEN_TICKS)
        starts = [*(hour.start_ms for hour in figures.hours), figures.end_ms]
        return {
            "count": len(figures.hours),
            "ticks": list(indices),
            "labels": [self._wording.hour_axis(starts[index]) for index in indices],
        }

    def _top(self, shown: list[int | None]) -> int:
        return max(self._figures.step * _TOP_STEPS, *(value or 0 for value in shown))
