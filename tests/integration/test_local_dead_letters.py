"""`meguri dead-letters` and `meguri opt-out`, through the control socket of a process over real Kafka."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from fakes.ingest_world import HOUR, KEY_DAY, MINUTE, NOON, IngestWorld
from kafka import KafkaConsumer, TopicPartition
from meguri import control
from meguri.cli import app
from meguri.data_folder import DataFolder
from meguri.dead_letter_operations import dead_letter_operations
from meguri.dead_letters import _groups
from meguri.errors import LocalRunError
from meguri.opt_outs import opt_out_operations
from meguri_kit.log import LogProducer, create_topics
from meguri_proto.pseudonyms import opt_out_mark
from meguri_proto.schema.log_pb2 import Record
from meguri_proto.topics import detections_partition
from typer.testing import CliRunner

PARTITION = detections_partition("village", KEY_DAY, 4)
SALE = {"external_id": "r-77", "at": "2024-03-15T13:00:00", "amount_yen": 1_200, "method": "cash"}


@pytest.fixture
async def run(tmp_path, kafka_bootstrap):
    """The world of ingest over real Kafka, and `meguri` as a function of its arguments."""
    create_topics(kafka_bootstrap)
    log = LogProducer(kafka_bootstrap)
    world = IngestWorld(tmp_path, log=log)
    folder = DataFolder(tmp_path / "data")
    folder.control_socket.parent.mkdir(parents=True, exist_ok=True)
    services = SimpleNamespace(apps={"ingest": world.app}, registry=world.registry)
    running = SimpleNamespace(
        kafka=SimpleNamespace(bootstrap=kafka_bootstrap), services=services, towns={"village": world.town}
    )
    server = await control.serve(
        folder.control_socket, {**dead_letter_operations(running), **opt_out_operations(running)}
    )

    async def meguri(*arguments, text=None):
        where = [*arguments, "--data", str(folder.path)]
        return await asyncio.to_thread(CliRunner().invoke, app, where, input=text)

    yield SimpleNamespace(world=world, meguri=meguri, bootstrap=kafka_bootstrap)
    server.close()
    await server.wait_closed()
    await world.close()
    log.close()


def spoken(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def segments(bootstrap):
    """The segments of the key day's partition, one tuple each."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
    here = TopicPartition("detections", PARTITION)
    end = consumer.end_offsets([here])[here]
    consumer.assign([here])
    consumer.seek_to_beginning(here)
    found = []
    while consumer.position(here) < end:
        for records in consumer.poll(timeout_ms=200).values():
            for record in records:
                found += Record.FromString(record.value).detections.segments
    consumer.close()
    return [(each.sensor, each.boot, each.sequence, each.count) for each in found]


async def test_letters_are_listed_shown_and_replayed_once(run):
    async def listed():
        return spoken(await run.meguri("dead-letters", "list", "--json"))["letters"]

    before = {each["offset"] for each in await listed()}
    earlier = set(segments(run.bootstrap))
    devices = [0xABCDEF0123456789, 2]
    await run.world.post([run.world.batch([HOUR, HOUR + MINUTE], base_ms=NOON, devices=devices)])
    await run.world.post_sales([SALE])
    await run.world.post_body(b"\xff")
    letters = [each for each in await listed() if each["offset"] not in before]
    told = [
        (each["reason"], each["source"], each["of"], each["amount"], each["unit"], each["has_body"])
        for each in letters
    ]
    assert told == [
        ("clock_ahead", "ingest/detections", "sensor gate", 2, "detections", True),
        ("clock_ahead", "ingest/sales", "shop cafe", 1, "sales", True),
        ("unreadable", "ingest/detections", "sensor gate", 1, "length", False),
    ]
    detections, sales, unreadable = (str(each["offset"]) for each in letters)

    table = await run.meguri("dead-letters", "list", "--all")
    assert table.exit_code == 0
    (line,) = [line for line in table.output.splitlines() if line.startswith(f"│ {sales} ")]
    for word in ("clock_ahead", "ingest/sales", "village", "shop cafe", "1 sales", "yes"):
        assert word in line

    shown = [await run.meguri("dead-letters", "show", offset) for offset in (detections, sales, unreadable)]
    assert [each.exit_code for each in shown] == [0, 0, 0]
    assert "2024-03-15 04:01:00" in shown[0].output
    assert "1,200" in shown[1].output
    assert "It has no body" in shown[2].output
    everything = "".join(each.output for each in shown)
    for identifier in ("r-77", str(0xABCDEF0123456789), "abcdef0123456789"):
        assert identifier not in everything

    early = await run.meguri("dead-letters", "replay", detections, sales)
    assert early.exit_code == 1, "nothing is accepted before its time"
    assert "clock_ahead 2" in early.output
    await run.world.tick(NOON + 2 * HOUR)
    for _ in range(2):
        replayed = spoken(await run.meguri("dead-letters", "replay", detections, sales, unreadable, "--json"))
        assert [each["accepted"] for each in replayed["letters"]] == [2, 1, 0]
        assert replayed["letters"][2]["error"].startswith("It has no body")
    found = [each for each in segments(run.bootstrap) if each not in earlier]
    assert len(found) == 4
    assert len(set(found)) == 2, "replayed twice under the same two names"


