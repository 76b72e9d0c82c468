"""What breaks around the flow while it works: nothing is lost or doubled, and it goes on by itself."""

import asyncio
from functools import partial

import pytest
from engines.flow_world import PATIENCE, eventually
from meguri_flow.app import Flow
from meguri_kit.clickhouse.store import StoreError
from meguri_kit.log.producer import LogProducer
from meguri_kit.log.topics import create_topics
from meguri_proto.schema.sales_pb2 import Sale, Sales


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
