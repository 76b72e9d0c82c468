"""The topics that map one to one to rows: what becomes a row, what is refused, and what waits."""

import re
from types import SimpleNamespace

import pytest
from fakes.log import MemoryLog
from meguri_flow.stream.one_to_one import write
from meguri_flow.stream.topic_rows import ONE_TO_ONE, Rejected
from meguri_kit.clickhouse.schema import schema_file
from meguri_kit.clickhouse.store import StoreError, StoreUnavailableError
from meguri_kit.log import LogUnavailableError
from meguri_proto.reasons import RejectReason
from meguri_proto.schema.counts_pb2 import Count, CountBatch
from meguri_proto.schema.guide_pb2 import GuideEvent
from meguri_proto.schema.sales_pb2 import Sale, Sales
from meguri_proto.topics import topics

OF_TOPIC = {one_to_one.topic: one_to_one for one_to_one in ONE_TO_ONE}
SALE = Sale(town="t", source="till", external_id="1", shop="s", key_day=7, at_ms=5, version=1)
EVENT = GuideEvent(town="t", event_id="e", key_day=7)


def sales(*changes):
    made = []
    for change in changes:
        sale = Sale()
        sale.CopyFrom(SALE)
        for name, value in change.items():
            setattr(sale, name, value)
        made.append(sale)
    return Sales(sales=made).SerializeToString()


def event(**changes):
    made = GuideEvent()
    made.CopyFrom(EVENT)
    for name, value in changes.items():
        setattr(made, name, value)
    return made.SerializeToString()


def test_every_topic_that_the_flow_reads_besides_the_detections_has_its_rows():
    read = {topic.name for topic in topics().values() if "flow" in topic.consumers}
    assert set(OF_TOPIC) == read - {"detections"}


@pytest.mark.parametrize("one_to_one", ONE_TO_ONE, ids=lambda one_to_one: one_to_one.topic)
def test_a_topic_fills_every_column_of_its_table(one_to_one):
    (table,) = re.findall(rf"CREATE TABLE {one_to_one.table}\n\((.*?)\n\)", schema_file(), re.DOTALL)
    assert set(re.findall(r"`(\w+)`", table)) == {*one_to_one.name, *one_to_one.further}
    (order,) = re.findall(
        rf"CREATE TABLE {one_to_one.table}\n.*?ORDER BY \((.*?)\)", schema_file(), re.DOTALL
    )
    assert set(one_to_one.name) <= set(order.split(", "))


def test_a_sale_keeps_every_field():
    every = {
        "amount_yen": -(2**63),
        "tax_yen": 2**63 - 1,
        "method": "qr",
        "brand": "paypay",
        "refunded_yen": 3,
        "cancelled": True,
        "version": 2**64 - 1,
    }
    columns, rejected = OF_TOPIC["sales"].rows([sales(every, {})])
    assert rejected == []
    found = {name: list(column) for name, column in columns.items()}
    named = {"town": "t", "source": "till", "external_id": "1", "shop": "s", "key_day": 7, "at_ms": 5}
    assert {name: column[0] for name, column in found.items()} == {**named, **every, "cancelled": 1}
    assert found["cancelled"] == [1, 0]
    assert not isinstance(found["cancelled"][0], bool)


def test_an_event_of_a_guide_that_compared_no_clocks_is_estimated_at_its_own_time():
    columns, _ = OF_TOPIC["guide-events"].rows([event(at_ms=5), event(event_id="f", at_ms=5, estimated_ms=9)])
    assert list(columns["estimated_ms"]) == [5, 9]
    assert list(columns["at_ms"]) == [5, 5]


def test_the_counts_of_a_batch_are_all_of_its_counter():
    counts = [Count(quantity="people", from_ms=n, to_ms=n + 1, count=n, key_day=7, version=1) for n in (1, 2)]
    batch = CountBatch(town="t", counter="gate", counts=counts)
    columns, _ = OF_TOPIC["counts"].rows([batch.SerializeToString()])
    assert columns["counter"] == ("gate", "gate")
    assert columns["count"] == (1, 2)


