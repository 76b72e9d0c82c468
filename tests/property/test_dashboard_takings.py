"""The sales block for any sales: each shown figure is as coarse as the greatest purchase in it."""

from collections import defaultdict

from fakes.town_day import DAY
from fakes.town_trade import TRADING, Answers, asked
from hypothesis import given
from hypothesis import strategies as st
from meguri_dashboard.amounts import grain
from meguri_dashboard.blocks import payments, sales
from meguri_dashboard.takings import LEAST_YEN
from meguri_proto.key_days import day_date
from meguri_proto.payments import PaymentMethod

STEP = 5
PURCHASES = st.lists(
    st.tuples(
        st.sampled_from(list(TRADING.shops)),
        st.integers(9, 12),
        st.sampled_from(list(PaymentMethod)),
        st.one_of(st.integers(1, 9_000), st.integers(1, 200_000)),
    ),
    max_size=60,
)


def rows(purchases, keys):
    """What ClickHouse answers of these purchases, added up by the columns named."""
    cells = defaultdict(list)
    for shop, hour, method, yen in purchases:
        of = {"shop": shop, "hour": hour, "method": str(method), "brand": "", "unit": day_date(DAY)}
        cells[tuple((key, of[key]) for key in keys)].append(yen)
    return [
        {**dict(cell), "sales": len(yen), "yen": sum(yen), "largest_yen": max(yen)}
        for cell, yen in cells.items()
    ]


def holds(takings, yen):
    """The figure says of these purchases what it may and no more."""
    if len(yen) < STEP:
        assert (takings.sales.shown, takings.yen.shown) == (None, None)
        return
    size = grain(LEAST_YEN, max(yen))
    assert size >= max(yen)
    assert takings.yen.shown % size == 0
    assert 2 * abs(takings.yen.shown - sum(yen)) <= size
    assert takings.sales.shown % STEP == 0


@given(PURCHASES)
def test_every_hour_day_shop_and_the_shops_together_are_as_coarse_as_their_greatest_purchase(purchases):
    figures = sales.read(Answers(sales_by_hour=rows(purchases, ("shop", "hour"))), asked())
    for till in (*figures.shops, figures.street):
        of_till = [one for one in purchases if till.shop in (None, one[0])]
        holds(till.total, [yen for *_, yen in of_till])
        for hour, takings in enumerate(till.by_slot):
            holds(takings, [yen for _, at, _, yen in of_till if at == hour])


@given(PURCHASES)
def test_every_way_of_paying_and_all_of_them_are_as_coarse_as_their_greatest_purchase(purchases):
    answers = Answers(payments=rows(purchases, ("unit", "shop", "method", "brand")))
    figures = payments.read(answers, asked())
    for mix in (*figures.shops, figures.street):
        of_shop = [one for one in purchases if mix.shop in (None, one[0])]
        holds(mix.total, [yen for *_, yen in of_shop])
        for group, takings in mix.groups.items():
            holds(takings, [yen for _, _, how, yen in of_shop if payments.group_of(how) is group])
        cashless = [yen for _, _, how, yen in of_shop if payments.group_of(how) in payments.CASHLESS]
        holds(mix.cashless, cashless)
