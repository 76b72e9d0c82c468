"""Sales beside those who passed: what may be shown of them, and how it is said."""

import pytest
from fakes.town_day import DAY, TOWN
from fakes.town_trade import Answers, asked, said
from meguri_dashboard.blocks import sales
from meguri_dashboard.catalogue import LANGUAGES
from meguri_proto.key_days import day_date


def sold(shop, hour, number, yen, largest=None, **values):
    largest = largest or yen // max(number, 1)
    return {"shop": shop, "hour": hour, "sales": number, "yen": yen, "largest_yen": largest, **values}


def passed(place, hour, number, key_day=DAY):
    cells = {"arrivals": number, "devices": number, "random": 0}
    return {"key_day": day_date(key_day), "place": place, "hour": hour, **cells}


def day(*sales_rows, arrivals=(), **values):
    store = Answers(sales_by_hour=list(sales_rows), arrivals_by_hour=list(arrivals))
    return sales.read(store, asked(**values))


def of_shop(figures, shop):
    return next(till for till in (figures.street, *figures.shops) if till.shop == shop)


def test_an_hour_with_fewer_sales_than_the_step_shows_neither_sales_nor_yen():
    figures = day(sold("market", 3, 4, 90_000), sold("market", 4, 5, 4_000))
    market = of_shop(figures, "market")
    assert (market.by_slot[3].sales.shown, market.by_slot[3].yen.shown) == (None, None)
    assert (market.by_slot[4].sales.shown, market.by_slot[4].yen.shown) == (5, 4_000)


def test_yen_are_rounded_to_no_less_than_the_greatest_purchase_in_the_hour():
    figures = day(sold("market", 3, 12, 31_400, largest=7_300))
    assert of_shop(figures, "market").by_slot[3].yen.shown == 30_000
    assert of_shop(day(sold("market", 3, 12, 31_400, 900)), "market").by_slot[3].yen.shown == 31_000


def test_a_days_total_holds_hours_that_are_not_shown_and_is_as_coarse_as_its_greatest_purchase():
    figures = day(*(sold("cafe", hour, 3, 2_400, 1_500) for hour in range(6)))
    cafe = of_shop(figures, "cafe")
    assert [takings.yen.shown for takings in cafe.by_slot[:6]] == [None] * 6
    assert (cafe.total.sales.shown, cafe.total.yen.shown) == (20, 14_000)


def test_the_shops_together_show_an_hour_in_which_none_of_them_is_shown():
    figures = day(sold("cafe", 6, 3, 3_000), sold("market", 6, 4, 4_000))
    assert figures.street.by_slot[6].sales.shown == 5
    assert figures.street.by_slot[6].yen.shown == 7_000
    assert all(till.by_slot[6].yen.shown is None for till in figures.shops)


def test_a_shop_that_the_town_file_does_not_name_is_in_no_figure():
    figures = day(sold("closed-kiosk", 6, 50, 50_000))
    assert [till.shop for till in figures.shops] == ["market", "cafe"]
    assert figures.street.total == sales.NO_TAKINGS


def test_sales_for_a_hundred_arrivals_take_the_arrivals_of_the_shops_own_place():
    figures = day(
        sold("market", 5, 20, 20_000),
        sold("cafe", 5, 20, 20_000),
        arrivals=[passed("station", 5, 200), passed("hall", 5, 50)],
    )
    assert of_shop(figures, "market").per_hundred == 10
    assert of_shop(figures, "cafe").per_hundred == 40
    assert figures.street.per_hundred == 16


def test_each_shop_is_told_whether_it_is_above_or_below_the_shops_together():
    figures = day(
        sold("market", 5, 20, 20_000),
        sold("cafe", 5, 20, 20_000),
        arrivals=[passed("station", 5, 200), passed("hall", 5, 50)],
    )
    assert said(figures).sentences == (
        "The shops took about ¥40,000 in about 40 sales; their best was 09:00–10:00.",
        "More than the average of 16 sales for each 100 who passed: Café (40).",
        "Less than the average of 16 sales for each 100 who passed: Market (10).",
    )
    assert said(figures, "ja").sentences == (
        "全店の売上は約40,000円（約40件）で、最も多かったのは09:00～10:00でした。",
        "到着100あたりの会計が全店平均（16件）を上回る店：カフェ（40件）。",
        "到着100あたりの会計が全店平均（16件）を下回る店：市場（10件）。",
    )
    shops = said(figures).tables[0]
    assert [row[-1] for row in shops.rows] == ["–", "below", "above"]


