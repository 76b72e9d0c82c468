"""`meguri refold`, through the control socket of a process with a real flow, Kafka and ClickHouse."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from engines.flow_world import PATIENCE, append, eventually, log_end
from kafka import KafkaAdminClient, TopicPartition
from meguri import control
from meguri.cli import app
from meguri.data_folder import DataFolder
from meguri.refold_operations import refold_operations
from meguri_flow.app import Flow
from meguri_kit.log import LogProducer, create_topics
from meguri_proto.key_days import day_date
from meguri_proto.topics import detections_partition
from reference.fold import Delivery, Detection, Message
from reference.log import KEY_DAY, MINUTE, START, as_record, rules_record
from typer.testing import CliRunner

DAY = day_date(KEY_DAY).isoformat()
PARTITION = detections_partition("any", KEY_DAY, 4)
TOWNS = ("village", "hamlet", "forgotten", "sealed")


@pytest.fixture(scope="module")
def kafka(kafka_bootstrap):
    create_topics(kafka_bootstrap)
    return kafka_bootstrap


@pytest.fixture(scope="module")
def services(tmp_path_factory, kafka, redis_url, store):
    """A worker and what it works on, for all tests of the module."""
    log = LogProducer(kafka)
    flow = Flow(kafka, store, log, redis_url, tmp_path_factory.mktemp("flow"))
    flow.start()
    assert flow.wait_started(PATIENCE)
    yield SimpleNamespace(flow=flow, store=store, log=log)
    flow.stop()
    assert flow.failed is None
    log.close()


@pytest.fixture
async def meguri(tmp_path, kafka, services):
    """`meguri refold` as a function of its arguments, answered through a control socket."""
    folder = DataFolder(tmp_path / "data")
    folder.control_socket.parent.mkdir(parents=True, exist_ok=True)
    running = SimpleNamespace(
        kafka=SimpleNamespace(bootstrap=kafka),
        services=services,
        towns={name: SimpleNamespace(town=name) for name in TOWNS},
    )
    server = await control.serve(folder.control_socket, refold_operations(running))

    async def refold(town, *options, day=DAY):
        arguments = ["refold", "--town", town, "--day", day, "--data", str(folder.path), *options]
        return await asyncio.to_thread(CliRunner().invoke, app, arguments)

    yield refold
    server.close()
    await server.wait_closed()


def heard(minute):
    return Message((Delivery("a", 1, minute, (Detection(START + minute * MINUTE, 1),)),))


def tell(kafka, town, messages):
    append(kafka, [rules_record(town=town), *(as_record(each, town=town) for each in messages)], town)


async def until(store, town, **expected):
    """Wait for what a day's only row says."""

    def row():
        sql = f"SELECT {', '.join(expected)} FROM days FINAL WHERE town = %(t)s"
        return store.select(sql, {"t": town})

    await asyncio.to_thread(eventually, row, [expected])


LATE = [heard(20), heard(36), Message(tick_ms=START + 60 * MINUTE), heard(28)]
"""Two visits, and a late detection that makes one of them."""


async def test_a_day_is_folded_again_and_what_became_of_it_is_said(meguri, kafka, store):
    tell(kafka, "village", LATE)
    await until(store, "village", visits=2, late=1)
    said = await meguri("village")
    assert said.exit_code == 0, said.output
    assert (
        "2 visits had closed before, 1 have now; 1 detections were left out as late, 0 are now" in said.stdout
    )


async def test_a_program_reads_the_generation_and_the_numbers(meguri, kafka, store):
    tell(kafka, "hamlet", LATE)
    await until(store, "hamlet", visits=2, late=1)
    end = log_end(kafka, PARTITION)
    said = json.loads((await meguri("hamlet", "--json")).stdout)
    (slice_,) = said.pop("slices")
    assert said == {"town": "hamlet", "day": DAY}
    assert slice_["state"] == "done"
    assert slice_["found"] == {"slice": 0, "generation": end, "visits": 1, "late": 0, "sealed": 0}


@pytest.mark.parametrize(
    ("town", "day", "sentence"),
    [
        ("atlantis", DAY, "has no town atlantis; it has: village, hamlet"),
        ("village", "2024-02-29", "Nothing of 2024-02-29 is known in village"),
        ("sealed", DAY, f"{DAY} of sealed is sealed"),
    ],
)
async def test_what_cannot_be_folded_again_is_said_with_its_reason(meguri, store, town, day, sentence):
    of_day = {"town": ["sealed"], "key_day": [day_date(KEY_DAY)], "version": [1]}
    store.insert("days", of_day)
    store.insert("sealed_days", of_day)
    said = await meguri(town, day=day)
    assert said.exit_code != 0
    assert sentence in str(said.exception)


async def test_a_day_whose_records_kafka_lost_is_said_to_be_as_it_was(meguri, kafka, store):
    tell(kafka, "forgotten", LATE)
    await until(store, "forgotten", visits=2, late=1)
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.delete_records({TopicPartition("detections", PARTITION): log_end(kafka, PARTITION)})
    admin.close()
    said = await meguri("forgotten")
    assert said.exit_code != 0
    assert f"{DAY} of forgotten cannot be folded again: Kafka no longer holds" in str(said.exception)
    await until(store, "forgotten", visits=2, late=1)


async def test_where_nothing_runs_the_command_says_how_to_start_it(tmp_path):
    arguments = ["refold", "--town", "village", "--day", DAY, "--data", str(tmp_path)]
    said = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    assert "No Meguri runs on" in str(said.exception)
