"""How the sales were paid: with cash, or in one of the ways that are reported as cashless."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_dashboard.blocks.block import Block, Chart, Table
from meguri_dashboard.brands import CASHLESS, TRANSLATED, Group, brand_name, group_of
from meguri_dashboard.drawings import Mark, Panel, bars, has_hidden
from meguri_dashboard.takings import NO_TAKINGS, Takings, Tally, all_takings, tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Asked
    from meguri_dashboard.drawings import Drawing
    from meguri_dashboard.wording import Wording

_LEAST_TOP = 50
_HATCHED = 12
"""What is not shown is hatched to this part of the axis, whatever it is."""


@dataclass(frozen=True)
class Mix:
    """How the sales of one shop, or of all of them together, were paid."""

    shop: str | None
    """None: all shops."""
    total: Takings
    cashless: Takings
    groups: Mapping[Group, Takings]
    brands: Mapping[tuple[Group, str], Takings]
    """Of each group, by brand; empty is unknown or none."""

    def percent(self, part: Takings) -> int | None:
        """Yen of the part in a hundred of all; None where one of them is not shown."""
        return percent(part, self.total)


@dataclass(frozen=True)
class PaymentFigures:
    """Payments as they may be shown."""

    asked: Asked
    street: Mix
    shops: tuple[Mix, ...]

    def block(self, words: Wording) -> Block:
        """The figures in the language of `words`."""
        return _Words(self, words).block()


def percent(part: Takings, of: Takings) -> int | None:
    """Yen of the part in a hundred, never more for being rounded; None where one of them is not shown."""
    if part.yen.shown is None or not of.yen.shown or of.yen.shown < 0:
        return None
    return min(100, max(0, round(100 * part.yen.shown / of.yen.shown)))


def read(store: Store, asked: Asked) -> PaymentFigures | None:
    """Payments at the shops of the town's file; None where it has none. Raises StoreError."""
    if not asked.town.shops:
        return None
    found = store.query("meguri_dashboard/payments", asked.of_units())
    rows = [row for row in found if row["shop"] in asked.town.shops]
    return PaymentFigures(
        asked=asked,
        street=_mix(None, rows, asked.step),
        shops=tuple(
            _mix(shop, [row for row in rows if row["shop"] == shop], asked.step) for shop in asked.town.shops
        ),
    )


