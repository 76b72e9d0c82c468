"""Late data on real Kafka and ClickHouse: the day is folded again beside the fold that goes on."""

import asyncio
import dataclasses
import itertools
import json
import math
import sys
import threading

import pytest
import redis
from aiokafka import AIOKafkaConsumer
from engines.flow_world import PATIENCE, Worker, append, eventually, log_end
from kafka import KafkaAdminClient, TopicPartition
from meguri_flow import metrics
from meguri_flow.app import Flow
from meguri_flow.stream import refolding
from meguri_flow.stream.owned import OwnedPartition
from meguri_flow.stream.refolding import Outcome, Refolding
from meguri_flow.stream.snapshots import Snapshots
from meguri_kit.clickhouse.migrations import migrate
from meguri_kit.clickhouse.server import ServerStore
from meguri_kit.clickhouse.store import StoreError, StoreUnavailableError
from meguri_kit.log.producer import LogProducer
from meguri_kit.log.topics import create_topics
from meguri_proto.schema.log_pb2 import Record, Refold
from meguri_proto.topics import detections_partition
from reference.fold import Delivery, Detection, Message, Move, Visit, fold
from reference.log import DAY, KEY_DAY, MINUTE, START, TOWN, as_record, rules_record

PARTITION = detections_partition("any", KEY_DAY, 4)
"""Of every town's day: there is one shard."""
NOTHING_LATE = dataclasses.replace(DAY, lateness_ms=math.inf)
CLOSING = Message(tick_ms=DAY.end_ms + DAY.lateness_ms)