async def test_letters_may_be_chosen_by_their_reason(run):
    await run.world.tick(NOON)
    await run.world.post_sales([{**SALE, "external_id": "r-78", "at": "2024-03-15T23:00:00"}])
    for reason, found in (("unknown_kind", False), ("clock_ahead", True)):
        result = await run.meguri("dead-letters", "replay", "--reason", reason, "--json")
        assert bool(spoken_or_failed(result)["letters"]) is found


def spoken_or_failed(result):
    """What a replay says, whether or not anything of it was accepted."""
    assert result.exit_code in (0, 1), result.output
    return json.loads(result.stdout)


def test_letters_are_replayed_in_groups_that_are_judged_within_one_answers_time():
    letters = [
        {"offset": n, "amount": amount} for n, amount in enumerate([9_000, 9_000, 9_000, 50_000, 1, 1])
    ]
    assert list(_groups(letters)) == [[0, 1], [2], [3], [4, 5]]
    assert list(_groups([])) == []


async def test_a_letter_that_is_not_there_is_named(run):
    for asked in ("show", "replay"):
        result = await run.meguri("dead-letters", asked, "999999")
        assert isinstance(result.exception, LocalRunError)
        assert "There is no dead letter 999999 (any more)" in str(result.exception)


async def test_an_address_is_put_on_the_list_and_taken_off_and_shown_nowhere(run):
    address = "3C:22:FB:01:02:03"
    results = [
        await run.meguri("opt-out", "--town", "village", *flags, text=f"{address}\n")
        for flags in ([], [], ["--remove"], ["--remove"])
    ]
    assert [result.exit_code for result in results] == [0] * 4
    starts = ("is on the list", "stood on the list already", "is off the list", "did not stand on the list")
    for result, start, marks in zip(results, starts, (1, 1, 0, 0), strict=True):
        assert f"The address {start}" in result.output
        assert f"now has {marks} device" in result.output
        assert "3c:22" not in result.output.lower()


async def test_what_stands_on_the_list_is_the_mark_that_sensors_make(run):
    reply = spoken(await run.meguri("opt-out", "--town", "village", "--json", text="3c-22-fb-01-02-03\n"))
    assert reply == {"town": "village", "changed": True, "marks": 1}
    registry = run.world.registry
    mark = opt_out_mark(registry.opt_out_key("village"), bytes.fromhex("3c22fb010203"))
    assert registry.opt_out_marks("village") == [mark]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("da:a1:19:00:00:01", "That is a random address"),
        ("01:00:5e:00:00:01", "That is the address of a group"),
        ("3c:22:fb:01:ff", "That is no Wi-Fi address"),
        ("3c:22-fb:01:02:03", "That is no Wi-Fi address"),
        ("Taro's phone", "That is no Wi-Fi address"),
        ("", "That is no Wi-Fi address"),
    ],
)
async def test_an_address_that_is_none_or_that_no_device_keeps_is_refused(run, text, sentence):
    result = await run.meguri("opt-out", "--town", "village", text=f"{text}\n")
    assert isinstance(result.exception, LocalRunError)
    assert sentence in str(result.exception)
    assert not text or text not in str(result.exception)
    assert run.world.registry.opt_out_marks("village") == []


async def test_a_town_that_does_not_run_has_no_list(run):
    result = await run.meguri("opt-out", "--town", "elsewhere", text="3c:22:fb:01:02:03\n")
    assert "The running Meguri has no town elsewhere" in str(result.exception)
