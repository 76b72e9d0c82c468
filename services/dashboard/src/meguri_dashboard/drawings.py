"""What the charts draw, as plain JSON ready for the process that renders: bars over time or by category."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from meguri_dashboard.periods import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguri_dashboard.asked import Slot
    from meguri_dashboard.suppression import Count
    from meguri_dashboard.wording import Wording

Drawing: TypeAlias = dict[str, object]
"""`chart` names the specification; `label` is the chart's own ARIA label; each mark of each panel has its
place in it, its ARIA label and, where it has one, the text drawn beside it."""
Look: TypeAlias = Literal["shown", "so_far", "hidden"]

_HOURS_BETWEEN_TICKS = 4
_MOST_TICKS = 8
_TOP_STEPS = 4
"""An axis never ends below this many steps, so that few arrivals look few."""


@dataclass(frozen=True)
class Mark:
    """One bar: `at` is the index of its slot, or its category."""

    at: int | str
    value: float
    look: Look
    text: str
    label: str
    usual: float | None = None
    """What is usual there, drawn as a line across the bar."""


@dataclass(frozen=True)
class Panel:
    """One row or cell of a chart with an axis of its own up to `top`."""

    name: str
    marks: tuple[Mark, ...]
    top: float


def columns(words: Wording, label: str, slots: Sequence[Slot], panels: Sequence[Panel]) -> Drawing:
    """Columns over the period's slots, a panel each."""
    return {
        "chart": "columns",
        "label": label,
        "axis": _axis(words, slots),
        "panels": list(map(asdict, panels)),
    }


def bars(label: str, panels: Sequence[Panel]) -> Drawing:
    """Horizontal bars by category, a panel each; every panel has the same categories."""
    return {"chart": "bars", "label": label, "panels": list(map(asdict, panels))}


def strips(words: Wording, label: str, slots: Sequence[Slot], panels: Sequence[Panel]) -> Drawing:
    """A strip of the period's slots a panel, the fuller the nearer a mark's value is to the panel's top."""
    return {
        "chart": "strips",
        "label": label,
        "axis": _axis(words, slots),
        "panels": list(map(asdict, panels)),
    }


def has_hidden(drawing: Drawing) -> bool:
    """Some mark of it is hatched, so its legend has to say what that is."""
    panels = cast("list[dict[str, list[dict[str, object]]]]", drawing["panels"])
    return any(mark["look"] == "hidden" for panel in panels for mark in panel["marks"])


def count_mark(  # noqa: PLR0913  # a mark's parts, each by name
    words: Wording,
    at: int | str,
    count: Count,
    step: int,
    *,
    label: str,
    so_far: bool = False,
    usual: Count | None = None,
) -> Mark:
    """The mark of a count; one that is not shown is hatched and one step high, whatever it is."""
    if count.shown is None:
        value, look, text = step, "hidden", ""
    else:
        value, look, text = count.shown, "so_far" if so_far else "shown", words.number(count.shown)
    return Mark(at, value, look, text, label, usual.shown if usual else None)  # type: ignore[arg-type]


def top_of(step: int, counts: Sequence[Count | None]) -> int:
    """Where the axis of these counts ends."""
    return max(step * _TOP_STEPS, *(count.shown or 0 for count in counts if count), 0)


def _axis(words: Wording, slots: Sequence[Slot]) -> dict[str, object]:
    """Names of the slots that have one: of hours where they begin, of all else in their middle."""
    if slots[0].unit is Unit.HOUR:
        ticks = range(0, len(slots) + 1, _HOURS_BETWEEN_TICKS)
        starts = [*(slot.start_ms for slot in slots), slots[-1].end_ms]
        return {
            "count": len(slots),
            "ticks": [float(index) for index in ticks],
            "labels": [words.hour_axis(starts[index]) for index in ticks],
        }
    every = next(n for n in (1, 2, 3, 4, 7, 12, 14) if len(slots) / n <= _MOST_TICKS or n == 14)  # noqa: PLR2004
    chosen = range(0, len(slots), every)
    return {
        "count": len(slots),
        "ticks": [index + 0.5 for index in chosen],
        "labels": [words.slot_axis(slots[index]) for index in chosen],
    }