def heard(minute, *devices):
    """A delivery of what one sensor heard in a minute."""
    detections = tuple(Detection(START + minute * MINUTE + device, device) for device in devices)
    return Message((Delivery("ac"[minute // 20 % 2], 1, minute, detections),))


def walk(devices, minutes=200):
    """What is heard minute by minute of some devices that come, stay, go elsewhere and come again."""
    return [
        heard(minute, 99, *(device for device in range(devices) if (minute + device) % 29 < 12))
        for minute in range(minutes)
    ]


def delayed(messages):
    """The same, each seventh only after all others."""
    late = [message for index, message in enumerate(messages) if index % 7 == 3]
    return [message for index, message in enumerate(messages) if index % 7 != 3] + late


MESSAGES = delayed(walk(30))
LATE = fold(MESSAGES, DAY)
TRUTH = fold(MESSAGES, NOTHING_LATE)


def tick(minute):
    return Message(tick_ms=START + minute * MINUTE)


def refold_record(town):
    return Record(refold=Refold(town=town, key_day=KEY_DAY)).SerializeToString()


class WatchedStore:
    """The store, with something that happens before each insert."""

    def __init__(self, store):
        self._store = store
        self.before_insert = lambda _table, _columns: None

    def insert(self, table, columns):
        self.before_insert(table, columns)
        self._store.insert(table, columns)

    def __getattr__(self, name):
        return getattr(self._store, name)


def is_of_a_refold(columns, town):
    """Whether rows of the town's day are among the columns that the first fold has not made."""
    return any(
        of == town and generation > 0
        for of, generation in zip(columns.get("town", ()), columns.get("generation", ()), strict=False)
    )


@pytest.fixture(scope="module")
def kafka(kafka_bootstrap):
    create_topics(kafka_bootstrap)
    return kafka_bootstrap


@pytest.fixture
def town(request):
    """A town that no other test has."""
    return request.node.name.removeprefix("test_")


@pytest.fixture
def tell(kafka, town):
    """Appends messages, or records, to the log of the town's day; the offset of the last."""

    def append_all(*messages):
        values = [as_record(each, town=town) if isinstance(each, Message) else each for each in messages]
        append(kafka, values, town)
        return log_end(kafka, PARTITION) - 1

    return append_all


@pytest.fixture
def start_flow(kafka, redis_url, tmp_path):
    """Starts workers; what still runs at the end is stopped."""
    running = []
    log = LogProducer(kafka)

    def start(store):
        flow = Flow(kafka, store, log, redis_url, tmp_path)
        flow.start()
        assert flow.wait_started(PATIENCE)
        running.append(flow)
        return flow

    yield start
    for flow in running:
        flow.stop()
    log.close()


@pytest.fixture
def small_steps(monkeypatch):
    """Refolds read little and write it at once."""
    monkeypatch.setattr(refolding, "MOST_MESSAGES", 20)
    monkeypatch.setattr(refolding, "MOST_BYTES", 1)


def generations(store, town):
    """Those that readers know of the town's day, in order."""
    sql = "SELECT generation FROM days FINAL WHERE town = %(t)s ORDER BY generation"
    return [row["generation"] for row in store.select(sql, {"t": town})]


IN_NEWEST_GENERATION = (
    "WHERE town = %(t)s AND (slice, generation) IN "
    "(SELECT slice, max(generation) FROM days WHERE town = %(t)s GROUP BY slice)"
)


def seen_visits(store, town):
    """The closed visits that readers see."""
    sql = (
        "SELECT place, first_ms, device, last_ms, receptions, arrival FROM visits FINAL "
        f"{IN_NEWEST_GENERATION} AND closed = 1 ORDER BY place, first_ms, device"
    )
    return [Visit(**{**row, "arrival": bool(row["arrival"])}) for row in store.select(sql, {"t": town})]


def seen_moves(store, town):
    names = [field.name for field in dataclasses.fields(Move)]
    sql = f"SELECT {', '.join(names)} FROM moves FINAL {IN_NEWEST_GENERATION}"
    return sorted(Move(**{**row, "random": bool(row["random"])}) for row in store.select(sql, {"t": town}))


def seen_presence(store, town):
    sql = f"SELECT place, bin_ms, visits FROM presence FINAL {IN_NEWEST_GENERATION}"
    return {(row["place"], row["bin_ms"]): row["visits"] for row in store.select(sql, {"t": town})}


def seen_arrivals(store, town):
    sql = f"SELECT sum(arrivals) AS n FROM day_arrivals FINAL {IN_NEWEST_GENERATION}"
    (row,) = store.select(sql, {"t": town})
    return row["n"]


def seen_late(store, town):
    sql = "SELECT late FROM days FINAL WHERE town = %(t)s ORDER BY generation DESC LIMIT 1"
    return [row["late"] for row in store.select(sql, {"t": town})]


def arrivals(found):
    return sum(visit.arrival for visit in found.visits)


def ended(outcome):
    return metrics.REFOLDS.labels(outcome)._value.get()


def test_a_day_with_late_messages_ends_as_if_nothing_had_been_late(each_store, start_flow, tell, town):
    start_flow(each_store)
    asking = tell(rules_record(town=town), *MESSAGES, CLOSING)
    eventually(lambda: generations(each_store, town)[-1:], [asking])
    assert LATE.visits != TRUTH.visits
    assert seen_visits(each_store, town) == TRUTH.visits
    assert seen_moves(each_store, town) == TRUTH.moves
    assert seen_presence(each_store, town) == TRUTH.presence
    assert seen_arrivals(each_store, town) == arrivals(TRUTH)
    assert seen_late(each_store, town) == [0]


@pytest.mark.usefixtures("small_steps")
def test_readers_see_the_day_before_or_after_and_never_half_a_generation(store, start_flow, tell, town):
    """Asked before each insert of whatever table, and after the last."""
    watched = WatchedStore(store)
    start_flow(watched)
    first = tell(rules_record(town=town), *MESSAGES, CLOSING)
    eventually(lambda: generations(store, town)[-1:], [first])
    later = [heard(minute, 77) for minute in range(200, 210)]
    after = fold([*MESSAGES, *later], NOTHING_LATE)
    answers = []

    def look(_table, columns):
        if is_of_a_refold(columns, town):
            answers.append((seen_visits(store, town), seen_moves(store, town), seen_presence(store, town)))

    watched.before_insert = look
    asking = tell(*later, refold_record(town))
    eventually(lambda: generations(store, town)[-1:], [asking])
    of_before = (TRUTH.visits, TRUTH.moves, TRUTH.presence)
    assert len(answers) > 20
    assert all(answer == of_before for answer in answers)
    assert (seen_visits(store, town), seen_moves(store, town)) == (after.visits, after.moves)
    assert seen_arrivals(store, town) == arrivals(after)


@pytest.fixture
def held(store, town):
    """A store that holds back what a refold writes until `go_on` is set; `waits` says that something is."""
    watched = WatchedStore(store)
    watched.waits, watched.go_on = threading.Event(), threading.Event()

    def hold(_table, columns):
        if is_of_a_refold(columns, town):
            watched.waits.set()
            assert watched.go_on.wait(PATIENCE)

    watched.before_insert = hold
    yield watched
    watched.go_on.set()


@pytest.mark.usefixtures("small_steps")
def test_the_running_day_is_folded_written_and_live_while_another_is_folded_again(
    kafka, redis_url, held, start_flow, tell, town
):
    start_flow(held)
    tell(rules_record(town=town), *MESSAGES, CLOSING)
    assert held.waits.wait(PATIENCE)
    other, today = f"{town}-today", walk(10)
    append(kafka, [rules_record(town=other), *(as_record(each, town=other) for each in today[:100])], other)
    live = redis.Redis.from_url(redis_url)
    eventually(
        lambda: json.loads(live.get(f"live:{other}") or "{}").get("town_time_ms"), START + 99 * MINUTE + 99
    )
    append(kafka, [as_record(each, town=other) for each in [*today[100:], CLOSING]], other)
    eventually(lambda: seen_visits(held, other), fold(today, DAY).visits)
    assert generations(held, town) == [0]
    held.go_on.set()
    eventually(lambda: seen_visits(held, town), TRUTH.visits)


@pytest.mark.usefixtures("small_steps")
def test_a_later_request_replaces_a_refold_that_runs(held, start_flow, tell, town):
    replaced = ended(Outcome.REPLACED)
    start_flow(held)
    first = tell(rules_record(town=town), *MESSAGES, CLOSING)
    assert held.waits.wait(PATIENCE)
    later = [heard(minute, 77) for minute in range(200, 210)]
    second = tell(*later, refold_record(town))
    folded = first + 1 + len(later)
    eventually(lambda: snapshot_offset(held), folded + 1)
    held.go_on.set()
    eventually(lambda: generations(held, town), [0, second])
    assert seen_visits(held, town) == fold([*MESSAGES, *later], NOTHING_LATE).visits
    assert ended(Outcome.REPLACED) == replaced + 1


def snapshot_offset(store):
    sql = "SELECT max(next_offset) AS n FROM snapshots WHERE partition = %(p)s AND log = 'detections'"
    (row,) = store.select(sql, {"p": PARTITION})
    return row["n"]


def test_two_visits_that_a_late_message_joins_are_one_afterwards(store, start_flow, tell, town):
    def seen():
        visits = (visit for visit in seen_visits(store, town) if visit.device == 1)
        return [((visit.first_ms - START) // MINUTE, (visit.last_ms - START) // MINUTE) for visit in visits]

    start_flow(store)
    tell(rules_record(town=town), heard(22, 1), heard(36, 1), tick(60))
    eventually(seen, [(22, 22), (36, 36)])
    tell(heard(29, 1), tick(75))
    eventually(seen, [(22, 36)])


def test_what_came_hours_late_is_in_the_pages_after_15_minutes_of_town_time(store, start_flow, tell, town):
    start_flow(store)
    early = [heard(minute, 1, 2) for minute in range(30)]
    hours_late = [heard(minute, 3) for minute in range(60, 75)]
    before = [*early, *map(tick, range(30, 200))]
    told = tell(rules_record(town=town), *before)
    eventually(lambda: snapshot_offset(store), told + 1)
    late_from = tell(*hours_late)
    last = tell(*map(tick, range(200, 216)))
    eventually(lambda: seen_visits(store, town), fold([*before, *hours_late], NOTHING_LATE).visits)
    assert late_from < generations(store, town)[-1] <= last


async def test_a_partition_given_away_before_its_refold_reads_anything_leaves_the_next_refold_to_run(
    kafka, store, monkeypatch
):
    """aiokafka would end its own task before it had begun, and cancel whoever waits for that."""
    owned = OwnedPartition(PARTITION, None, store, Snapshots(store, "detections"))
    owned.observe(list(enumerate([rules_record(), refold_record(TOWN)])))
    all_owned = {TopicPartition("detections", PARTITION): owned}

    class GivenAwayWhileItStarts(AIOKafkaConsumer):
        async def start(self):
            await super().start()
            all_owned.clear()

    monkeypatch.setattr(refolding, "AIOKafkaConsumer", GivenAwayWhileItStarts)
    assert await Refolding(kafka, store, all_owned, asyncio.Lock()).refold_one() is Outcome.LEFT


@pytest.mark.usefixtures("small_steps")
def test_rows_of_a_refold_wait_for_a_store_that_is_away(store, start_flow, tell, town, monkeypatch):
    monkeypatch.setattr(refolding, "RETRY_SECONDS", 0.05)
    away = WatchedStore(store)
    refused = itertools.count()

    def refuse(_table, columns):
        if is_of_a_refold(columns, town) and next(refused) % 50 < 3:
            raise StoreUnavailableError("away")

    away.before_insert = refuse
    start_flow(away)
    asking = tell(rules_record(town=town), *MESSAGES, CLOSING)
    eventually(lambda: generations(store, town)[-1:], [asking])
    assert next(refused) > 20
    assert seen_visits(store, town) == TRUTH.visits


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("table", ["visits", "sensor_health", "day_arrivals", "days", "snapshots"])
def test_a_worker_that_dies_at_a_write_of_a_refold_is_followed_by_one_that_ends_the_same(
    store, start_flow, tell, town, table
):
    mortal = WatchedStore(store)
    dead = threading.Event()
    begun = itertools.count()

    def die(of_table, columns):
        if dead.is_set():
            raise StoreUnavailableError("the worker is dead")
        has_begun = next(begun) > 0 if is_of_a_refold(columns, town) else False
        if of_table == table and (has_begun or table == "snapshots"):
            dead.set()
            raise StoreError("the worker dies here")

    first = start_flow(mortal)
    tell(rules_record(town=town), *MESSAGES)
    eventually(lambda: generations(store, town), [0])
    mortal.before_insert = die
    asking = tell(CLOSING)
    eventually(lambda: first.failed is not None, True)
    first.stop()
    start_flow(store)
    eventually(lambda: generations(store, town)[-1:], [asking])
    assert seen_visits(store, town) == TRUTH.visits
    assert seen_arrivals(store, town) == arrivals(TRUTH)


def test_a_process_killed_while_it_folds_again_is_followed_by_one_that_ends_the_same(
    kafka, redis_url, clickhouse_server, town, tmp_path
):
    clickhouse_server.execute("CREATE DATABASE of_a_refold")
    url = f"{clickhouse_server.url}/of_a_refold"
    store = ServerStore(url)
    migrate(store)
    key_day = KEY_DAY + 1  # in a partition where nothing else is to be folded again
    messages = [as_record(each, town, key_day) for each in [*MESSAGES, CLOSING]]
    append(kafka, [rules_record(key_day, town), *messages], town, key_day)
    asking = log_end(kafka, detections_partition(town, key_day, 4)) - 1
    with SmallStepsWorker(kafka, url, redis_url, tmp_path / "first.log") as first:
        eventually(lambda: has_rows_of(store, town, asking), True, first.ended)
        first.kill()
    assert generations(store, town)[-1:] != [asking]
    with Worker(kafka, url, redis_url, tmp_path / "second.log") as second:
        eventually(lambda: generations(store, town)[-1:], [asking], second.ended)
        assert second.end() == 0
    assert seen_visits(store, town) == TRUTH.visits
    assert seen_moves(store, town) == TRUTH.moves
    assert seen_arrivals(store, town) == arrivals(TRUTH)
    store.close()


class SmallStepsWorker(Worker):
    """A process whose refolds write after each message."""

    command = (
        sys.executable,
        "-c",
        """
from meguri_flow.stream import refolding
refolding.MOST_MESSAGES = refolding.MOST_BYTES = 1
from meguri_flow.__main__ import main
raise SystemExit(main())
        """,
    )


def has_rows_of(store, town, generation):
    sql = "SELECT count() AS n FROM visits WHERE town = %(t)s AND generation = %(g)s"
    (row,) = store.select(sql, {"t": town, "g": generation})
    return row["n"] > 0


def test_a_day_whose_first_records_kafka_lost_stays_as_it_is_and_that_is_counted(
    kafka, store, start_flow, tell, town
):
    gone = ended(Outcome.GONE)
    flow = start_flow(store)
    tell(rules_record(town=town), *MESSAGES)
    eventually(lambda: seen_visits(store, town) != [], True)
    eventually(lambda: snapshot_offset(store), log_end(kafka, PARTITION))
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.delete_records({TopicPartition("detections", PARTITION): log_end(kafka, PARTITION) - 10})
    admin.close()
    tell(CLOSING)
    eventually(lambda: ended(Outcome.GONE), gone + 1)
    eventually(lambda: seen_visits(store, town), LATE.visits)
    assert generations(store, town) == [0]
    assert flow.day_progress(PARTITION, town, KEY_DAY, 0).asked == 0
    assert flow.failed is None
