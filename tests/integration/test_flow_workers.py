"""Workers of the flow as processes of their own, over real engines: each may come and go at any time."""

import time
from dataclasses import replace

import pytest
from engines.flow_world import (
    Worker,
    append,
    eventually,
    is_complete,
    rows,
    values_of,
    visits_in,
    walk,
)
from meguri_kit.clickhouse.migrations import migrate
from meguri_kit.clickhouse.server import ServerStore
from meguri_kit.log.topics import create_topics
from meguri_proto.topics import detections_partition
from reference.fold import DayRules, Message, fold
from reference.log import DAY, KEY_DAY, as_record, rules_record

PARTITIONS = frozenset(range(4))
MESSAGES = walk(25)
EXPECTED = fold(MESSAGES, DAY).visits


@pytest.fixture(scope="module")
def kafka(kafka_bootstrap):
    create_topics(kafka_bootstrap)
    return kafka_bootstrap


@pytest.fixture(scope="module")
def database(clickhouse_server):
    """The URL of an empty database."""
    clickhouse_server.execute("CREATE DATABASE of_workers")
    return f"{clickhouse_server.url}/of_workers"


@pytest.fixture(scope="module")
def store(database):
    store = ServerStore(database)
    migrate(store)
    yield store
    store.close()


@pytest.fixture
def start_worker(kafka, store, database, redis_url, tmp_path):
    """Starts workers; what still runs at the end is killed."""
    workers = []

    def start():
        worker = Worker(kafka, database, redis_url, tmp_path / f"worker-{len(workers)}.log")
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.kill()


@pytest.fixture
def two_workers(start_worker):
    """Two that have two partitions each."""
    one, two = start_worker(), start_worker()
    eventually(lambda: [len(each.partitions()) for each in (one, two)], [2, 2], lambda: ended(one, two))
    return one, two


def ended(*workers):
    return next(filter(None, (worker.ended() for worker in workers)), None)


def owner_of(partition, workers):
    """The worker that folds the partition, then the other."""
    return sorted(workers, key=lambda worker: partition not in worker.partitions())


def folded(worker, partition):
    """How many messages of the partition the worker has folded."""
    return worker.metric("meguri_flow_folded_messages_total").get((str(partition),), 0)


def snapshot_offsets(store, partition):
    """The next offsets of the partition's snapshots, the newest first."""
    found = store.query("meguri_flow/snapshots", {"log": "detections", "partition": partition})
    return [row["next_offset"] for row in found]


def test_a_worker_that_is_killed_while_folding_is_followed_by_one_that_writes_the_same_rows(
    kafka, store, start_worker
):
    values = values_of(MESSAGES, "killed")
    append(kafka, values[:90], "killed")
    first = start_worker()
    eventually(lambda: visits_in(store, "killed") != [], True, first.ended)
    first.kill()
    append(kafka, values[90:], "killed")
    second = start_worker()
    eventually(lambda: is_complete(store, "killed"), True, second.ended)
    assert second.end() == 0
    assert visits_in(store, "killed") == EXPECTED


def test_a_killed_workers_partitions_go_on_at_another(kafka, store, two_workers, record_property):
    values = values_of(MESSAGES, "moved")
    append(kafka, values[:90], "moved")
    eventually(lambda: visits_in(store, "moved") != [], True, lambda: ended(*two_workers))
    killed, other = owner_of(detections_partition("moved", KEY_DAY, 4), two_workers)
    killed.kill()
    began = time.monotonic()
    append(kafka, values[90:], "moved")
    eventually(lambda: is_complete(store, "moved"), True, other.ended)
    record_property("a killed worker's partition went on after", f"{time.monotonic() - began:.1f} s")
    assert visits_in(store, "moved") == EXPECTED
    eventually(other.partitions, PARTITIONS)


