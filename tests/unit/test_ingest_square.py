"""Square's webhooks: a signed payment is a sale once it is completed; nothing of its buyer goes further."""

import base64
import hmac
import json

import pytest
from fakes.ingest_world import HOUR, KEY_DAY, NOON, TOWN, IngestWorld
from meguri_ingest.sales import TillStanding
from meguri_ingest.square import is_signed, judge_event
from meguri_proto.schema.sales_pb2 import Sale, Sales
from meguri_proto.towns import parse_town

STANDING = TillStanding(parse_town(TOWN.format(clock="recording"), "village.yaml"), "cafe", "square", NOON)
KEY = "signature-key-of-the-cafe"
PATH = "/v1/webhooks/square/village/cafe"
URL = f"http://ingest{PATH}"
UPDATED_MS = NOON - HOUR + 1_250


def payment(**fields):
    whole = {
        "id": "hYy9pRFVxpDsO1FB05SunFWUe9JZY",
        "created_at": "2024-03-15T02:00:00.000Z",
        "updated_at": "2024-03-15T02:00:01.250Z",
        "amount_money": {"amount": 1_200, "currency": "JPY"},
        "total_money": {"amount": 1_300, "currency": "JPY"},
        "status": "COMPLETED",
        "source_type": "CASH",
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def event(kind="payment.updated", **fields):
    return {
        "merchant_id": "M1",
        "type": kind,
        "event_id": "e-1",
        "created_at": "2024-03-15T02:00:02Z",
        "data": {"type": "payment", "id": "p-1", "object": {"payment": payment(**fields)}},
    }


def signature(body, key=KEY, url=URL):
    return base64.b64encode(hmac.digest(key.encode(), url.encode() + body, "sha256")).decode()


def judged(**fields):
    return judge_event(event(**fields), STANDING)


def test_a_signature_as_squares_documentation_computes_it_fits():
    body = b'{"hello":"world"}'
    url = "https://example.com/webhook"
    assert is_signed("2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=", "asdf1234", url, body)


@pytest.mark.parametrize(
    ("found", "key", "url", "body"),
    [
        (signature(b"body"), KEY, URL, b"body "),
        (signature(b"body"), KEY, f"{URL}/", b"body"),
        (signature(b"body"), f"{KEY}x", URL, b"body"),
        (signature(b"body").lower(), KEY, URL, b"body"),
        ("", KEY, URL, b"body"),
        ("ä", KEY, URL, b"body"),
    ],
)
def test_any_other_signature_does_not(found, key, url, body):
    assert is_signed(signature(b"body"), KEY, URL, b"body")
    assert not is_signed(found, key, url, body)


def test_a_completed_payment_is_a_sale():
    (sale,) = judged(refunded_money={"amount": 200, "currency": "JPY"}).accepted
    assert sale == Sale(
        town="village",
        shop="cafe",
        source="square",
        external_id="hYy9pRFVxpDsO1FB05SunFWUe9JZY",
        version=UPDATED_MS,
        at_ms=NOON - HOUR,
        key_day=KEY_DAY,
        amount_yen=1_200,
        method="cash",
        refunded_yen=200,
    )


@pytest.mark.parametrize("status", ["APPROVED", "PENDING"])
def test_a_payment_that_is_not_completed_yet_is_ignored(status):
    verdicts = judged(status=status)
    assert (verdicts.accepted, verdicts.rejected, verdicts.ignored) == ([], [], 1)


@pytest.mark.parametrize("status", ["CANCELED", "FAILED"])
def test_a_payment_that_came_to_nothing_is_a_cancelled_sale(status):
    (sale,) = judged(status=status).accepted
    assert (sale.cancelled, sale.version) == (True, UPDATED_MS)


@pytest.mark.parametrize("kind", ["order.updated", "refund.created", "terminal.checkout.updated", None, 5])
def test_an_event_of_another_type_is_ignored(kind):
    verdicts = judge_event({**event(), "type": kind}, STANDING)
    assert (verdicts.accepted, verdicts.rejected, verdicts.ignored) == ([], [], 1)


@pytest.mark.parametrize(
    ("details", "method", "brand"),
    [
        ({"source_type": "CASH"}, "cash", ""),
        ({"source_type": "CARD", "card_details": {"card": {"card_brand": "VISA"}}}, "credit", "visa"),
        (
            {
                "source_type": "CARD",
                "card_details": {"card": {"card_brand": "AMERICAN_EXPRESS", "last_4": "0005"}},
            },
            "credit",
            "amex",
        ),
        (
            {"source_type": "CARD", "card_details": {"card": {"card_brand": "JCB", "card_type": "DEBIT"}}},
            "debit",
            "jcb",
        ),
        ({"source_type": "CARD", "card_details": {"card": {"card_brand": "OTHER_BRAND"}}}, "credit", ""),
        (
            {"source_type": "CARD", "card_details": {"card": {"card_brand": "SQUARE_GIFT_CARD"}}},
            "voucher",
            "",
        ),
        ({"source_type": "CARD", "card_details": {"card": {"card_brand": "4242 4242"}}}, "credit", ""),
        ({"source_type": "CARD"}, "credit", ""),
        ({"source_type": "CARD", "card_details": []}, "credit", ""),
        *(
            (
                {"source_type": "WALLET", "wallet_details": {"brand": brand.upper()}},
                "code_payment",
                brand,
            )
            for brand in (
                *("cash_app", "paypay", "alipay", "rakuten_pay"),
                *("au_pay", "d_barai", "merpay", "wechat_pay"),
            )
        ),
        *(
            (
                {
                    "source_type": source_type,
                    "electronic_money_details": {"felica_details": {"felica_brand": felica}},
                },
                method,
                brand,
            )
            for source_type in ("CARD", "ELECTRONIC_MONEY", "EXTERNAL")
            for felica, method, brand in (
                ("FELICA_ID", "emoney_other", "id"),
                ("FELICA_QP", "emoney_other", "quicpay"),
                ("FELICA_TRANSPORTATION", "emoney_transit", "transit"),
                ("FELICA_OF_TOMORROW", "emoney_other", ""),
            )
        ),
        ({"source_type": "EXTERNAL"}, "other", ""),
        ({"source_type": "EXTERNAL", "external_details": {"type": "FOOD_VOUCHER"}}, "voucher", ""),
        ({"source_type": "EXTERNAL", "external_details": {"type": "EMONEY"}}, "emoney_other", ""),
        ({"source_type": "BANK_ACCOUNT"}, "other", ""),
        ({"source_type": "BUY_NOW_PAY_LATER"}, "other", ""),
        ({"source_type": "SQUARE_ACCOUNT"}, "other", ""),
        ({"source_type": "OF_TOMORROW"}, "other", ""),
        ({"source_type": ...}, "other", ""),
    ],
    ids=str,
)
def test_how_it_was_paid_is_told_in_the_taxonomys_words(details, method, brand):
    (sale,) = judged(**details).accepted
    assert (sale.method, sale.brand) == (method, brand)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"id": ...}, "external_id"),
        ({"id": "taro@example.com"}, "external_id"),
        ({"updated_at": ...}, "updated_at"),
        ({"created_at": "yesterday"}, "at"),
        ({"amount_money": ...}, "amount_money"),
        ({"amount_money": {"amount": 12, "currency": "USD"}}, "amount_money"),
        ({"amount_money": {"amount": "much", "currency": "JPY"}}, "amount_money.amount"),
        ({"amount_money": 1_200}, "amount_money"),
        ({"refunded_money": {"amount": -5, "currency": "JPY"}}, "refunded_money.amount"),
        ({"status": "OF_TOMORROW"}, "status"),
        ({"status": ...}, "status"),
    ],
    ids=str,
)
def test_a_payment_with_a_field_that_cannot_be_is_rejected_and_the_message_names_it(fields, name):
    ((refusal),) = judged(**fields).rejected
    assert (refusal.item, refusal.reason, refusal.kept) == ("sales[0]", "bad_field", None)
    assert refusal.message.startswith(f"In the payment, {name} is to be ")


