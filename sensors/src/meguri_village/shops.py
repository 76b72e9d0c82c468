"""What is sold at the town's shops on a day, to parties that are there, and what a till tells of it.

A sale is told once when it is made, and again when some of it is paid back or it is cancelled. What a system
of tills cannot tell (the brand of a card, say) is not in the truth of what it told either.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np
from meguri_proto.key_days import day_date

from meguri_village.habits import PAYMENTS, USES
from meguri_village.village import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguri_proto.towns import Shop

    from meguri_village.draws import Draws
    from meguri_village.people import Company
    from meguri_village.village import Village

_TAX_PERCENT: Final = 10
_YEN_STEP: Final = 10
_SECOND_MS: Final = 1_000
_OPEN: Final = (7 * 60, 21 * 60 + 30)
"""Minutes after midnight between which anything is sold."""
_SECOND_THOUGHT_MS: Final = (2 * MINUTE_MS, 20 * MINUTE_MS)
"""After a sale, until some of it is paid back or it is cancelled."""


class Till(Enum):
    """A system of tills; its value is the name of the source of its sales."""

    SQUARE = "square"
    SMAREGI = "smaregi"
    FILE = "till-file"
    """Meguri's own CSV."""
    JSON = "till"


TILLS: Final = (Till.SQUARE, Till.SMAREGI, Till.FILE, Till.JSON)
"""Of the town file's shops in their order; those behind the last have it too."""


@dataclass(frozen=True)
class Sale:
    """One sale. Amounts are whole yen, tax included; times are epoch milliseconds on whole seconds."""

    shop: str
    till: Till
    external_id: str
    at_ms: int
    amount_yen: int
    tax_yen: int
    method: str
    brand: str
    """As the till's system tells it."""
    party: int
    """Index into the day's parties."""


@dataclass(frozen=True)
class Telling:
    """A sale as its till tells it at some instant; the last one is how it stays."""

    sale: Sale
    told_ms: int
    ordinal: int
    """1 for the sale, then 2."""
    refunded_yen: int
    cancelled: bool

    @property
    def version(self) -> int:
        """As Meguri compares it: for Square when the payment was updated, for others the ordinal."""
        return self.told_ms if self.sale.till is Till.SQUARE else self.ordinal


def till_of(village: Village, shop: str) -> Till:
    """The system of a shop's till."""
    number = list(village.town.shops).index(shop)
    return TILLS[min(number, len(TILLS) - 1)]


def tellings_of(village: Village, key_day: int, company: Company) -> list[Telling]:
    """Everything that the tills tell of a day, in the order of telling."""
    found: list[Telling] = []
    for shop in village.town.shops.values():
        if shop.place in village.places:
            found += _tellings(village, key_day, shop, company)
    return sorted(found, key=lambda telling: (telling.told_ms, telling.sale.shop, telling.sale.external_id))


def _tellings(village: Village, key_day: int, shop: Shop, company: Company) -> list[Telling]:
    habits = village.habits
    start_ms, end_ms = village.town.day_bounds_ms(key_day)
    place = village.places.index(shop.place)
    use = USES[village.kinds[place]]
    shares = sum(other.place == shop.place for other in village.town.shops.values())
    stays = company.stays
    here = np.flatnonzero(stays.place == place)
    draws = village.draws("sales", shop.shop, key_day)
    here = here[draws.chances(use.buys_per_mille // shares, here.size)]
    # Nobody buys at night, though they are there.
    opens, closes = map(village.after_start_ms, _OPEN)
    from_ms, to_ms = np.maximum(stays.from_ms[here], opens), np.minimum(stays.to_ms[here], closes)
    here, from_ms, to_ms = here[from_ms < to_ms], from_ms[from_ms < to_ms], to_ms[from_ms < to_ms]
    # Away from the ends of the stay by what its people straggle, or in its middle.
    margin = np.minimum(2 * habits.straggle_ms, (to_ms - from_ms) // 3)
    at = draws.between(from_ms + margin, np.maximum(to_ms - margin, from_ms + margin + 1), here.size)
    order = np.lexsort((here, at))
    at_ms = (start_ms + at[order]) // _SECOND_MS * _SECOND_MS
    at_ms = np.maximum(at_ms, start_ms)
    party = stays.party[here[order]]
    amount = draws.from_ranges(use.spend_yen, at_ms.size) // _YEN_STEP * _YEN_STEP
    paid = draws.among([weight for weight, _, _ in PAYMENTS], at_ms.size)
    till = till_of(village, shop.shop)
    ids = _external_ids(till, shop.shop, key_day, draws, at_ms.size)
    sales = [
        Sale(
            shop.shop,
            till,
            external_id,
            at,
            yen,
            # A payment of Square's is an amount; the tax within it stands in the order.
            0 if till is Till.SQUARE else yen * _TAX_PERCENT // (100 + _TAX_PERCENT),
            *_told(till, *PAYMENTS[how][1:]),
            of,
        )
        for external_id, at, yen, how, of in zip(
            ids, at_ms.tolist(), amount.tolist(), paid.tolist(), party.tolist(), strict=True
        )
    ]
    return _told_again(village, draws, sales, end_ms)


def _told_again(village: Village, draws: Draws, sales: list[Sale], end_ms: int) -> list[Telling]:
    """What the till tells: each sale, and what became of some later on the same day."""
    habits = village.habits
    refunded = draws.chances(habits.refund_per_mille, len(sales))
    cancelled = draws.chances(habits.cancel_per_mille, len(sales))
    later = draws.between(*_SECOND_THOUGHT_MS, len(sales)) // _SECOND_MS * _SECOND_MS
    part = draws.between(1, 11, len(sales))
    found = []
    for sale, is_refunded, is_cancelled, after_ms, tenths in zip(
        sales, refunded.tolist(), cancelled.tolist(), later.tolist(), part.tolist(), strict=True
    ):
        found.append(Telling(sale, sale.at_ms, 1, 0, cancelled=False))
        told_ms = sale.at_ms + after_ms
        if told_ms >= end_ms:
            continue
        if is_cancelled:
            found.append(Telling(sale, told_ms, 2, 0, cancelled=True))
        elif is_refunded and sale.till is not Till.SMAREGI:
            # A list of スマレジ says what was cancelled; a refund is a transaction of its own there.
            found.append(Telling(sale, told_ms, 2, sale.amount_yen * tenths // 10, cancelled=False))
    return found


def _external_ids(till: Till, shop: str, key_day: int, draws: Draws, count: int) -> list[str]:
    date = day_date(key_day)
    if till is Till.SQUARE:
        text = draws.bytes(11 * count).hex().upper()
        return [text[22 * number : 22 * number + 22] for number in range(count)]
    if till is Till.SMAREGI:
        return [f"{date:%y%m%d}{number + 1:04}" for number in range(count)]
    return [f"{shop}-{date:%Y%m%d}-{number + 1:04}" for number in range(count)]


def _told(till: Till, method: str, brand: str) -> tuple[str, str]:
    """Method and brand as a till's system tells them: a list of スマレジ has sums by method alone."""
    return (method, "") if till is Till.SMAREGI else (method, brand)


def last_of_each(tellings: Iterable[Telling]) -> list[Telling]:
    """Of each sale the last telling, in the order of the sales."""
    newest = {(each.sale.till, each.sale.shop, each.sale.external_id): each for each in tellings}
    return sorted(newest.values(), key=lambda each: (each.sale.at_ms, each.sale.shop, each.sale.external_id))
