"""Sealing: whoever is killed at any step, the findings stand once in the end and no pseudonym anywhere."""

import asyncio
import base64
import zlib
from types import SimpleNamespace

import pytest
from meguri_flow.domain.day_rules import DayKey
from meguri_flow.stream.owned import OwnedPartition
from meguri_flow.stream.sealing import Mark, Sealing, drop_rows, mark, unsealed
from meguri_flow.stream.snapshots import Snapshots
from meguri_proto.schema.log_pb2 import Record
from meguri_proto.topics import detections_partition
from reference.fold import Delivery, Detection, Message
from reference.log import DAY, KEY_DAY, MINUTE, START, as_record, rules_record

PARTITIONS = 4
FINDINGS = ("day_arrivals", "day_dwell", "day_moves", "day_paths", "presence", "sensor_health", "days")
WITH_PSEUDONYMS = ("visits", "moves", "marked_devices")
DEVICES = [0x1122_3344_5566_7788 + 0x0101_0101_0101_0101 * number for number in range(6)]
SEALING_MS = DAY.end_ms + 24 * 60 * MINUTE
STEPS = (
    # A checkpoint: rows, the findings, that the day is complete, the mark, the snapshot.
    *("visits", "moves", "presence", "sensor_health"),
    *("day_arrivals", "day_dwell", "day_moves", "day_paths", "days", "sealed_days", "snapshots"),
    # What follows it: tables, slots of before, records, and the mark's end.
    *("drop marked_devices", "drop moves", "drop visits", "drop snapshots", "drop snapshots"),
    *("delete records", "append", "sealed_days"),
)