@pytest.mark.parametrize("data", [None, [], {}, {"object": 5}, {"object": {"payment": []}}])
def test_an_event_without_its_payment_is_rejected(data):
    verdicts = judge_event({**event(), "data": data}, STANDING)
    assert [refusal.reason for refusal in verdicts.rejected] == ["bad_field"]


def test_a_payment_that_was_taken_offline_is_of_the_time_at_the_till():
    offline = {"client_created_at": "2024-03-15T01:30:00Z"}
    (sale,) = judged(offline_payment_details=offline).accepted
    assert sale.at_ms == NOON - HOUR - HOUR // 2


def test_a_refund_of_more_than_the_amount_gives_back_a_tip_too():
    (sale,) = judged(refunded_money={"amount": 1_300, "currency": "JPY"}).accepted
    assert (sale.amount_yen, sale.refunded_yen) == (1_200, 1_200)


@pytest.fixture
async def ingest(tmp_path):
    world = IngestWorld(tmp_path)
    world.registry.connect_webhook("village", "cafe", "square", KEY)
    yield world
    await world.close()


async def deliver(ingest, content, *, path=PATH, **signed):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = {"x-square-hmacsha256-signature": signature(body, **signed)}
    return await ingest.client.post(path, content=body, headers=headers)


def sales(log):
    return [sale for each in log.read_all("sales") for sale in Sales.FromString(each.value).sales]


