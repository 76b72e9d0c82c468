"""Sales: what a till tells is accepted or rejected for a reason, field by field; one message a request."""

import pytest
from fakes.ingest_world import DAY, HOUR, KEY_DAY, NOON, START, TOWN, IngestWorld
from meguri_ingest.sales import TillStanding, judge_sales
from meguri_proto.payments import PaymentMethod
from meguri_proto.reasons import RejectReason
from meguri_proto.schema.sales_pb2 import Sale, Sales
from meguri_proto.towns import parse_town

STANDING = TillStanding(parse_town(TOWN.format(clock="recording"), "village.yaml"), "cafe", "till", NOON)


@pytest.fixture
async def ingest(tmp_path):
    world = IngestWorld(tmp_path)
    yield world
    await world.close()


@pytest.fixture
async def live(tmp_path):
    world = IngestWorld(tmp_path, clock="live")
    yield world
    await world.close()


def sale(**fields):
    """A sale at 11:00 that is accepted as it is; a field given as ... is left out."""
    whole = {
        "external_id": "r-1",
        "at": "2024-03-15T11:00:00",
        "amount_yen": 1_200,
        "method": "cash",
        **fields,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def messages(log):
    return [list(Sales.FromString(each.value).sales) for each in log.read_all("sales")]


def reasons(answer):
    body = answer.json()
    return [(each["item"], each["reason"]) for each in body["rejected"]], body["accepted"]


async def test_an_accepted_sale_is_in_the_log_when_the_answer_comes(ingest):
    answer = await ingest.post_sales(
        [
            sale(
                version=3,
                tax_yen=109,
                method="code_payment",
                brand="paypay",
                refunded_yen=200,
                cancelled=True,
            )
        ],
        source="register-2",
    )
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "rejected": [], "ignored": 0})
    assert messages(ingest.log) == [
        [
            Sale(
                town="village",
                shop="cafe",
                source="register-2",
                external_id="r-1",
                version=3,
                at_ms=NOON - HOUR,
                key_day=KEY_DAY,
                amount_yen=1_200,
                tax_yen=109,
                method="code_payment",
                brand="paypay",
                refunded_yen=200,
                cancelled=True,
            )
        ]
    ]
    (record,) = ingest.log.read_all("sales")
    assert record.key == b"village"


async def test_what_a_till_leaves_out_has_its_default(ingest):
    await ingest.post_sales([sale()])
    ((found,),) = messages(ingest.log)
    assert (found.source, found.version, found.tax_yen, found.brand) == ("till", 1, 0, "")
    assert (found.refunded_yen, found.cancelled) == (0, False)


async def test_all_sales_of_a_request_stand_in_one_message_in_their_order(ingest):
    await ingest.post_sales([sale(external_id=f"r-{n}") for n in range(300)])
    (found,) = messages(ingest.log)
    assert [each.external_id for each in found] == [f"r-{n}" for n in range(300)]


async def test_more_than_a_message_holds_is_split_and_nothing_is_lost(ingest):
    posted = [sale(external_id=f"{'x' * 58}{n:06}", source="y" * 32) for n in range(6_000)]
    assert (await ingest.post_sales(posted)).json()["accepted"] == 6_000
    records = ingest.log.read_all("sales")
    assert len(records) > 1
    assert all(len(record.value) <= 500_000 for record in records)
    assert [each.external_id for part in messages(ingest.log) for each in part] == [
        each["external_id"] for each in posted
    ]


@pytest.mark.parametrize(
    ("at", "at_ms"),
    [
        ("2024-03-15T11:00:00", NOON - HOUR),
        ("2024-03-15 11:00", NOON - HOUR),
        ("2024/3/15 11:00:00", NOON - HOUR),
        ("2024-03-15T11:00:00+09:00", NOON - HOUR),
        ("2024-03-15T02:00:00Z", NOON - HOUR),
        ("2024-03-15T02:00:00.250Z", NOON - HOUR + 250),
        ("2024-03-14T21:00:00-05:00", NOON - HOUR),
    ],
)
def test_a_time_without_an_offset_is_the_towns(at, at_ms):
    (found,) = judge_sales([sale(at=at)], STANDING).accepted
    assert found.at_ms == at_ms


@pytest.mark.parametrize(
    ("at", "key_day"), [("2024-03-15T03:59:59", KEY_DAY - 1), ("2024-03-15T04:00", KEY_DAY)]
)
def test_a_sale_belongs_to_the_key_day_of_its_time(at, key_day):
    (found,) = judge_sales([sale(at=at)], STANDING).accepted
    assert found.key_day == key_day


