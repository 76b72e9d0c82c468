"""The figures of a page: its blocks for one town and period, as parts that a template lays out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_dashboard.blocks import (
    arrivals,
    counted,
    dwell,
    guide_hours,
    guide_route,
    guide_stored,
    guide_use,
    moves,
    payments,
    sales,
    sensor_health,
    survey,
)
from meguri_dashboard.days import Seal
from meguri_dashboard.periods import Period

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
"""Of a town's page, in its order."""
GUIDE_BLOCKS: tuple[Reader, ...] = (
    guide_use.read,
    guide_route.read,
    guide_hours.read,
    guide_stored.read,
    survey.read,
)
"""Of the page of a town's guide, in its order."""
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
    state: str
    """Whether the period is still running, over or lost."""
    as_of_iso: str | None
    """Up to when its figures are, while it is running."""
    notices: tuple[str, ...]
    blocks: tuple[Block, ...]


def read_page(store: Store, asked: Asked, blocks: tuple[Reader, ...] = BLOCKS) -> PageFigures:
    """Ask every block of a page. `asked` knows at least one day. Raises StoreError."""
    readings = (read(store, asked) for read in blocks)
    return PageFigures(asked, tuple(figures for figures in readings if figures is not None))


def page_view(figures: PageFigures, words: Wording) -> View:
    """The figures in the language of `words`."""
    asked = figures.asked
    return View(
        title=words.period(asked.period),
        state=_state(asked, words),
        as_of_iso=words.iso(asked.as_of_ms) if asked.running else None,
        notices=tuple(_notices(asked, words)),
        blocks=tuple(block.block(words) for block in figures.blocks),
    )


def _state(asked: Asked, words: Wording) -> str:
    if asked.running:
        return words.text("period.so_far", time=words.clock(asked.as_of_ms))
    return words.text("period.complete" if asked.complete else "period.lost_state")


def _notices(asked: Asked, words: Wording) -> Iterator[str]:
    late = {seal: sum(day.late for day in asked.known if day.seal is seal) for seal in Seal}
    if late[Seal.NONE]:
        yield words.text("period.late_to_come", count=words.number(late[Seal.NONE]))
    if late[Seal.FOUND]:
        yield words.text("period.late", count=words.number(late[Seal.FOUND]))
    messages = sum(day.lost for day in asked.known)
    if messages:
        yield words.text("period.messages_lost", count=words.number(messages))
    if asked.lost:
        yield words.text("period.lost", **_named([day.key_day for day in asked.lost], asked, words))
    if asked.missing:
        yield words.text("period.missing", **_named(asked.missing, asked, words))


def _named(key_days: Sequence[int], asked: Asked, words: Wording) -> dict[str, str]:
    """What a text says of some days of the period: their names as far as there is room."""
    runs = _runs(key_days)
    days = words.text("date.range_joint").join(map(words.days_short, runs[:_MOST_NAMED]))
    return {
        "count": words.number(len(key_days)),
        "length": words.number(asked.period.length),
        "days": days if len(runs) <= _MOST_NAMED else words.text("date.range_more", days=days),
    }


def _runs(key_days: Sequence[int]) -> list[Period]:
    """Ascending days, neighbours joined."""
    runs: list[Period] = []
    for day in key_days:
        if runs and runs[-1].last == day - 1:
            runs[-1] = Period(runs[-1].first, day)
        else:
            runs.append(Period(day, day))
    return runs
