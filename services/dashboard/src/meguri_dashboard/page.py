"""The figures of a page: its blocks for one town and period, as parts that a template lays out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_dashboard.blocks import (
    arrivals,
    counted,
    dwell,
    guide_use,
    moves,
    payments,
    sales,
    sensor_health,
)
from meguri_dashboard.periods import Period

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Asked
    from meguri_dashboard.blocks.block import Block, Figures, Reader
    from meguri_dashboard.wording import Wording

BLOCKS: tuple[Reader, ...] = (
    arrivals.read,
    counted.read,
    dwell.read,
    moves.read,
    sales.read,
    payments.read,
    guide_use.read,
    sensor_health.read,
)
"""In the order of the page."""
_MOST_NAMED = 3


@dataclass(frozen=True)
class PageFigures:
    """What may be shown of a town's period."""

    asked: Asked
    blocks: tuple[Figures, ...]


@dataclass(frozen=True)
class View:
    """The figures of a page in one language."""

    title: str
    as_of: str | None
    """Words of a period that is still running."""
    as_of_iso: str
    notices: tuple[str, ...]
    blocks: tuple[Block, ...]


def read_page(store: Store, asked: Asked) -> PageFigures:
    """Ask every block. `asked` knows at least one day. Raises StoreError."""
    readings = (read(store, asked) for read in BLOCKS)
    return PageFigures(asked, tuple(figures for figures in readings if figures is not None))


def page_view(figures: PageFigures, words: Wording) -> View:
    """The figures in the language of `words`."""
    asked = figures.asked
    return View(
        title=words.period(asked.period),
        as_of=words.text("period.so_far", time=words.clock(asked.as_of_ms)) if asked.running else None,
        as_of_iso=words.iso(asked.as_of_ms),
        notices=tuple(_notices(asked, words)),
        blocks=tuple(block.block(words) for block in figures.blocks),
    )


def _notices(asked: Asked, words: Wording) -> Sequence[str]:
    notices = []
    late = sum(day.late for day in asked.known)
    if late:
        notices.append(words.text("period.late", count=words.number(late)))
    if asked.missing:
        runs = _runs(asked.missing)
        named = words.text("date.range_joint").join(map(words.days_short, runs[:_MOST_NAMED]))
        key = "period.missing" if len(runs) <= _MOST_NAMED else "period.missing_more"
        count, length = words.number(len(asked.missing)), words.number(asked.period.length)
        notices.append(words.text(key, count=count, length=length, days=named))
    return notices


def _runs(key_days: Sequence[int]) -> list[Period]:
    """Ascending days, neighbours joined."""
    runs: list[Period] = []
    for day in key_days:
        if runs and runs[-1].last == day - 1:
            runs[-1] = Period(runs[-1].first, day)
        else:
            runs.append(Period(day, day))
    return runs
