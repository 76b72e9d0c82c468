"""What the picker of a period offers: neighbours, presets, and the days that have figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_proto.key_days import day_date

from meguri_dashboard.periods import Period

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_dashboard.days import DayRow
    from meguri_dashboard.wording import Wording

_PRESET_DAYS = {"today": 1, "days_7": 7, "days_30": 30, "year": 365}
"""Each ends with the latest day; yesterday stands between the first two."""


@dataclass(frozen=True)
class Choice:
    """A link to a period; None leads nowhere."""

    query: str
    text: str
    is_chosen: bool = False


@dataclass(frozen=True)
class Picker:
    """The picker of one page. Dates are such as 2026-10-01."""

    first: str
    last: str
    earliest: str
    latest: str
    presets: tuple[Choice, ...]
    earlier: Choice | None
    later: Choice | None


def picker(period: Period, days: Mapping[int, DayRow], words: Wording) -> Picker:
    """The picker of a page that shows the period; `days` are the town's."""
    latest, earliest = max(days), min(days)
    presets = [("today", Period(latest, latest)), ("yesterday", Period(latest - 1, latest - 1))]
    presets += [(name, Period(latest - n + 1, latest)) for name, n in _PRESET_DAYS.items() if n > 1]
    return Picker(
        first=str(day_date(period.first)),
        last=str(day_date(period.last)),
        earliest=str(day_date(earliest)),
        latest=str(day_date(latest)),
        presets=tuple(
            Choice(
                "" if name == "today" else one.query, words.text(f"picker.{name}"), is_chosen=one == period
            )
            for name, one in presets
            if one.last >= earliest
        ),
        earlier=_neighbour(period, -1, days, words),
        later=_neighbour(period, 1, days, words),
    )


def _neighbour(period: Period, towards: int, days: Mapping[int, DayRow], words: Wording) -> Choice | None:
    """The nearest day with figures, or the period of the same length beside a longer one."""
    if period.is_day:
        beside = [day for day in days if (day - period.first) * towards > 0]
        if not beside:
            return None
        nearest = min(beside, key=lambda day: abs(day - period.first))
        found = Period(nearest, nearest)
    else:
        found = period.earlier(-towards * period.length)
        if not any(day in days for day in found.days):
            return None
    return Choice(found.query, words.days_short(found))
