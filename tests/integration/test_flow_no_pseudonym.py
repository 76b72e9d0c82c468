"""A day after a key day's end none of its pseudonyms is on any disk: every file is searched, byte by byte."""

import asyncio
import time

import numpy as np
import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from meguri.engines import Children, Kafka
from meguri_flow.app import Flow
from meguri_kit.log import LogProducer, create_topics
from meguri_proto.topics import detections_partition
from meguri_sensors.spool import Spool
from raw_identifiers.pseudonyms import Pseudonyms
from reference.batches import batch, day
from reference.fold import Delivery, Detection, Message
from reference.log import DAY, KEY_DAY, MINUTE, START, as_record, rules_record

PATIENCE = 120
DEVICES = np.random.default_rng(3).integers(2**62, 2**63, 40).tolist()
SEALING_MS = DAY.end_ms + 24 * 60 * MINUTE
NO_REDIS = "redis://127.0.0.1:1"


def walks():
    """Devices that go between two places, one of them heard as long as nobody but a printer is."""
    for minute in range(12, 190, 2):
        heard = [
            Detection(START + minute * MINUTE + number, device)
            for number, device in enumerate(DEVICES)
            if number == 0 or (minute // 25 + number) % 3
        ]
        yield Message((Delivery("ac"[minute // 25 % 2], 1, minute, tuple(heard)),))


def eventually(question):
    """Return when the answer is yes."""
    deadline = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < deadline, question
        time.sleep(0.2)


@pytest.fixture
def kafka(tmp_path):
    """A Kafka that ends segments and deletes files within seconds; it looks for them every 15 s."""
    kafka = Kafka(tmp_path / "kafka", Children(tmp_path))
    kafka.start()
    kafka.wait_ready()
    create_topics(kafka.bootstrap)
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    quick = {"segment.ms": "1000", "file.delete.delay.ms": "1000"}
    admin.alter_configs([ConfigResource("topic", "detections", quick)])
    admin.close()
    yield kafka
    kafka.stop()


@pytest.fixture(params=["embedded", "server"])
def engine(request, empty_store):
    """A store with tables, and the folder of its files."""
    from meguri_kit.clickhouse.migrations import migrate

    store = empty_store(request.param)
    migrate(store)
    if request.param == "server":
        yield store, request.getfixturevalue("clickhouse_server").data
    else:
        yield store, request.getfixturevalue("clickhouse_path")
    store.close()


def append(kafka, town, *records):
    async def append_all():
        for record in records:
            await log.append("detections", record, partition=detections_partition(town, KEY_DAY, 4))

    log = LogProducer(kafka.bootstrap)
    asyncio.run(append_all())
    log.close()


def test_no_file_holds_a_pseudonym_of_a_day_that_is_sealed(request, engine, kafka, tmp_path):
    store, clickhouse = engine
    town = "searched"
    pseudonyms = Pseudonyms(DEVICES)
    spool = Spool(tmp_path / "spool", 10**9)
    spool.append(batch(0, range(len(DEVICES)), DEVICES), day())
    log = LogProducer(kafka.bootstrap)
    request.addfinalizer(log.close)
    flow = Flow(kafka.bootstrap, store, log, NO_REDIS, tmp_path / "flow")
    flow.start()
    request.addfinalizer(flow.stop)

    def snapshots():
        found = {each["partition"]: each for each in flow.partitions()}
        return found.get(detections_partition(town, KEY_DAY, 4), {"snapshot_offset": 0})["snapshot_offset"]

    records = [rules_record(town=town), *(as_record(message, town=town) for message in walks())]
    append(kafka, town, *records)
    eventually(lambda: snapshots() == len(records))
    assert {each.partition("/")[0] for each in pseudonyms.in_folder(tmp_path)} == {"kafka", "spool"}
    assert {table_of(store, each) for each in pseudonyms.in_folder(clickhouse)} == {
        "visits",
        "moves",
        "snapshots",
    }

    append(kafka, town, as_record(Message(tick_ms=SEALING_MS), town=town))
    spool.seal(day().end_ms + 24 * 60 * MINUTE + 1)
    eventually(lambda: store.select("SELECT dropped FROM sealed_days FINAL") == [{"dropped": 1}])
    eventually(lambda: not pseudonyms.in_folder(tmp_path))
    eventually(lambda: not pseudonyms.in_folder(clickhouse))
    spool.close()
    for table in ("day_arrivals", "day_dwell", "day_moves", "day_paths", "presence", "sensor_health"):
        assert store.select(f"SELECT count() > 0 AS there FROM {table}") == [{"there": 1}], table


def table_of(store, path):
    """The table of a file below ClickHouse's folder: named on an old server, by its id on a new one."""
    parts = path.split("/")
    if parts[0] == "data":
        return parts[2]
    (row,) = store.select("SELECT name FROM system.tables WHERE toString(uuid) = %(id)s", {"id": parts[2]})
    return row["name"]
