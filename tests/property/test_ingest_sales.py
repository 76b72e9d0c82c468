"""Whatever tills post becomes sales that are what they say, or refusals that show nothing of it."""

import csv
import io
import json
from itertools import pairwise

from fakes.ingest_world import NOON, START, TOWN
from hypothesis import example, given
from hypothesis import strategies as st
from meguri_ingest.coalescing import MAX_MESSAGE_BYTES
from meguri_ingest.sales import COLUMNS, MOST_YEN, TillStanding, judge_sales
from meguri_ingest.sales_tables import judge_own_table
from meguri_ingest.square import judge_event
from meguri_ingest.till_intake import in_messages
from meguri_proto.payments import BRAND, PaymentMethod
from meguri_proto.reasons import RejectReason
from meguri_proto.schema.sales_pb2 import Sale, Sales
from meguri_proto.towns import parse_town

VILLAGE = parse_town(TOWN.format(clock="recording"), "village.yaml")
STANDING = TillStanding(VILLAGE, "cafe", "till", NOON)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
amounts = st.integers(0, MOST_YEN)
right_sales = st.builds(
    lambda external_id, version, seconds, amount, tax, refunded, method, brand, cancelled: {
        "external_id": external_id,
        "version": version,
        "at": f"2024-03-15T{4 + seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}",
        "amount_yen": amount,
        "tax_yen": min(tax, amount),
        "refunded_yen": min(refunded, amount),
        "method": method.value,
        "brand": brand,
        "cancelled": cancelled,
    },
    st.from_regex(r"[A-Za-z0-9._:/-]{1,64}", fullmatch=True),
    st.integers(0, 2**63 - 1),
    st.integers(0, 8 * 3600),
    amounts,
    amounts,
    amounts,
    st.sampled_from(PaymentMethod),
    st.sampled_from(["", "paypay", "visa", "au_pay"]),
    st.booleans(),
)
items = st.one_of(
    right_sales,
    anything,
    st.builds(
        lambda sale, name, value: {**sale, name: value}, right_sales, st.sampled_from(COLUMNS), anything
    ),
)


@given(st.lists(items, max_size=8))
def test_each_item_is_a_sale_that_can_be_or_a_refusal_with_a_sentence(posted):
    verdicts = judge_sales(posted, STANDING)
    assert len(verdicts.accepted) + len(verdicts.rejected) == len(posted)
    for sale in verdicts.accepted:
        assert (sale.town, sale.shop, sale.source) == ("village", "cafe", "till")
        assert 0 <= max(sale.tax_yen, sale.refunded_yen) <= sale.amount_yen <= MOST_YEN
        assert sale.at_ms <= NOON + VILLAGE.clock_lead_ms
        assert sale.key_day == VILLAGE.key_day_at(sale.at_ms)
        assert sale.method in set(PaymentMethod)
        assert BRAND.fullmatch(sale.brand)
    for refusal in verdicts.rejected:
        assert refusal.message.endswith(".")
        assert (refusal.kept is None) == (refusal.reason is RejectReason.BAD_FIELD)


@given(st.lists(right_sales, max_size=20))
def test_a_table_tells_the_same_sales_as_json(posted):
    told = judge_sales(json.loads(json.dumps(posted)), STANDING)
    assert len(told.accepted) == len(posted)
    assert [sale.at_ms >= START for sale in told.accepted] == [True] * len(posted)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(posted)
    assert judge_own_table(text.getvalue().encode("utf-8-sig"), STANDING, 100) == told


@given(anything | st.fixed_dictionaries({"type": st.just("payment.updated"), "data": anything}))
@example({"type": "payment.updated", "data": {"object": {"payment": {"status": "COMPLETED"}}}})
@example({"type": [], "data": 5})
def test_whatever_square_signs_is_judged(event):
    if isinstance(event, dict):
        verdicts = judge_event(event, STANDING)
        assert len(verdicts.accepted) + len(verdicts.rejected) + verdicts.ignored == 1


@given(st.lists(st.integers(1, 200_000), max_size=30))
def test_messages_hold_everything_once_in_its_order_and_none_is_too_large(lengths):
    sales = [Sale(external_id="x" * length, version=number) for number, length in enumerate(lengths)]
    parts = list(in_messages(sales))
    assert [sale for part in parts for sale in part] == sales
    assert all(len(Sales(sales=part).SerializeToString()) <= MAX_MESSAGE_BYTES for part in parts)
    assert len(parts) <= 1 or all(
        len(Sales(sales=[*part, following[0]]).SerializeToString()) > MAX_MESSAGE_BYTES - 8 * (len(part) + 1)
        for part, following in pairwise(parts)
    )
