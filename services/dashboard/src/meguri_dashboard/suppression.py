"""How counts of devices are shown: in steps, and not at all where too few devices are behind them.

One rule for every count of devices on every page (decision 0006): a count behind which fewer devices than
the step stand is `FEWER`, none included; any other is rounded to the nearest step. Totals are sums of what is
shown, so a total beside a suppressed cell says nothing about that cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LEAST_STEP = 5
"""Live numbers move in steps of 5 whatever a town's k is; so does everything else."""


@dataclass(frozen=True)
class Count:
    """A count as it may be shown: a multiple of the step, or None for fewer than one step."""

    shown: int | None


FEWER = Count(None)


def step_of(k: int) -> int:
    """The step of a town whose counts need at least k devices."""
    return max(LEAST_STEP, k)


def publish(count: int, devices: int, step: int) -> Count:
    """What may be shown of a count behind which so many distinct devices stand."""
    if devices < step or count < step:
        return FEWER
    return Count((count + step // 2) // step * step)


def total(counts: Iterable[Count]) -> Count:
    """The sum of what is shown; what is not shown adds nothing."""
    shown = [count.shown for count in counts if count.shown is not None]
    return Count(sum(shown)) if shown else FEWER