def test_without_arrivals_there_is_no_ratio_and_no_comparison():
    block = said(day(sold("market", 5, 20, 20_000)))
    assert len(block.sentences) == 1
    assert [row[4] for row in block.tables[0].rows] == ["–", "–", "–"]


def test_arrivals_are_drawn_to_the_same_sum_as_the_yen_where_both_are_shown():
    figures = day(
        sold("market", 5, 30, 30_000),
        sold("market", 6, 10, 10_000),
        arrivals=[passed("station", 5, 50), passed("station", 6, 50), passed("station", 7, 25)],
    )
    panel = next(one for one in said(figures).charts[0].drawing["panels"] if one["name"].startswith("Market"))
    marks = {mark["at"]: mark for mark in panel["marks"]}
    assert [marks[at]["value"] for at in (5, 6)] == [30, 10]
    assert [marks[at]["usual"] for at in (5, 6, 7)] == [20, 20, 10]
    assert marks[7]["look"] == "hidden"


def test_hours_that_have_not_begun_have_no_mark_and_the_running_one_is_pale():
    figures = day(sold("market", 5, 20, 20_000), sold("market", 7, 20, 20_000), complete=False)
    panel = said(figures).charts[0].drawing["panels"][0]
    assert [mark["at"] for mark in panel["marks"]] == list(range(8))
    assert panel["marks"][7]["look"] == "so_far"


def test_a_longer_period_adds_up_the_days_that_are_shown():
    rows = [
        {"key_day": day_date(DAY - n), "shop": "market", "sales": number, "yen": yen, "largest_yen": 900}
        for n, number, yen in ((2, 10, 8_000), (1, 4, 3_600), (0, 21, 15_400))
    ]
    figures = sales.read(Answers(sales_by_day=rows), asked(DAY - 2, DAY))
    market = of_shop(figures, "market")
    assert [takings.yen.shown for takings in market.by_slot] == [8_000, None, 15_000]
    assert (market.total.sales.shown, market.total.yen.shown) == (30, 23_000)
    assert said(figures).title == "Sales by day, beside those who passed"


def test_a_day_on_which_nobody_was_heard_shows_its_sales_all_the_same():
    rows = [{"key_day": day_date(DAY - 1), "shop": "cafe", "sales": 9, "yen": 9_000, "largest_yen": 1_000}]
    figures = sales.read(Answers(sales_by_day=rows), asked(DAY - 1, DAY, days=[DAY]))
    assert [one and one.yen.shown for one in of_shop(figures, "cafe").by_slot] == [9_000, None]
    assert said(figures).tables[1].rows[0][-1] == "about ¥9,000"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_day_without_sales_and_a_town_without_shops_are_empty_states(language):
    nothing = said(day(sold("market", 3, 4, 1_000)), language)
    without = said(sales.read(Answers(), asked(town=TOWN)), language, TOWN)
    assert nothing.empty != without.empty
    for block in (nothing, without):
        assert block.empty
        assert (block.charts, block.tables) == ((), ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_few_bought_is_in_no_word_number_or_mark_of_the_block(language):
    def block(*hidden):
        return said(day(sold("market", 5, 20, 20_000, 5_000), *hidden), language)

    assert block(sold("market", 9, 2, 800, 500)) == block()


@pytest.mark.parametrize(("number", "is_said"), [(4, True), (5, False)])
def test_the_legend_says_what_hatching_is_where_something_is_hatched(number, is_said):
    rows = [
        {"key_day": day_date(DAY - n), "shop": shop, "sales": n or number, "yen": 9_000, "largest_yen": 900}
        for n in (0, 9)
        for shop in ("market", "cafe")
    ]
    figures = sales.read(Answers(sales_by_day=rows), asked(DAY - 9, DAY, days=[DAY - 9, DAY]))
    assert ("Hatched" in said(figures).charts[0].legend) == is_said