def test_a_worker_killed_as_the_rules_change_doubles_nothing_and_each_day_keeps_its_own(
    kafka, store, start_worker
):
    changed = DayRules(
        start_ms=DAY.end_ms,
        end_ms=DAY.end_ms + (DAY.end_ms - DAY.start_ms),
        gap_ms=2 * DAY.gap_ms,
        lateness_ms=DAY.lateness_ms,
        sensors={"a": ("gate", -70)},
    )
    next_day = [later(message, changed.start_ms - DAY.start_ms) for message in MESSAGES]
    opening = rules_record(KEY_DAY + 1, "changed", changed, version=2)
    closing = Message(tick_ms=changed.end_ms + changed.lateness_ms)
    next_values = [as_record(each, "changed", KEY_DAY + 1) for each in [*next_day, closing]]
    values = values_of(MESSAGES, "changed")
    append(kafka, values[:100], "changed")
    append(kafka, [opening, *next_values[:50]], "changed", KEY_DAY + 1)
    killed = start_worker()
    at_the_change = detections_partition("changed", KEY_DAY + 1, 4)
    eventually(lambda: folded(killed, at_the_change) > 0, True, killed.ended)
    killed.kill()
    append(kafka, values[100:], "changed")
    append(kafka, [opening, *next_values[50:]], "changed", KEY_DAY + 1)
    heir = start_worker()
    days = "SELECT toUInt16(key_day) AS number, rule_version, complete FROM days FINAL"
    complete = {(KEY_DAY, 1, 1), (KEY_DAY + 1, 2, 1)}
    eventually(lambda: set(rows(store, days, "changed")), complete, heir.ended)
    assert visits_in(store, "changed") == sorted([*EXPECTED, *fold(next_day, changed).visits])


def later(message, by_ms):
    """The message as it would be so many milliseconds later."""
    (delivery,) = message.deliveries
    heard = tuple(replace(each, time_ms=each.time_ms + by_ms) for each in delivery.detections)
    return Message((replace(delivery, detections=heard),))


def test_a_worker_that_joins_and_one_that_leaves_take_the_state_with_them(kafka, store, start_worker):
    values = values_of(MESSAGES, "joined")
    one = start_worker()
    eventually(one.partitions, PARTITIONS, one.ended)
    append(kafka, values[:60], "joined")
    two = start_worker()
    append(kafka, values[60:90], "joined")
    eventually(lambda: len(two.partitions()), 2, lambda: ended(one, two))
    append(kafka, values[90:140], "joined")
    assert one.end() == 0
    append(kafka, values[140:], "joined")
    eventually(lambda: is_complete(store, "joined"), True, two.ended)
    assert visits_in(store, "joined") == EXPECTED


def test_a_worker_that_hangs_and_comes_back_believing_that_it_owns_the_partition_changes_nothing(
    kafka, store, two_workers
):
    values = values_of(MESSAGES, "frozen")
    partition = detections_partition("frozen", KEY_DAY, 4)
    frozen, other = owner_of(partition, two_workers)
    append(kafka, values[:90], "frozen")
    eventually(lambda: folded(frozen, partition) > 0, True, frozen.ended)
    frozen.freeze()
    append(kafka, values[90:], "frozen")
    eventually(lambda: is_complete(store, "frozen"), True, other.ended)
    newest = snapshot_offsets(store, partition)[0]
    frozen.thaw()
    eventually(lambda: len(frozen.partitions()) + len(other.partitions()), 4, lambda: ended(*two_workers))
    assert visits_in(store, "frozen") == EXPECTED
    assert snapshot_offsets(store, partition)[0] >= newest


def test_every_line_of_a_worker_is_json_and_what_is_said_of_a_partition_names_it(kafka, store, start_worker):
    worker = start_worker()
    # One that another test killed may be of the group a while longer.
    eventually(worker.partitions, PARTITIONS, worker.ended)
    append(kafka, values_of(MESSAGES, "said"), "said")
    eventually(lambda: is_complete(store, "said"), True, worker.ended)
    assert worker.end() == 0
    lines = worker.log()
    assert {line["partition"] for line in lines if line["message"] == "partition taken over"} == PARTITIONS
    assert all("offset" in line for line in lines if "partition" in line)
