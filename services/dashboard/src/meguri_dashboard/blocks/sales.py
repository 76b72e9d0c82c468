"""What the shops sold and when, beside those who passed by."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from meguri_proto.key_days import day_date

from meguri_dashboard.blocks.arrivals import read_arrived
from meguri_dashboard.blocks.block import Block, Chart, Table
from meguri_dashboard.days import key_day_of, whole
from meguri_dashboard.drawings import Mark, Panel, columns, has_hidden
from meguri_dashboard.suppression import FEWER, Count, total
from meguri_dashboard.takings import LEAST_YEN, NO_TAKINGS, Takings, Tally, all_takings, tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Asked, Slot
    from meguri_dashboard.drawings import Drawing
    from meguri_dashboard.wording import Wording

ABOVE, BELOW = 1.1, 0.9
"""So many times the ratio of all shops or more is above them, so many times or less below."""
_TOP_YEN = 10_000
"""An axis never ends below this, so that little looks little."""
_HATCHED = 12
"""What is not shown is hatched to this part of the axis, whatever it is."""


@dataclass(frozen=True)
class Till:
    """The sales of one shop, or of all of them together, beside those who passed."""

    shop: str | None
    """None: all shops."""
    by_slot: tuple[Takings | None, ...]
    """None where nothing can have been told."""
    total: Takings
    """Of the period; a day's sales are a figure of their own and not the sum of its hours."""
    passed: tuple[Count | None, ...]
    """Arrivals at the shop's place by slot; of all shops: arrivals that each of them had, added up."""

    @property
    def passed_total(self) -> Count:
        """Arrivals in the slots that are shown."""
        return total(count for count in self.passed if count)

    @property
    def per_hundred(self) -> float | None:
        """Sales for each hundred arrivals; None where one of them is not shown."""
        return per_hundred(self.total.sales, self.passed_total)


@dataclass(frozen=True)
class SalesFigures:
    """Sales as they may be shown."""

    asked: Asked
    shops: tuple[Till, ...]
    street: Till

    def block(self, words: Wording) -> Block:
        """The figures in the language of `words`."""
        return _Words(self, words).block()


def per_hundred(sales: Count, passed: Count | None) -> float | None:
    """Sales for each hundred arrivals; None where one of them is not shown."""
    if not sales.shown or not passed or not passed.shown:
        return None
    return 100 * sales.shown / passed.shown


def read(store: Store, asked: Asked) -> SalesFigures:
    """Sales of the period at the shops of the town's file. Raises StoreError."""
    shops = asked.town.shops
    by_day: dict[str, dict[int, Tally]] = defaultdict(lambda: defaultdict(Tally))
    by_hour: dict[str, dict[int, Tally]] = defaultdict(lambda: defaultdict(Tally))
    if asked.period.is_day:
        (key_day,) = asked.period.days
        start_ms, _ = asked.bounds_ms
        params = {"town": asked.town.town, "key_day": day_date(key_day), "day_start_ms": start_ms}
        for row in store.query("meguri_dashboard/sales_by_hour", params):
            if row["shop"] in shops:
                by_hour[str(row["shop"])][whole(row["hour"])] += tally(row)
                by_day[str(row["shop"])][key_day] += tally(row)
    else:
        for row in store.query("meguri_dashboard/sales_by_day", asked.of_period()):
            if row["shop"] in shops:
                by_day[str(row["shop"])][key_day_of(row)] += tally(row)
    at = read_arrived(store, asked)
    tills = tuple(
        _till(asked, shop.shop, by_hour[shop.shop], by_day[shop.shop], at[shop.place])
        for shop in shops.values()
    )
    street = _till(
        asked,
        None,
        _together(by_hour.values()),
        _together(by_day.values()),
        tuple(_added(counts) for counts in zip(*(till.passed for till in tills), strict=True)),
    )
    return SalesFigures(asked, tills, street)


def _till(
    asked: Asked,
    shop: str | None,
    by_hour: Mapping[int, Tally],
    by_day: Mapping[int, Tally],
    passed: tuple[Count | None, ...],
) -> Till:
    """The hours of a day are shown each by itself; a slot of a longer period is the sum of its days."""
    days = {key_day: one.shown(asked.step) for key_day, one in by_day.items()}
    if asked.period.is_day:
        of_slot = [by_hour.get(index, Tally()).shown(asked.step) for index in range(len(asked.slots))]
    else:
        of_slot = [all_takings(days.get(day, NO_TAKINGS) for day in slot.days.days) for slot in asked.slots]
    return Till(
        shop=shop,
        by_slot=tuple(
            takings if slot.has_figures or takings != NO_TAKINGS else None
            for takings, slot in zip(of_slot, asked.slots, strict=True)
        ),
        total=all_takings(days.values()),
        passed=passed,
    )