def walks():
    """Devices that go to and fro between two places, one of them heard all day."""
    messages = []
    for minute in range(12, 190, 2):
        heard = [
            Detection(START + minute * MINUTE + number, device)
            for number, device in enumerate(DEVICES)
            if number == 0 or (minute // 25 + number) % 3
        ]
        messages.append(Message((Delivery("ac"[minute // 25 % 2], 1, minute, tuple(heard)),)))
    return messages


class Killed(BaseException):
    """The worker ends here."""


class World:
    """A store and a log that outlive their workers; a worker dies before the step that is told.

    Attributes:
        steps: what changed the store or the log, in order.
    """

    def __init__(self, store, town):
        self.town = town
        self.steps = []
        self.records = []
        self.start = 0
        self.dies_before = None
        self._store = store
        self.partition = detections_partition(town, KEY_DAY, PARTITIONS)

    def fill(self, *messages):
        self.records += [as_record(message, town=self.town) for message in messages]

    def open_day(self):
        self.records.append(rules_record(town=self.town))

    def insert(self, table, columns):
        self._step(table)
        self._store.insert(table, columns)

    def drop_partition(self, table, *values):
        self._step(f"drop {table}")
        self._store.drop_partition(table, *values)

    def query(self, name, params=None):
        return self._store.query(name, params)

    async def append(self, topic, value, *, partition, key):
        assert (topic, partition, key) == (self.town, self.partition, self.town.encode())
        self._step("append")
        self.records.append(value)

    def delete_below(self, partition, offset):
        assert partition == self.partition
        self._step("delete records")
        self.start = max(self.start, offset)

    def _step(self, name):
        if self.dies_before == len(self.steps):
            raise Killed
        self.steps.append(name)

    def left(self):
        """The records that the log still holds."""
        return list(enumerate(self.records))[self.start :]


def work(world):
    """Take over, fold what the log has, write, drop: a worker's life."""
    snapshots = Snapshots(world, world.town)
    sealing = Sealing(world, snapshots, world, world.delete_below, world.town)
    loaded = snapshots.load(world.partition)
    owned = OwnedPartition(world.partition, loaded, world, snapshots)
    owned.sealed = sealing.not_dropped(world.partition, PARTITIONS, owned.state.days)
    next_offset = owned.state.next_offset
    assert next_offset >= world.start, "records that the snapshot needs are gone"
    owned.observe([each for each in world.left() if each[0] >= next_offset])
    if owned.is_ahead_of_its_checkpoint:
        owned.write(owned.take_checkpoint())
    if owned.sealed:
        asyncio.run(sealing.drop(world.partition, owned.sealed, owned.slot, owned.needed_offset))
    return owned


def half_a_day(store, town):
    """A world in which a worker wrote two checkpoints of a day that goes on."""
    world = World(store, town)
    world.open_day()
    heard = walks()
    world.fill(*heard[:30])
    work(world)
    world.fill(*heard[30:45])
    work(world)
    world.fill(*heard[45:])
    world.steps.clear()
    return world


def rows(store, town, tables):
    found = {}
    for table in tables:
        each = store.select(f"SELECT * FROM {table} FINAL WHERE town = %(town)s", {"town": town})
        found[table] = sorted(tuple(v for name, v in sorted(row.items()) if name != "town") for row in each)
    return found


def pseudonyms_of(world, store):
    """Where pseudonyms of the world are: in which tables, in its snapshots, in its log."""
    places = {table for table, found in rows(store, world.town, WITH_PSEUDONYMS).items() if found}
    snapshots = store.select("SELECT body FROM snapshots WHERE log = %(log)s", {"log": world.town})
    states = [zlib.decompress(base64.b64decode(row["body"])) for row in snapshots]
    texts = {"snapshots": states, "log": [value for _, value in world.left()]}
    raw = [device.to_bytes(8, "little") for device in DEVICES]
    return places | {
        place for place, each in texts.items() if any(one in text for text in each for one in raw)
    }


def marks_of(store, town):
    names = "slice, generation, sealed_ms, dropped, lost"
    return store.select(f"SELECT {names} FROM sealed_days FINAL WHERE town = %(t)s", {"t": town})


@pytest.fixture(scope="module")
def expected(each_store):
    """What stays of a day whose worker nobody killed, and the steps of its sealing."""
    world = half_a_day(each_store, "whole")
    assert pseudonyms_of(world, each_store) == {"visits", "moves", "snapshots", "log"}
    world.fill(Message(tick_ms=SEALING_MS))
    work(world)
    assert pseudonyms_of(world, each_store) == set()
    return SimpleNamespace(rows=rows(each_store, "whole", FINDINGS), steps=world.steps)


def test_a_day_that_is_over_leaves_its_findings_and_a_mark_and_no_pseudonym(each_store, expected):
    assert all(expected.rows.values())
    assert marks_of(each_store, "whole") == [
        {"slice": 0, "generation": 0, "sealed_ms": SEALING_MS, "dropped": 1, "lost": 0}
    ]
    assert tuple(expected.steps) == STEPS


def test_what_stays_of_a_sealed_day_is_what_is_found_of_a_complete_one(each_store, expected):
    world = half_a_day(each_store, "complete")
    world.fill(Message(tick_ms=DAY.end_ms + DAY.lateness_ms))
    work(world)
    assert pseudonyms_of(world, each_store) == {"visits", "moves", "snapshots", "log"}
    tables = FINDINGS[:-1]
    assert rows(each_store, "complete", tables) == {table: expected.rows[table] for table in tables}


@pytest.mark.parametrize("step", range(len(STEPS)), ids=[f"{n}-{name}" for n, name in enumerate(STEPS)])
def test_a_worker_killed_at_any_step_leaves_the_findings_once_and_no_pseudonym_in_the_end(
    each_store, expected, step
):
    world = half_a_day(each_store, f"killed-{step}")
    world.fill(Message(tick_ms=SEALING_MS))
    world.dies_before = step
    with pytest.raises(Killed):
        work(world)
    world.dies_before = None
    work(world)
    assert pseudonyms_of(world, each_store) == set()
    assert rows(each_store, world.town, FINDINGS) == expected.rows
    assert [row["dropped"] for row in marks_of(each_store, world.town)] == [1]


def test_the_record_that_ends_a_segment_says_which_day_was_sealed(each_store):
    world = half_a_day(each_store, "said")
    world.fill(Message(tick_ms=SEALING_MS))
    work(world)
    last = Record.FromString(world.records[-1]).sealed
    assert (last.town, last.key_day) == ("said", KEY_DAY)


def test_a_heir_of_a_dropped_day_has_nothing_to_do_and_two_snapshots_to_begin_with(each_store):
    world = half_a_day(each_store, "heir")
    world.fill(Message(tick_ms=SEALING_MS))
    work(world)
    held = each_store.select("SELECT slot, next_offset FROM snapshots FINAL WHERE log = 'heir' ORDER BY slot")
    assert [row["slot"] for row in held] == [2, 3]
    assert len({row["next_offset"] for row in held}) == 1
    world.steps.clear()
    assert work(world).state.days == {}
    assert world.steps == ["snapshots"]


def test_a_worker_that_slept_changes_neither_the_findings_nor_the_snapshot(each_store):
    world = half_a_day(each_store, "slept")
    snapshots = Snapshots(world, world.town)
    sleeper = OwnedPartition(world.partition, snapshots.load(world.partition), world, snapshots)
    sleeper.observe([each for each in world.left() if each[0] >= sleeper.state.next_offset])
    world.fill(Message(tick_ms=DAY.end_ms + DAY.lateness_ms))
    sleeper.observe(world.left()[-1:])
    unwritten = sleeper.take_checkpoint()
    world.fill(Message(tick_ms=SEALING_MS))
    newest = work(world)
    found = rows(each_store, world.town, FINDINGS[:4])
    sleeper.write(unwritten)
    assert snapshots.load(world.partition).partition.next_offset == newest.saved_offset
    assert rows(each_store, world.town, FINDINGS[:4]) == found


def test_rows_of_a_day_go_when_the_last_of_its_slices_is_sealed(each_store):
    town = "sliced"
    first, second = DayKey(town, KEY_DAY, 0), DayKey(town, KEY_DAY, 1)
    for key in (first, second):
        row = {"town": [town], "key_day": [KEY_DAY], "slice": [key.slice]}
        each_store.insert("visits", {**row, "place": ["hall"], "device": [key.slice + 1]})
        each_store.insert("days", row)
    mark(each_store, [Mark(first, 0, SEALING_MS)])
    drop_rows(each_store, [first])
    assert len(rows(each_store, town, ["visits"])["visits"]) == 2
    mark(each_store, [Mark(second, 0, SEALING_MS)])
    assert unsealed(each_store, {first, second, DayKey(town, KEY_DAY + 1)}) == {DayKey(town, KEY_DAY + 1)}
    drop_rows(each_store, [second])
    assert rows(each_store, town, ["visits"])["visits"] == []