def _mix(shop: str | None, rows: list[dict[str, object]], step: int) -> Mix:
    """Each figure is shown by itself in each unit (a month or a day), and the units are added up."""
    totals: dict[object, Tally] = defaultdict(Tally)
    cashless: dict[object, Tally] = defaultdict(Tally)
    groups: dict[Group, dict[object, Tally]] = {group: defaultdict(Tally) for group in Group}
    brands: dict[tuple[Group, str], dict[object, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for row in rows:
        unit, group, brand, one = row["unit"], group_of(str(row["method"])), str(row["brand"]), tally(row)
        totals[unit] += one
        groups[group][unit] += one
        brands[group, brand][unit] += one
        if group in CASHLESS:
            cashless[unit] += one

    def shown(units: Mapping[object, Tally]) -> Takings:
        return all_takings(one.shown(step) for one in units.values())

    return Mix(
        shop=shop,
        total=shown(totals),
        cashless=shown(cashless),
        groups={group: shown(units) for group, units in groups.items()},
        brands={key: shown(units) for key, units in brands.items()},
    )


class _Words:
    """The figures in one language."""

    def __init__(self, figures: PaymentFigures, words: Wording) -> None:
        self._figures = figures
        self._words = words
        self._text = words.text
        self._town = figures.asked.town
        self._mixes = (figures.street, *figures.shops) if len(figures.shops) > 1 else figures.shops

    def block(self) -> Block:
        step, street = self._figures.asked.step, self._figures.street
        title = self._text("payments.title")
        definition = (
            self._text("payments.definition"),
            self._text("payments.definition_suppressed", step=step),
        )
        if all(takings == NO_TAKINGS for takings in street.groups.values()):
            empty = (self._text("payments.empty_title"), self._text("payments.empty", step=step))
            return Block("payments", title, definition, empty=empty)
        return Block(
            name="payments",
            title=title,
            definition=definition,
            sentences=(self._sentence(),),
            facts=tuple(
                (self._name(mix), self._text("payments.cashless", share=self._share(mix, mix.cashless)))
                for mix in self._mixes
            ),
            charts=(self._chart(),),
            tables=(self._groups(), self._brands(), self._shops()),
        )

    def _name(self, mix: Mix) -> str:
        if mix.shop is None:
            return self._text("payments.street")
        return self._town.shops[mix.shop].names[self._words.language]

    def _share(self, mix: Mix, part: Takings) -> str:
        share = mix.percent(part)
        return self._text("payments.dash") if share is None else self._text("payments.percent", share=share)

    def _sentence(self) -> str:
        """The cashless part, and the way of paying that brought most yen."""
        street = self._figures.street
        most = max(street.groups, key=lambda group: street.groups[group].yen.shown or 0)
        values = {
            "method": self._text(f"payments.group_{most}"),
            "share": self._share(street, street.groups[most]),
        }
        if street.percent(street.cashless) is None:
            return self._text("payments.most", **values)
        return self._text("payments.most_cashless", **values, cashless=self._share(street, street.cashless))

    def _chart(self) -> Chart:
        drawing, legend = self._drawing(), self._text("payments.legend")
        if has_hidden(drawing):
            legend += " " + self._text("payments.legend_hidden", step=self._figures.asked.step)
        return Chart(drawing, legend)

    def _drawing(self) -> Drawing:
        shares = [mix.percent(part) or 0 for mix in self._mixes for part in mix.groups.values()]
        top = max(_LEAST_TOP, *shares)
        return bars(
            self._text("payments.chart_label"),
            [
                Panel(
                    name=self._name(mix),
                    marks=tuple(self._mark(mix, group, part, top) for group, part in mix.groups.items()),
                    top=top,
                )
                for mix in self._mixes
                if mix.total != NO_TAKINGS
            ],
        )

    def _mark(self, mix: Mix, group: Group, part: Takings, top: int) -> Mark:
        share, name = mix.percent(part), self._text(f"payments.group_{group}")
        words = self._words.count(part.sales) if share is None else self._share(mix, part)
        return Mark(
            at=name,
            value=top / _HATCHED if share is None else share,
            look="hidden" if share is None else "shown",
            text=words,
            label=self._text("payments.mark", shop=self._name(mix), method=name, share=words),
        )

    def _groups(self) -> Table:
        street = self._figures.street
        return Table(
            title=self._text("payments.table_groups"),
            head=tuple(
                self._text(f"payments.column_{column}") for column in ("method", "share", "yen", "sales")
            ),
            rows=(
                *(
                    (self._text(f"payments.group_{group}"), *self._cells(street, part))
                    for group, part in street.groups.items()
                ),
                (self._text("payments.row_cashless"), *self._cells(street, street.cashless)),
            ),
            foot=(self._text("payments.row_all"), *self._cells(street, street.total)),
        )

    def _brands(self) -> Table:
        """The greatest first; brands that are not shown at all are told by their number alone."""
        street = self._figures.street
        shown = [(key, part) for key, part in street.brands.items() if part != NO_TAKINGS]
        shown.sort(key=lambda one: (-(one[1].yen.shown or 0), one[0]))
        return Table(
            title=self._text("payments.table_brands"),
            head=tuple(
                self._text(f"payments.column_{column}")
                for column in ("brand", "method", "share", "yen", "sales")
            ),
            rows=tuple(
                (
                    self._brand(brand),
                    self._text(f"payments.group_{group}"),
                    *self._cells(street, part),
                )
                for (group, brand), part in shown
                if brand or group is not Group.CASH
            ),
            texts=2,
        )

    def _brand(self, brand: str) -> str:
        if not brand:
            return self._text("payments.no_brand")
        return self._text(f"payments.brand_{brand}") if brand in TRANSLATED else brand_name(brand)

    def _cells(self, mix: Mix, part: Takings) -> tuple[str, str, str]:
        return self._share(mix, part), self._words.yen(part.yen), self._words.count(part.sales)

    def _shops(self) -> Table:
        """Shares, a column a shop."""
        return Table(
            title=self._text("payments.table_shops"),
            head=(self._text("payments.column_method"), *map(self._name, self._mixes)),
            rows=tuple(
                (
                    self._text(f"payments.group_{group}"),
                    *(self._share(mix, mix.groups[group]) for mix in self._mixes),
                )
                for group in Group
            ),
            foot=(
                self._text("payments.row_cashless"),
                *(self._share(mix, mix.cashless) for mix in self._mixes),
            ),
        )