@pytest.mark.parametrize(
    "fields",
    [
        {"external_id": ...},
        {"external_id": ""},
        {"external_id": "x" * 65},
        {"external_id": "taro@example.com"},
        {"external_id": "山田"},
        {"external_id": ["r-1"]},
        {"external_id": True},
        {"version": -1},
        {"version": 2**63},
        {"version": 1.5},
        {"version": True},
        {"at": ...},
        {"at": 1_710_468_000_000},
        {"at": "noon"},
        {"at": "2024-03-15"},
        {"at": "1999-12-31T23:59:59Z"},
        {"at": "9999-12-31T23:59:59-12:00"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"amount_yen": ...},
        {"amount_yen": -1},
        {"amount_yen": 1_000_000_001},
        {"amount_yen": 1200.0},
        {"amount_yen": "1200.50"},
        {"amount_yen": None},
        {"tax_yen": 1_201},
        {"tax_yen": -1},
        {"refunded_yen": 1_201},
        {"refunded_yen": -1},
        {"method": ...},
        {"method": "bitcoin"},
        {"method": 1},
        {"method": []},
        {"brand": "VISA"},
        {"brand": "visa 4242"},
        {"brand": "4242424242424242"},
        {"brand": "x" * 33},
        {"cancelled": "perhaps"},
        {"cancelled": 2},
    ],
    ids=str,
)
def test_a_sale_with_a_field_that_cannot_be_is_rejected_and_the_message_names_it(fields):
    verdicts = judge_sales([sale(), sale(**fields)], STANDING)
    assert [each.external_id for each in verdicts.accepted] == ["r-1"]
    (refusal,), (name,) = verdicts.rejected, fields
    assert (refusal.item, refusal.reason, refusal.kept) == ("sales[1]", RejectReason.BAD_FIELD, None)
    assert refusal.message.startswith(f"{name} is to be ")
    assert refusal.message.endswith(".")


@pytest.mark.parametrize("item", [None, 1, "sale", [], [1]])
def test_what_is_no_object_is_no_sale(item):
    verdicts = judge_sales([item, sale()], STANDING)
    assert [(each.item, each.reason) for each in verdicts.rejected] == [("sales[0]", "bad_field")]
    assert len(verdicts.accepted) == 1


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"amount_yen": "1,200"}, {"amount_yen": 1_200}),
        ({"external_id": 1001}, {"external_id": "1001"}),
        ({"cancelled": "1"}, {"cancelled": True}),
        (
            {"cancelled": None, "tax_yen": None, "brand": "", "version": ""},
            {"cancelled": False, "version": 1},
        ),
    ],
)
def test_tills_write_numbers_and_flags_in_several_ways(fields, expected):
    (found,) = judge_sales([sale(**fields)], STANDING).accepted
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize("method", PaymentMethod)
def test_every_method_of_the_taxonomy_is_one(method):
    assert judge_sales([sale(method=method.value)], STANDING).accepted[0].method == method


async def test_fields_that_nobody_asked_for_go_no_further(ingest):
    await ingest.post_sales(
        [sale(buyer_email_address="taro@example.com", note="Yamada"), sale(method="taro@example.com")]
    )
    everything = b"".join(
        each.value for topic in ("sales", "dead-letters") for each in ingest.log.read_all(topic)
    )
    assert b"r-1" in everything
    assert b"example" not in everything
    assert b"Yamada" not in everything


async def test_a_sale_ahead_of_town_time_is_rejected_from_where_a_clock_may_no_longer_lead(ingest):
    fits, over = sale(at="2024-03-15T12:00:30"), sale(at="2024-03-15T12:00:30.001")
    answer = await ingest.post_sales([fits, over])
    assert reasons(answer) == ([("sales[1]", "clock_ahead")], 1)
    await ingest.tick(NOON + 1)
    assert reasons(await ingest.post_sales([over])) == ([], 1)


async def test_a_sale_of_a_sealed_day_or_a_past_year_is_accepted(ingest):
    await ingest.tick(START + 3 * DAY)
    assert reasons(await ingest.post_sales([sale(), sale(at="2019-05-01T10:00:00")])) == ([], 2)


async def test_everything_is_ahead_of_a_town_that_has_no_time_yet(ingest):
    with ingest.registry.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM town_times")
    assert reasons(await ingest.post_sales([sale()])) == ([("sales[0]", "clock_ahead")], 0)