@pytest.mark.parametrize(
    "change", [{"town": ""}, {"event_id": ""}, {"key_day": -1}, {"key_day": 65_536}, {"rating": 6}]
)
def test_what_has_no_name_or_does_not_fit_its_column_is_refused_and_the_rest_is_taken(change):
    columns, rejected = OF_TOPIC["guide-events"].rows([event(), event(**change), event(event_id="f")])
    assert rejected == [Rejected(1, RejectReason.BAD_FIELD, 1)]
    assert columns["event_id"] == ("e", "f")


@pytest.mark.parametrize("change", [{"key_day": 0}, {"key_day": 65_535}, {"rating": 5}, {"walk": 2**64 - 1}])
def test_the_greatest_values_that_fit_are_taken(change):
    _, rejected = OF_TOPIC["guide-events"].rows([event(**change)])
    assert rejected == []


class TryingStore:
    """Refuses as often as it is told, then keeps what it gets."""

    def __init__(self, refusals=0, error=None):
        self.refusals = refusals
        self.error = error or StoreUnavailableError("away")
        self.rows = []

    def insert(self, table, columns):
        if self.refusals:
            self.refusals -= 1
            raise self.error
        self.rows += [(table, *row) for row in zip(*(columns[n] for n in ("town", "event_id")), strict=True)]


class ReluctantLog:
    """Refuses as often as it is told, then counts what it gets; no row is written before."""

    def __init__(self, refusals, rows):
        self.refusals = refusals
        self.rows = rows
        self.letters = 0

    async def append(self, *_, **__):
        assert self.rows == []
        if self.refusals:
            self.refusals -= 1
            raise LogUnavailableError("away")
        self.letters += 1


def events(*values):
    """As the agent takes them from the stream."""
    of_topic = {"topic": "guide-events", "partition": 3}
    messages = [SimpleNamespace(offset=offset, **of_topic) for offset in range(70, 70 + len(values))]
    return [SimpleNamespace(value=v, message=m) for v, m in zip(values, messages, strict=True)]


@pytest.fixture
def no_waiting(monkeypatch):
    monkeypatch.setattr("meguri_flow.stream.one_to_one.RETRY_SECONDS", 0)


async def test_what_is_refused_becomes_a_dead_letter_that_says_where_it_stands_and_has_no_body(no_waiting):
    log, store = MemoryLog(), TryingStore()
    await write(OF_TOPIC["guide-events"], store, log, events(event(), b"\xff\xff", event(town="")))
    assert store.rows == [("guide_events", "t", "e")]
    letters = log.read_all("dead-letters")
    assert [letter.value for letter in letters] == [b"", b""]
    assert [letter.headers for letter in letters] == [
        {"reason": b"unreadable", "source": b"guide-events/3/71", "rows": b"0"},
        {"reason": b"bad_field", "source": b"guide-events/3/72", "rows": b"1"},
    ]


async def test_rows_wait_for_a_store_that_is_away_and_no_letter_is_sent_twice(no_waiting):
    log, store = MemoryLog(), TryingStore(refusals=3)
    await write(OF_TOPIC["guide-events"], store, log, events(event(), b"\xff\xff"))
    assert store.rows == [("guide_events", "t", "e")]
    assert len(log.read_all("dead-letters")) == 1


async def test_rows_wait_for_a_log_that_takes_no_letters(no_waiting):
    store = TryingStore()
    log = ReluctantLog(refusals=2, rows=store.rows)
    await write(OF_TOPIC["guide-events"], store, log, events(event(), b"\xff\xff"))
    assert store.rows == [("guide_events", "t", "e")]
    assert log.letters == 1


async def test_what_a_store_refuses_for_good_is_an_error_so_that_nothing_is_acknowledged():
    store = TryingStore(refusals=1, error=StoreError("no such table"))
    with pytest.raises(StoreError, match="no such table"):
        await write(OF_TOPIC["guide-events"], store, MemoryLog(), events(event()))