def _together(shops: Iterable[Mapping[int, Tally]]) -> dict[int, Tally]:
    added: dict[int, Tally] = defaultdict(Tally)
    for shop in shops:
        for at, one in shop.items():
            added[at] += one
    return added


def _added(counts: Sequence[Count | None]) -> Count | None:
    known = [count for count in counts if count]
    return total(known) if known else None


class _Words:
    """The figures in one language."""

    def __init__(self, figures: SalesFigures, words: Wording) -> None:
        self._figures = figures
        self._words = words
        self._text = words.text
        self._town = figures.asked.town
        self._slots = figures.asked.slots
        told = [takings is not None for takings in figures.street.by_slot]
        self._begun = [index for index, is_told in enumerate(told) if is_told]
        self._tills = (figures.street, *figures.shops) if len(figures.shops) > 1 else figures.shops

    def block(self) -> Block:
        figures, step = self._figures, self._figures.asked.step
        title = self._text(f"sales.title_{figures.asked.period.unit}")
        definition = (
            self._text("sales.definition"),
            self._text("sales.definition_suppressed", step=step, least=self._words.number(LEAST_YEN)),
            self._text("sales.definition_ratio"),
        )
        if not figures.shops:
            empty = (self._text("sales.none_title"), self._text("sales.none"))
            return Block("sales", title, definition, empty=empty)
        if figures.street.total == NO_TAKINGS:
            empty = (self._text("sales.empty_title"), self._text("sales.empty", step=step))
            return Block("sales", title, definition, empty=empty)
        return Block(
            name="sales",
            title=title,
            definition=definition,
            sentences=(self._sentence(), *self._comparison()),
            facts=tuple((self._name(till), self._total(till)) for till in self._tills),
            charts=(self._chart(),),
            tables=(self._shops(), self._by_slot(), self._ratios_by_slot()),
        )

    def _name(self, till: Till) -> str:
        if till.shop is None:
            return self._text("sales.street")
        return self._town.shops[till.shop].names[self._words.language]

    def _sentence(self) -> str:
        """What all shops took, and when most."""
        street = self._figures.street
        values = {
            "yen": self._words.yen(street.total.yen),
            "sales": self._words.count(street.total.sales),
        }
        peak = max((takings.yen.shown or 0 for takings in street.by_slot if takings), default=0)
        at = [i for i, takings in enumerate(street.by_slot) if takings and takings.yen == Count(peak)]
        if len(at) != 1:
            return self._text("sales.sum", **values)
        return self._text("sales.sum_most", **values, slot=self._words.slot(self._slots[at[0]]))

    def _comparison(self) -> Iterable[str]:
        """Which shops sell more to those who pass than the shops together, and which less."""
        of_all = self._figures.street.per_hundred
        if of_all is None:
            return
        for place in ("above", "below"):
            shops = [
                self._text("sales.shop_ratio", shop=self._name(till), ratio=_ratio(till.per_hundred))
                for till in self._figures.shops
                if till.per_hundred is not None and self._standing(till) == place
            ]
            if shops:
                yield self._text(
                    f"sales.{place}", shops=self._text("date.range_joint").join(shops), average=_ratio(of_all)
                )

    def _standing(self, till: Till) -> str | None:
        """Whether a shop is above the shops together, below them, or level with them; None: not known."""
        of_all = self._figures.street.per_hundred
        if till.shop is None or till.per_hundred is None or of_all is None or len(self._figures.shops) == 1:
            return None
        if till.per_hundred >= of_all * ABOVE:
            return "above"
        return "below" if till.per_hundred <= of_all * BELOW else "level"

    def _total(self, till: Till) -> str:
        if till.total == NO_TAKINGS:
            return self._text("sales.total_none", step=self._figures.asked.step)
        return self._words.yen(till.total.yen)

    def _chart(self) -> Chart:
        drawing, parts = self._drawing(), [self._text("sales.legend")]
        if has_hidden(drawing):
            parts.append(self._text("sales.legend_hidden", step=self._figures.asked.step))
        if any(self._slots[index].so_far for index in self._begun):
            parts.append(self._text("sales.legend_so_far"))
        return Chart(drawing, " ".join(parts))

    def _drawing(self) -> Drawing:
        return columns(
            self._words,
            self._text("sales.chart_label"),
            self._slots,
            [self._panel(till) for till in self._tills],
        )

    def _panel(self, till: Till) -> Panel:
        """Thousands of yen, and the arrivals drawn to the same sum where both are shown."""
        both = [
            (takings.yen.shown, passed.shown)
            for takings, passed in zip(till.by_slot, till.passed, strict=True)
            if takings and takings.yen.shown and passed and passed.shown
        ]
        yen_each = sum(yen for yen, _ in both) / sum(passed for _, passed in both) if both else 0
        expected = [passed.shown * yen_each if passed and passed.shown else None for passed in till.passed]
        shown = [takings.yen.shown or 0 for takings in till.by_slot if takings]
        top = ceil(max([_TOP_YEN, *shown, *(one for one in expected if one)]) / 1_000)
        marks = []
        for index, takings in enumerate(till.by_slot):
            if takings is None:
                continue
            slot, yen, line = self._slots[index], takings.yen.shown, expected[index]
            marks.append(
                Mark(
                    at=index,
                    value=top / _HATCHED if yen is None else yen / 1_000,
                    look="hidden" if yen is None else "so_far" if slot.so_far else "shown",
                    text="" if yen is None else self._words.number(yen // 1_000),
                    label=self._mark_label(till, slot, takings, till.passed[index]),
                    usual=line / 1_000 if line and yen_each else None,
                )
            )
        name = self._text("sales.panel", shop=self._name(till))
        return Panel(name=name, marks=tuple(marks), top=top)

    def _mark_label(self, till: Till, slot: Slot, takings: Takings, passed: Count | None) -> str:
        return self._text(
            "sales.mark",
            shop=self._name(till),
            slot=self._words.slot_so_far(slot),
            yen=self._words.yen(takings.yen),
            sales=self._words.count(takings.sales),
            passed=self._words.count(passed or FEWER),
        )

    def _shops(self) -> Table:
        """The shops side by side."""
        columns_of = ("shop", "yen", "sales", "passed", "ratio", "standing")
        return Table(
            title=self._text("sales.table_shops"),
            head=tuple(self._text(f"sales.column_{column}") for column in columns_of),
            rows=tuple(
                (
                    self._name(till),
                    self._words.yen(till.total.yen),
                    self._words.count(till.total.sales),
                    self._words.count(till.passed_total),
                    self._ratio_or_dash(till.per_hundred),
                    self._text(f"sales.standing_{self._standing(till) or 'unknown'}"),
                )
                for till in self._tills
            ),
        )

    def _by_slot(self) -> Table:
        """Yen, a column a shop."""
        return Table(
            title=self._text("sales.table_yen"),
            head=self._slot_head(),
            rows=tuple(
                (
                    self._words.slot_so_far(self._slots[index]),
                    *(self._words.yen((till.by_slot[index] or NO_TAKINGS).yen) for till in self._tills),
                )
                for index in self._begun
            ),
            foot=(self._text("sales.row_all"), *(self._words.yen(till.total.yen) for till in self._tills)),
        )

    def _ratios_by_slot(self) -> Table:
        """Sales for each hundred arrivals, a column a shop."""
        return Table(
            title=self._text("sales.table_ratios"),
            head=self._slot_head(),
            rows=tuple(
                (
                    self._words.slot_so_far(self._slots[index]),
                    *(
                        self._ratio_or_dash(
                            per_hundred((till.by_slot[index] or NO_TAKINGS).sales, till.passed[index])
                        )
                        for till in self._tills
                    ),
                )
                for index in self._begun
            ),
            foot=(
                self._text("sales.row_all"),
                *(self._ratio_or_dash(till.per_hundred) for till in self._tills),
            ),
        )

    def _slot_head(self) -> tuple[str, ...]:
        slot = self._text(f"sales.slot_{self._figures.asked.period.unit}")
        return (slot, *map(self._name, self._tills))

    def _ratio_or_dash(self, ratio: float | None) -> str:
        return self._text("sales.dash") if ratio is None else _ratio(ratio)


def _ratio(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}"  # noqa: PLR2004  # two digits are enough
