"""What a block of a page is made of, whatever its question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from markupsafe import Markup
    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Asked
    from meguri_dashboard.drawings import Drawing
    from meguri_dashboard.wording import Wording

Picture: TypeAlias = "Callable[[int], Markup]"
"""Draws an SVG so many pixels wide without the rendering process."""


@dataclass(frozen=True)
class Chart:
    """A drawing for the rendering process, or a picture that draws itself, and the words below it."""

    drawing: Drawing | Picture
    legend: str = ""


@dataclass(frozen=True)
class Table:
    """A table behind one click: column heads, rows that begin with their own head, totals where there are."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    foot: tuple[str, ...] = ()
    title: str = ""
    """What the click promises; empty: the figures of the block as a table."""
    texts: int = 1
    """So many of its first columns are words and not numbers."""


@dataclass(frozen=True)
class Line:
    """One thing with its state in a word, and what to do about it."""

    name: str
    detail: str
    state: Literal["good", "warning", "bad"]
    state_text: str
    since: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Block:
    """One question of the page with its answer: sentences, charts, tables, definition; or an empty state."""

    name: str
    """Of the block in its page's addresses, such as `arrivals`."""
    title: str
    definition: tuple[str, ...]
    """Paragraphs, one click away."""
    sentences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What has to be known beside the sentences, such as what cannot be known."""
    facts: tuple[tuple[str, str], ...] = ()
    """What and how much."""
    lines: tuple[Line, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    empty: tuple[str, str] | None = None
    """Title and text of the empty state; then there is no chart and no table."""


class Figures(Protocol):
    """What may be shown to answer one question."""

    def block(self, words: Wording) -> Block:
        """The figures in the language of `words`."""


Reader: TypeAlias = "Callable[[Store, Asked], Figures | None]"
"""A block module's `read`; None where there is nothing of the kind to be shown."""