async def test_a_live_towns_sales_are_judged_by_the_wall_clock(live):
    later = sale(at="2024-03-15T12:10:00")
    assert reasons(await live.post_sales([later])) == ([("sales[0]", "clock_ahead")], 0)
    live.now_ms = NOON + 10 * 60_000
    assert reasons(await live.post_sales([later])) == ([], 1)


async def test_a_shop_that_the_towns_file_does_not_name_is_rejected_and_what_it_sold_is_kept(ingest):
    answer = await ingest.post_sales([sale(), sale(external_id="r-2"), sale(amount_yen=-1)], shop="closed")
    assert answer.status_code == 422
    assert reasons(answer)[0] == [
        ("sales[0]", "unknown_shop"),
        ("sales[1]", "unknown_shop"),
        ("sales[2]", "bad_field"),
    ]
    kept, bare = ingest.dead_letters()
    assert kept.headers == {
        "reason": b"unknown_shop",
        "source": b"ingest/sales",
        "town": b"village",
        "shop": b"closed",
        "sales": b"2",
    }
    assert [each.external_id for each in Sales.FromString(kept.value).sales] == ["r-1", "r-2"]
    assert (bare.headers["reason"], bare.headers["sales"], bare.value) == (b"bad_field", b"1", b"")


async def test_a_till_tells_the_sales_of_its_own_shop_alone(ingest):
    answer = await ingest.post_sales([sale()], shop="cafe", source="till")
    assert answer.status_code == 200
    refused = await ingest.client.post(
        "/v1/sales?shop=market", json={"sales": [sale()]}, headers=ingest.authorization("cafe", "till")
    )
    assert refused.status_code == 403
    assert [each.shop for part in messages(ingest.log) for each in part] == ["cafe"]


async def test_a_replayer_names_the_shop_in_a_recording_town_alone(ingest, live):
    assert (await ingest.post_sales([sale()], shop="market", role="replayer")).json()["accepted"] == 1
    assert [each.shop for part in messages(ingest.log) for each in part] == ["market"]
    assert (await ingest.post_sales([sale()], shop="", role="replayer")).status_code == 400
    assert (await live.post_sales([sale()], shop="market", role="replayer")).status_code == 403


@pytest.mark.parametrize("source", ["", "Till", "a b", "x" * 33, "taro@example.com"])
async def test_a_source_that_is_no_name_is_refused(ingest, source):
    answer = await ingest.post_sales([sale()], source=source)
    assert (answer.status_code, answer.json()["error"][:6]) == (400, "source")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"sales": {}}', b"{", b"\xff", b"[" * 100_000, b'{"sales": ' + b"1" * 9_000]
)
async def test_a_body_that_is_no_list_of_sales_leaves_its_length_alone(ingest, body):
    answer = await ingest.client.post("/v1/sales", content=body, headers=ingest.authorization("cafe", "till"))
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    (letter,) = ingest.dead_letters()
    assert letter.value == b""
    assert letter.headers == {
        "reason": b"unreadable",
        "source": b"ingest/sales",
        "town": b"village",
        "shop": b"cafe",
        "length": str(len(body)).encode(),
    }


async def test_a_request_of_which_nothing_is_accepted_is_422_and_says_why(ingest):
    answer = await ingest.post_sales([sale(amount_yen=-1)])
    assert answer.status_code == 422
    assert answer.json() == {
        "accepted": 0,
        "rejected": [
            {
                "item": "sales[0]",
                "reason": "bad_field",
                "message": "amount_yen is to be a whole number from 0 to 1000000000.",
            }
        ],
        "ignored": 0,
        "error": "Nothing was accepted; `rejected` says why.",
    }


async def test_a_request_without_sales_is_accepted(ingest):
    assert (await ingest.post_sales([])).json() == {"accepted": 0, "rejected": [], "ignored": 0}
    assert ingest.log.read_all("sales") == []


async def test_a_request_with_too_many_sales_is_refused_whole(tmp_path):
    ingest = IngestWorld(tmp_path, max_items=2)
    assert (await ingest.post_sales([sale()] * 3)).status_code == 413
    assert (await ingest.post_sales([sale()] * 2)).json()["accepted"] == 2
    await ingest.close()


async def test_if_kafka_does_not_acknowledge_the_till_is_asked_to_come_again(ingest):
    ingest.log.available = False
    answer = await ingest.post_sales([sale()])
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


async def test_sales_are_counted_as_they_are_judged(ingest):
    await ingest.post_sales([sale(), sale(external_id="r-2"), sale(brand="4")])
    metrics = await ingest.metrics()
    assert metrics["meguri_ingest_sales_accepted_total"] == 2
    assert metrics['meguri_ingest_rejected_total{reason="bad_field"}'] == 1
