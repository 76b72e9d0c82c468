"""The ways of paying: what may be shown of them, and how it is said."""

import pytest
from fakes.town_day import DAY, TOWN
from fakes.town_trade import Answers, asked, said
from meguri_dashboard.blocks import payments
from meguri_dashboard.brands import TRANSLATED, Group, group_of
from meguri_dashboard.catalogue import LANGUAGES
from meguri_proto.key_days import day_date
from meguri_proto.payments import PaymentMethod


def paid(method, number, yen, brand="", *, shop="market", unit=DAY, largest=900):
    row = {"unit": day_date(unit), "shop": shop, "method": method, "brand": brand}
    return {**row, "sales": number, "yen": yen, "largest_yen": largest}


def mix(*rows, first=DAY, last=DAY):
    return payments.read(Answers(payments=list(rows)), asked(first, last))


DAY_OF_FOUR = (
    paid("cash", 41, 40_000),
    paid("credit", 10, 28_000, "visa"),
    paid("emoney_transit", 6, 6_000, "suica"),
    paid("emoney_other", 6, 6_000, "id", shop="cafe"),
    paid("code_payment", 20, 20_000, "paypay"),
)


@pytest.mark.parametrize("method", PaymentMethod)
def test_every_method_of_the_contract_belongs_to_a_group(method):
    others = {PaymentMethod.VOUCHER, PaymentMethod.RECEIVABLE, PaymentMethod.OTHER}
    assert (group_of(method) is Group.OTHER) == (method in others)


def test_a_method_that_is_not_known_is_other():
    assert group_of("barter") is Group.OTHER


def test_brands_are_written_as_each_language_does_and_unknown_ones_as_they_came():
    rows = [paid("code_payment", 9, 9_000, brand) for brand in ("paypay", "rakuten_pay", "village_coin")]
    names = {
        language: [row[0] for row in said(mix(*rows), language).tables[1].rows] for language in LANGUAGES
    }
    assert names["ja"] == ["PayPay", "楽天ペイ", "village coin"]
    assert names["en"] == ["PayPay", "Rakuten Pay", "village coin"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("brand", sorted(TRANSLATED))
def test_every_brand_that_languages_write_differently_has_its_name_in_each(brand, language):
    rows = said(mix(paid("code_payment", 9, 9_000, brand)), language).tables[1].rows
    assert rows[0][0] != brand.replace("_", " ")


def test_the_cashless_ratio_is_the_yen_of_the_four_in_a_hundred_of_all():
    street = mix(*DAY_OF_FOUR).street
    assert street.percent(street.cashless) == 60
    assert {group: street.percent(part) for group, part in street.groups.items()} == {
        Group.CASH: 40,
        Group.CREDIT: 28,
        Group.DEBIT: None,
        Group.EMONEY: 12,
        Group.CODE: 20,
        Group.OTHER: None,
    }


def test_a_way_of_paying_that_too_few_took_at_a_shop_is_shown_where_all_shops_are_together():
    rows = [paid("debit", 3, 3_000, shop=shop) for shop in ("market", "cafe")]
    figures = mix(*DAY_OF_FOUR, *rows)
    assert figures.street.groups[Group.DEBIT].yen.shown == 6_000
    assert all(shop.groups[Group.DEBIT].yen.shown is None for shop in figures.shops)


def test_months_and_days_are_shown_each_by_itself_and_added_up():
    rows = [paid("cash", 4, 4_000, unit=DAY - n) for n in range(3)]
    assert mix(*rows, first=DAY - 2).street.groups[Group.CASH].yen.shown is None
    assert mix(paid("cash", 12, 12_000), *rows[1:]).street.groups[Group.CASH].yen.shown == 12_000


def test_the_query_is_asked_about_whole_months():
    store = Answers()
    payments.read(store, asked(DAY - 40, DAY))
    assert store.asked["payments"]["first_whole"] == day_date(DAY - 33)
    assert store.asked["payments"]["last_whole"] == day_date(DAY - 4)


def test_a_share_is_never_more_than_all_however_it_was_rounded():
    figures = mix(paid("credit", 9, 5_200), paid("cash", 6, -1_000))
    assert figures.street.percent(figures.street.groups[Group.CREDIT]) == 100


def test_the_sentence_names_the_cashless_part_and_the_greatest():
    figures = mix(*DAY_OF_FOUR)
    assert said(figures).sentences == (
        "Cash brought most of the yen, about 40%; about 60% came without cash.",
    )
    assert said(figures, "ja").sentences == (
        "売上の約60%がキャッシュレスでした。最も多いのは現金で、約40%です。",
    )


def test_brands_stand_in_a_table_of_their_own_the_greatest_first_without_those_that_are_not_shown():
    brands = said(mix(*DAY_OF_FOUR, paid("credit", 2, 400, "amex"))).tables[1]
    assert [row[0] for row in brands.rows] == ["Visa", "PayPay", "iD", "Suica"]
    assert brands.rows[0] == ("Visa", "Credit card", "28%", "about ¥28,000", "about 10")


def test_a_town_without_shops_has_no_such_block():
    assert payments.read(Answers(), asked(town=TOWN)) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_day_on_which_too_few_paid_alike_is_an_empty_state(language):
    block = said(mix(paid("cash", 4, 4_000), paid("credit", 3, 9_000)), language)
    assert block.empty
    assert (block.charts, block.tables) == ((), ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_payment_of_few_is_in_no_word_number_or_mark_of_the_block(language):
    few = paid("voucher", 2, 400, largest=300)
    assert said(mix(*DAY_OF_FOUR, few), language) == said(mix(*DAY_OF_FOUR), language)
