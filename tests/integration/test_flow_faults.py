"""What breaks around the flow while it works: nothing is lost or doubled, and it goes on by itself."""

import asyncio
import threading
from functools import partial

import pytest
from engines.flow_world import (
    PATIENCE,
    Worker,
    append,
    eventually,
    is_complete,
    values_of,
    visits_in,
    walk,
)
from engines.tcp_proxy import TcpProxy
from meguri.engines import Children, Kafka
from meguri.engines.ports import free_ports
from meguri_flow.app import Flow
from meguri_flow.metrics import SINK_RETRIES
from meguri_kit.clickhouse.migrations import migrate
from meguri_kit.clickhouse.server import ServerStore
from meguri_kit.clickhouse.store import StoreError, StoreUnavailableError
from meguri_kit.log.producer import LogProducer
from meguri_kit.log.topics import create_topics
from meguri_proto.schema.sales_pb2 import Sale, Sales
from reference.fold import fold
from reference.log import DAY


@pytest.fixture(scope="module")
def kafka(kafka_bootstrap):
    create_topics(kafka_bootstrap)
    return kafka_bootstrap


@pytest.fixture
def log(kafka):
    log = LogProducer(kafka)
    yield log
    log.close()


@pytest.fixture
def start_flow(kafka, log, redis_url, tmp_path):
    """Starts workers as a service would; what still runs at the end is stopped."""
    running = []

    def start(store):
        flow = Flow(kafka, store, log, redis_url, tmp_path)
        flow.start()
        assert flow.wait_started(PATIENCE)
        running.append(flow)
        return flow

    yield start
    for flow in running:
        flow.stop()


class FaultyStore:
    """A store whose inserts meet a fault: a function that is given the insert to do, and what it is into."""

    def __init__(self, store):
        self._store = store
        self.fault = None

    def insert(self, table, columns):
        insert = partial(self._store.insert, table, columns)
        if self.fault:
            self.fault(insert, table)
        else:
            insert()

    def query(self, name, params=None):
        return self._store.query(name, params)


def sales_of(shop, numbers):
    made = (
        Sale(town="t", shop=shop, source="till", external_id=str(n), key_day=19797, version=1)
        for n in numbers
    )
    return [Sales(sales=[sale]).SerializeToString() for sale in made]


def append_sales(log, values):
    async def send():
        for value in values:
            await log.append("sales", value)

    asyncio.run(send())


def test_what_the_store_refuses_for_good_ends_the_worker_and_the_next_one_writes_all_of_it(
    log, store, start_flow
):
    faulty = FaultyStore(store)
    flow = start_flow(faulty)

    def refuse(insert, table):
        faulty.fault = None
        raise StoreError(f"{table} is not there")

    faulty.fault = refuse
    append_sales(log, sales_of("refused", range(3)))
    eventually(lambda: type(flow.failed), StoreError)
    append_sales(log, sales_of("refused", range(3, 6)))
    flow.stop()
    start_flow(store)
    found = "SELECT external_id FROM sales FINAL WHERE shop = 'refused' ORDER BY external_id"
    eventually(lambda: [row["external_id"] for row in store.select(found)], list("012345"))


def test_a_worker_says_that_it_failed_while_an_insert_that_hangs_keeps_it_from_ending(
    kafka, log, store, start_flow
):
    faulty = FaultyStore(store)
    flow = start_flow(faulty)
    hangs, released = threading.Event(), threading.Event()

    def hang_or_refuse(insert, table):
        if table == "sales":
            raise StoreError("sales is not there")
        hangs.set()
        released.wait(PATIENCE)
        insert()

    faulty.fault = hang_or_refuse
    append(kafka, values_of(walk(3), "hangs"), "hangs")
    assert hangs.wait(PATIENCE)
    append_sales(log, sales_of("hangs", range(1)))
    eventually(lambda: type(flow.failed), StoreError)
    assert not released.is_set()
    released.set()


@pytest.fixture(scope="module")
def server_store(clickhouse_server):
    """The URL of a migrated database on a server, and a store of it that no fault meets."""
    clickhouse_server.execute("CREATE DATABASE of_faults")
    url = f"{clickhouse_server.url}/of_faults"
    store = ServerStore(url)
    migrate(store)
    yield url, store
    store.close()


@pytest.fixture
def proxy(server_store):
    proxy = TcpProxy(server_store[0])
    yield proxy
    proxy.close()


@pytest.fixture
def store_behind_proxy(proxy):
    """A store that takes a server which says nothing for two seconds for away."""
    store = ServerStore(f"{proxy.url}?send_receive_timeout=2")
    yield store
    store.close()


