"""Figures as rows of a table for programs: what is measured of what, as it may be shown."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from meguri_proto.key_days import day_date

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguri_dashboard.asked import Asked
    from meguri_dashboard.wording import Wording

_BOM = "\ufeff"
"""By it spreadsheet programs know that the file is UTF-8."""
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Measure:
    """One figure, its words in the language of the page."""

    block: str
    of: str
    """Of which sight, language, hour, way or answer; empty: of all."""
    name: str
    value: int | float | str | None
    """None: not shown, because too few are behind it."""


@runtime_checkable
class Measured(Protocol):
    """Figures of a block that a program may read."""

    def measures(self, words: Wording) -> Iterable[Measure]:
        """The figures in the order of the page."""


def table_file(asked: Asked, figures: Iterable[object], words: Wording) -> bytes:
    """The figures as CSV (RFC 4180) in UTF-8 with a byte order mark.

    Every row names the town, the first and last day, and the town's time zone, in which days and hours are.
    An empty value is a figure that is not shown.
    """
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(
        words.text(f"export.column_{name}")
        for name in ("town", "first", "last", "zone", "block", "of", "measure", "value")
    )
    town = asked.town
    of_all = (
        town.names[words.language],
        day_date(asked.period.first),
        day_date(asked.period.last),
        town.zone.key,
    )
    for each in figures:
        if isinstance(each, Measured):
            rows.writerows(
                (
                    *of_all,
                    *map(_harmless, (one.block, one.of, one.name, "" if one.value is None else one.value)),
                )
                for one in each.measures(words)
            )
    return (_BOM + text.getvalue()).encode()


def _harmless(value: object) -> object:
    """A text that a spreadsheet program would take for a formula begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGINS_FORMULA) else value
