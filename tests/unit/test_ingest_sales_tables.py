"""Sales as tables: Meguri's own CSV and スマレジ's, in the encodings in which shops save them."""

import pytest
from fakes.ingest_world import HOUR, KEY_DAY, NOON, TOWN, IngestWorld
from meguri_ingest.bodies import TooLargeError, UnreadableError
from meguri_ingest.sales import TillStanding
from meguri_ingest.sales_tables import judge_own_table, judge_smaregi_table, payment_method
from meguri_proto.schema.sales_pb2 import Sale, Sales
from meguri_proto.towns import parse_town

STANDING = TillStanding(parse_town(TOWN.format(clock="recording"), "village.yaml"), "cafe", "till", NOON)
OWN = """external_id,version,at,amount_yen,tax_yen,method,brand,refunded_yen,cancelled
r-1,1,2024-03-15T11:00:00+09:00,1200,109,code_payment,paypay,0,false
r-2,2,2024/3/15 11:05,"1,500",,cash,,500,true
"""
SMAREGI = """取引ID,取引日時,取引区分,取消区分,単価値引き前小計,合計,内消費税,内現金支払金額,\
内クレジット支払金額,内PayPay支払金額,会員名
1001,2024/03/15 11:00:00,1,0,1200,1200,109,1200,0,0,山田
1002,2024/03/15 11:01:00,1,1,500,500,45,0,500,0,
1003,2024/03/15 11:02:00,1,0,900,900,81,200,0,700,
1004,2024/03/15 11:03:00,3,0,0,5000,0,5000,0,0,
1005,2024/03/15 11:04:00,1,0,0,0,0,0,0,0,
"""


def own(text, most=100):
    return judge_own_table(text if isinstance(text, bytes) else text.encode(), STANDING, most)


def smaregi(text, most=100):
    return judge_smaregi_table(text if isinstance(text, bytes) else text.encode(), STANDING, most)


def refusals(verdicts):
    return [(each.item, each.reason.value, each.message) for each in verdicts.rejected]


def test_a_row_of_the_own_table_is_the_sale_that_json_would_be():
    verdicts = own(OWN)
    assert refusals(verdicts) == []
    assert verdicts.accepted == [
        Sale(
            town="village",
            shop="cafe",
            source="till",
            external_id="r-1",
            version=1,
            at_ms=NOON - HOUR,
            key_day=KEY_DAY,
            amount_yen=1_200,
            tax_yen=109,
            method="code_payment",
            brand="paypay",
        ),
        Sale(
            town="village",
            shop="cafe",
            source="till",
            external_id="r-2",
            version=2,
            at_ms=NOON - HOUR + 300_000,
            key_day=KEY_DAY,
            amount_yen=1_500,
            method="cash",
            refunded_yen=500,
            cancelled=True,
        ),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_is_read_in_the_encodings_and_with_the_line_ends_of_shops(encoding, end):
    for judge, text in ((own, OWN), (smaregi, SMAREGI)):
        saved = text.replace("\n", end).encode(encoding)
        assert judge(saved).accepted == judge(text).accepted
        assert judge(saved).accepted


def test_columns_may_stand_in_any_order_others_are_not_read_and_empty_lines_are_none():
    table = "method,memo,at,external_id,amount_yen\n\ncash,山田様,2024-03-15 11:00,r-1,100\n,,,,\n"
    (sale,) = own(table).accepted
    assert (sale.external_id, sale.amount_yen, sale.version) == ("r-1", 100, 1)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "r-2,1,2024-03-15T11:00,1e3,,cash,,,",
            "amount_yen is to be a whole number from 0 to 1000000000.",
        ),
        ("r-2,1,2024-03-15T11:00,100,,cash,,,,,", "The row has more cells than the first line names."),
        (
            "r-2,1,2024-03-15T11:00",
            "amount_yen is to be a whole number from 0 to 1000000000.",
        ),
    ],
)
def test_a_row_that_is_no_sale_is_rejected_with_its_line(row, message):
    verdicts = own(f"{OWN}{row}\n")
    assert len(verdicts.accepted) == 2
    assert refusals(verdicts) == [("sales[2]", "bad_field", f"Line 4: {message}")]


@pytest.mark.parametrize(
    "table",
    [
        b"",
        b"external_id,at,amount_yen\nr-1,2024-03-15,100\n",
        OWN.replace(",", ";").encode(),
        OWN.encode() + b'r-3,"never closed',
        OWN.encode("utf-16"),
        b"\x81",
        b"\xff\xfe\xfd",
    ],
)
def test_what_is_no_such_table_is_unreadable(table):
    with pytest.raises(UnreadableError, match=r"\.$"):
        own(table)
    with pytest.raises(UnreadableError):
        smaregi(OWN)


def test_a_table_may_have_as_many_rows_as_a_request_and_no_more():
    assert len(own(OWN, 2).accepted) == 2
    with pytest.raises(TooLargeError, match="more than 1 rows"):
        own(OWN, 1)