def retries():
    return SINK_RETRIES._value.get()


@pytest.fixture
def own_kafka(tmp_path):
    """A Kafka of the test's own, which answers at the same address when it is started again."""
    ports = free_ports(2)
    kafka = Kafka(tmp_path / "kafka", Children(tmp_path), lambda _: ports)
    kafka.start()
    kafka.wait_ready()
    create_topics(kafka.bootstrap)
    yield kafka
    kafka.stop()


MESSAGES = walk(20)
EXPECTED = fold(MESSAGES, DAY).visits


def folds_on_through(fault, mend, kafka, store, flow, town):
    """Whether a day that is folded while something is broken is the reference's when it was mended."""
    values = values_of(MESSAGES, town)
    append(kafka, values[:80], town)
    eventually(lambda: visits_in(store, town) != [], True, lambda: flow.failed)
    before = retries()
    fault()
    append(kafka, values[80:140], town)
    eventually(lambda: retries() >= before + 2, True, lambda: flow.failed)
    append(kafka, values[140:], town)
    mend()
    eventually(lambda: is_complete(store, town), True, lambda: flow.failed)
    return visits_in(store, town) == EXPECTED


@pytest.mark.parametrize("fault", ["shut", "hold"])
def test_while_clickhouse_is_away_or_hangs_rows_wait_and_are_then_written_once(
    fault, kafka, server_store, proxy, store_behind_proxy, start_flow
):
    _, store = server_store
    flow = start_flow(store_behind_proxy)
    assert folds_on_through(getattr(proxy, fault), proxy.mend, kafka, store, flow, f"clickhouse-{fault}")


def test_inserts_that_happened_though_their_answers_were_lost_are_repeated_and_change_nothing(
    kafka, server_store, proxy, store_behind_proxy, start_flow
):
    _, store = server_store
    flow = start_flow(store_behind_proxy)
    values = values_of(MESSAGES, "unanswered")
    for first in range(0, len(values), 40):
        before = proxy.inserts_lost
        proxy.lose_insert()
        append(kafka, values[first : first + 40], "unanswered")
        eventually(lambda: proxy.inserts_lost, before + 1, lambda: flow.failed)
    eventually(lambda: is_complete(store, "unanswered"), True, lambda: flow.failed)
    assert visits_in(store, "unanswered") == EXPECTED


def test_while_the_disk_of_clickhouse_is_full_rows_wait_and_are_then_written_once(kafka, store, start_flow):
    faulty = FaultyStore(store)

    def refuse(insert, table):
        raise StoreUnavailableError(f"the disk that holds {table} is full")

    flow = start_flow(faulty)
    fault, mend = partial(setattr, faulty, "fault", refuse), partial(setattr, faulty, "fault", None)
    assert folds_on_through(fault, mend, kafka, store, flow, "full")


def test_while_kafka_is_away_a_worker_waits_and_then_folds_on(
    own_kafka, empty_store, redis_url, tmp_path, caplog
):
    store = empty_store("embedded")
    migrate(store)
    log = LogProducer(own_kafka.bootstrap)
    flow = Flow(own_kafka.bootstrap, store, log, redis_url, tmp_path)
    flow.start()
    assert flow.wait_started(PATIENCE)
    values = values_of(MESSAGES, "kafka-away")
    append(own_kafka.bootstrap, values[:100], "kafka-away")
    eventually(lambda: visits_in(store, "kafka-away") != [], True, lambda: flow.failed)
    own_kafka.stop()
    eventually(lambda: "Marking the coordinator dead" in caplog.text, True, lambda: flow.failed)
    own_kafka.start()
    own_kafka.wait_ready()
    append(own_kafka.bootstrap, values[100:], "kafka-away")
    eventually(lambda: is_complete(store, "kafka-away"), True, lambda: flow.failed)
    assert visits_in(store, "kafka-away") == EXPECTED
    flow.stop()
    assert flow.failed is None
    log.close()
    store.close()


def test_a_worker_that_cannot_start_says_why_in_a_line_and_ends(tmp_path):
    nowhere = ("127.0.0.1:1", "clickhouse://127.0.0.1:1/x", "redis://127.0.0.1:1")
    with Worker(*nowhere, tmp_path / "log") as worker:
        assert worker.process.wait(PATIENCE) == 1
    (line,) = worker.log()
    assert line["message"].startswith("the flow cannot start: ")
    assert "ClickHouse server does not answer" in line["message"]
