"""What tills took: sales and yen, exact as rows tell them, and as they may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_dashboard.amounts import publish_sum
from meguri_dashboard.days import whole
from meguri_dashboard.suppression import FEWER, Count, publish, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LEAST_YEN = 1_000
"""The finest grain in which yen are shown."""


@dataclass(frozen=True)
class Tally:
    """Exact, so not to be shown: sales, what they came to, and the greatest of them."""

    sales: int = 0
    yen: int = 0
    largest_yen: int = 0

    def __add__(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(
            self.sales + other.sales,
            self.yen + other.yen,
            max(self.largest_yen, other.largest_yen),
        )

    def shown(self, step: int) -> Takings:
        """What may be shown of it (decision 0018)."""
        return Takings(
            publish(self.sales, self.sales, step),
            publish_sum(self.yen, self.sales, self.largest_yen, step, LEAST_YEN),
        )


@dataclass(frozen=True)
class Takings:
    """Sales in steps and yen in grains; both or neither are shown."""

    sales: Count
    yen: Count


NO_TAKINGS = Takings(FEWER, FEWER)


def tally(row: Mapping[str, object]) -> Tally:
    """Of the columns `sales`, `yen` and `largest_yen`."""
    return Tally(whole(row["sales"]), whole(row["yen"]), whole(row["largest_yen"]))


def all_takings(takings: Iterable[Takings]) -> Takings:
    """The sum of what is shown of days or months; what is not shown adds nothing."""
    shown = list(takings)
    return Takings(total(one.sales for one in shown), total(one.yen for one in shown))