def test_a_transaction_of_smaregi_is_a_sale_and_its_cancellation_a_later_version():
    verdicts = smaregi(SMAREGI)
    assert refusals(verdicts) == []
    first, second, third, fourth = verdicts.accepted
    assert first == Sale(
        town="village",
        shop="cafe",
        source="till",
        external_id="1001",
        version=1,
        at_ms=NOON - HOUR,
        key_day=KEY_DAY,
        amount_yen=1_200,
        tax_yen=109,
        method="cash",
    )
    assert (second.external_id, second.version, second.cancelled, second.method) == (
        "1002",
        2,
        True,
        "credit",
    )
    assert (third.method, third.amount_yen) == ("code_payment", 900), "what paid most"
    assert (fourth.method, fourth.amount_yen) == ("other", 0), "nothing was paid"


def test_what_smaregi_lists_beside_sales_is_ignored_and_counted():
    verdicts = smaregi(SMAREGI)
    assert verdicts.ignored == 1
    assert "1004" not in {sale.external_id for sale in verdicts.accepted}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("1001,2024/03/15 11:00:00,1,0", "1001,2024/03/15 11:00:00,1,9"), "取消区分 is to be 0 or 1."),
        (("1001,2024/03/15 11:00:00", "1001,yesterday"), "at is to be a time in ISO 8601"),
        (("1200,109,1200", "1200,109,much"), "内現金支払金額 is to be a whole number"),
        (("1200,1200,109", "1200,-1200,0"), "amount_yen is to be a whole number from 0"),
    ],
)
def test_a_transaction_that_cannot_be_read_is_rejected_with_its_line(change, message):
    table = SMAREGI.replace(*change)
    assert table != SMAREGI
    ((item, reason, found),) = refusals(smaregi(table))
    assert (item, reason) == ("sales[0]", "bad_field")
    assert found.startswith(f"Line 2: {message}")


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("現金", "cash"),
        ("クレジット", "credit"),
        ("クレジットカード", "credit"),
        ("デビット", "debit"),
        ("交通系電子マネー", "emoney_transit"),
        ("Suica", "emoney_transit"),
        ("電子マネー", "emoney_other"),
        ("iD", "emoney_other"),
        ("\uff37\uff21\uff2f\uff2e", "emoney_other"),
        ("QUICPay", "emoney_other"),
        ("QR決済", "code_payment"),
        ("PayPay", "code_payment"),
        ("d払い", "code_payment"),
        ("楽天ペイ", "code_payment"),
        ("au PAY", "code_payment"),
        ("バーコード決済", "code_payment"),
        ("商品券", "voucher"),
        ("QUOカード", "voucher"),
        ("売掛金", "receivable"),
        ("村の何か", "other"),
    ],
)
def test_merchants_name_methods_in_many_ways(name, method):
    assert payment_method(name) == method


@pytest.fixture
async def ingest(tmp_path):
    world = IngestWorld(tmp_path)
    yield world
    await world.close()


async def post_table(ingest, table, content_type="text/csv", **query):
    return await ingest.client.post(
        "/v1/sales",
        content=table,
        params=query,
        headers={"Content-Type": content_type, **ingest.authorization("cafe", "till")},
    )


async def test_a_posted_table_is_answered_as_json_is(ingest):
    answer = await post_table(ingest, OWN + "r-3,1,noon,1,,cash,,,\n", "text/csv; charset=utf-8")
    assert answer.status_code == 200
    assert (answer.json()["accepted"], answer.json()["ignored"]) == (2, 0)
    (rejected,) = answer.json()["rejected"]
    assert (rejected["item"], rejected["reason"]) == ("sales[2]", "bad_field")
    (message,) = ingest.log.read_all("sales")
    assert [sale.source for sale in Sales.FromString(message.value).sales] == ["till", "till"]


async def test_a_posted_list_of_smaregi_has_smaregi_as_its_source(ingest):
    answer = await post_table(ingest, SMAREGI.encode("cp932"), format="smaregi")
    assert answer.json() == {"accepted": 4, "rejected": [], "ignored": 1}
    (message,) = ingest.log.read_all("sales")
    assert {sale.source for sale in Sales.FromString(message.value).sales} == {"smaregi"}
    assert "山田".encode() not in message.value
    assert (await ingest.metrics())['meguri_ingest_ignored_total{endpoint="sales"}'] == 1


async def test_a_table_of_another_source_names_it(ingest):
    await post_table(ingest, OWN, source="square")
    (message,) = ingest.log.read_all("sales")
    assert {sale.source for sale in Sales.FromString(message.value).sales} == {"square"}


async def test_a_table_that_cannot_be_read_leaves_its_length_alone(ingest):
    answer = await post_table(ingest, "山田,太郎\n")
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "The table's first line lacks external_id, at, amount_yen, method.",
    )
    (letter,) = ingest.dead_letters()
    assert (letter.headers["reason"], letter.headers["length"], letter.value) == (b"unreadable", b"14", b"")


async def test_another_type_or_form_is_refused(ingest):
    assert (await post_table(ingest, OWN, "text/plain")).status_code == 415
    assert (await post_table(ingest, "{}", "application/json", format="smaregi")).status_code == 415
    assert (await post_table(ingest, OWN, format="airregi")).status_code == 400