async def test_a_payment_that_is_approved_and_then_completed_is_one_sale(ingest):
    approved = await deliver(ingest, event("payment.created", status="APPROVED"))
    assert (approved.status_code, approved.json()) == (200, {"accepted": 0, "rejected": [], "ignored": 1})
    completed = await deliver(ingest, event())
    assert (completed.status_code, completed.json()) == (200, {"accepted": 1, "rejected": [], "ignored": 0})
    (sale,) = sales(ingest.log)
    assert (sale.source, sale.shop, sale.version) == ("square", "cafe", UPDATED_MS)


async def test_a_webhook_that_is_delivered_again_is_the_same_sale_in_the_same_version(ingest):
    for _ in range(2):
        assert (await deliver(ingest, event())).status_code == 200
    first, second = sales(ingest.log)
    assert first == second


async def test_nothing_of_the_buyer_or_the_card_goes_further(ingest):
    await deliver(
        ingest,
        event(
            buyer_email_address="taro@example.com",
            billing_address={"first_name": "Taro"},
            customer_id="CUSTOMER",
            note="Taro's cake",
            receipt_url="https://squareup.example/receipt",
            card_details={"card": {"card_brand": "VISA", "last_4": "4242", "fingerprint": "sq-1-FINGER"}},
            source_type="CARD",
        ),
    )
    await deliver(ingest, event(id=..., buyer_email_address="taro@example.com"))
    topics = ("sales", "dead-letters")
    everything = b"".join(each.value for topic in topics for each in ingest.log.read_all(topic))
    assert b"hYy9" in everything
    for secret in (b"taro", b"Taro", b"CUSTOMER", b"cake", b"squareup", b"4242", b"FINGER"):
        assert secret not in everything


async def test_a_bad_signature_is_refused_and_leaves_its_length_alone(ingest):
    answer = await deliver(ingest, event(), key="another key")
    assert answer.status_code == 403
    assert "signature does not fit" in answer.json()["error"]
    assert sales(ingest.log) == []
    (letter,) = ingest.dead_letters()
    assert letter.value == b""
    assert letter.headers == {
        "reason": b"bad_signature",
        "source": b"ingest/sales",
        "town": b"village",
        "shop": b"cafe",
        "length": str(len(json.dumps(event()))).encode(),
    }
    metrics = await ingest.metrics()
    assert metrics['meguri_ingest_refused_total{cause="signature"}'] == 1


@pytest.mark.parametrize("path", [PATH.replace("cafe", "market"), PATH.replace("village", "elsewhere")])
async def test_a_shop_that_is_not_connected_is_answered_as_a_bad_signature_and_leaves_nothing(ingest, path):
    answers = [
        await deliver(ingest, event(), path=path, url=f"http://ingest{path}"),
        await deliver(ingest, event(), key="another key"),
    ]
    assert answers[0].status_code == 403
    assert answers[0].json() == answers[1].json()
    assert [letter.headers["shop"] for letter in ingest.dead_letters()] == [b"cafe"]


async def test_a_body_that_is_no_json_is_unreadable(ingest):
    answer = await deliver(ingest, b"not json")
    assert (answer.status_code, answer.json()) == (400, {"error": "The body is no JSON."})
    (letter,) = ingest.dead_letters()
    assert letter.headers["reason"] == b"unreadable"


async def test_what_is_rejected_is_answered_with_200_and_kept_among_the_dead_letters(ingest):
    ahead = event(created_at="2024-03-15T05:00:00Z")
    answer = await deliver(ingest, ahead)
    assert answer.status_code == 200
    assert [each["reason"] for each in answer.json()["rejected"]] == ["clock_ahead"]
    (letter,) = ingest.dead_letters()
    (kept,) = Sales.FromString(letter.value).sales
    assert kept.source == "square"


async def test_the_address_that_is_signed_may_be_a_proxys(tmp_path):
    ingest = IngestWorld(tmp_path, public_url="https://ingest.example.jp/")
    ingest.registry.connect_webhook("village", "cafe", "square", KEY)
    assert (await deliver(ingest, event())).status_code == 403
    assert (await deliver(ingest, event(), url=f"https://ingest.example.jp{PATH}")).status_code == 200
    await ingest.close()


async def test_if_kafka_does_not_acknowledge_square_is_asked_to_come_again(ingest):
    ingest.log.available = False
    assert (await deliver(ingest, event())).status_code == 503
