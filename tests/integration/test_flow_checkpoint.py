"""A checkpoint writes rows, then what is found of days that are complete, then that they are complete."""

from base64 import b64encode
from collections import Counter, defaultdict
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from meguri_flow.domain.snapshot import FORMAT, SnapshotError
from meguri_flow.stream.owned import OwnedPartition
from meguri_flow.stream.snapshots import Snapshots
from meguri_kit.clickhouse.store import StoreUnavailableError
from meguri_proto.dwell_bins import DWELL_EDGES_MS
from reference.fold import Delivery, Detection, Message, fold
from reference.log import DAY, KEY_DAY, MINUTE, START, as_record, rules_record

FINDINGS = ("day_arrivals", "day_dwell", "day_moves", "day_paths")
TABLES = ("visits", "moves", "presence", "sensor_health", *FINDINGS, "days")
SENSORS = ("a", "c", "b")
END_MS = DAY.end_ms + DAY.lateness_ms


def walks():
    """Three hours in which devices, every third with a made-up address, go to and fro between two places."""
    rng = np.random.default_rng(20_241_004)
    messages = []
    for minute in range(12, 190, 2):
        sensor = SENSORS[minute // 2 % 3]
        around = [device for device in range(1, 13) if (device * 7 + minute // 25) % 3 != minute // 2 % 3]
        heard = [
            Detection(START + minute * MINUTE + int(rng.integers(0, MINUTE)), device, random=device % 3 == 0)
            for device in around
        ]
        messages.append(Message((Delivery(sensor, 1, minute, tuple(heard)),)))
    return messages


MESSAGES = walks()
EXPECTED = fold(MESSAGES, DAY)


def log_of(town):
    closing = Message(tick_ms=END_MS)
    values = [rules_record(town=town), *(as_record(message, town=town) for message in [*MESSAGES, closing])]
    return list(enumerate(values))


def takes_over(store, town):
    snapshots = Snapshots(store, town)
    return OwnedPartition(0, snapshots.load(0), store, snapshots)


def folds(owned, log):
    owned.observe([message for message in log if message[0] >= owned.state.next_offset])


def rows(store, town, tables=TABLES):
    """All rows of the town's tables, without its name."""
    found = {}
    for table in tables:
        each = store.select(f"SELECT * FROM {table} FINAL WHERE town = %(town)s", {"town": town})
        found[table] = sorted(tuple(v for name, v in sorted(row.items()) if name != "town") for row in each)
    return found


def whole_way(store, town):
    """Half of the log, a checkpoint, the rest, a checkpoint."""
    log = log_of(town)
    owned = takes_over(store, town)
    folds(owned, log[: len(log) // 2])
    owned.write(owned.take_checkpoint())
    folds(owned, log)
    owned.write(owned.take_checkpoint())
    return rows(store, town)


@pytest.fixture(scope="module")
def uninterrupted(each_store):
    return whole_way(each_store, "uninterrupted")


class Killed(BaseException):
    """The worker ends here."""


class MortalStore:
    """Ends the worker before its insert of this number, or lets only that one fail once."""

    def __init__(self, store, inserts, error):
        self._store = store
        self._left = inserts
        self._error = error

    def insert(self, table, columns):
        self._left -= 1
        if self._left == -1:
            raise self._error
        self._store.insert(table, columns)

    def query(self, name, params=None):
        return self._store.query(name, params)


INSERTS = len(TABLES) + 1
"""Of a checkpoint in which a day becomes complete: the tables and the snapshot."""


@pytest.mark.parametrize("insert", range(INSERTS))
def test_a_worker_killed_before_any_insert_of_a_checkpoint_leaves_the_same_rows_in_the_end(
    each_store, uninterrupted, insert
):
    town = f"killed-{insert}"
    log = log_of(town)
    owned = takes_over(each_store, town)
    folds(owned, log[: len(log) // 2])
    owned.write(owned.take_checkpoint())
    dying = takes_over(MortalStore(each_store, insert, Killed()), town)
    folds(dying, log)
    with pytest.raises(Killed):
        dying.write(dying.take_checkpoint())
    complete = each_store.select("SELECT complete FROM days FINAL WHERE town = %(t)s", {"t": town})
    if complete == [{"complete": 1}]:
        assert rows(each_store, town, FINDINGS) == {table: uninterrupted[table] for table in FINDINGS}
    heir = takes_over(each_store, town)
    folds(heir, log)
    heir.write(heir.take_checkpoint())
    assert rows(each_store, town) == uninterrupted


def test_a_checkpoint_that_the_store_refused_is_written_whole_the_next_time(each_store, uninterrupted):
    for insert in (0, 5, INSERTS - 1):
        town = f"refused-{insert}"
        owned = takes_over(MortalStore(each_store, insert, StoreUnavailableError("full")), town)
        folds(owned, log_of(town))
        checkpoint = owned.take_checkpoint()
        with pytest.raises(StoreUnavailableError):
            owned.write(checkpoint)
        owned.write(checkpoint)
        found = rows(each_store, town, FINDINGS)
        assert found == {table: uninterrupted[table] for table in FINDINGS}


class UnheardStore:
    """Does every insert, and says of each once that it could not."""

    def __init__(self, store):
        self._store = store
        self._done = set()

    def insert(self, table, columns):
        self._store.insert(table, columns)
        if table not in self._done:
            self._done.add(table)
            raise StoreUnavailableError("the answer came too late")

    def query(self, name, params=None):
        return self._store.query(name, params)


def test_inserts_that_happened_though_the_worker_gave_up_on_them_are_repeated_and_double_nothing(
    each_store, uninterrupted
):
    town = "unheard"
    log = log_of(town)
    owned = takes_over(UnheardStore(each_store), town)
    for end in (len(log) // 2, len(log)):
        folds(owned, log[:end])
        checkpoint = owned.take_checkpoint()
        while owned.saved_offset < end:
            with suppress(StoreUnavailableError):
                owned.write(checkpoint)
    assert rows(each_store, town) == uninterrupted


def test_a_worker_that_hung_and_writes_what_it_had_folded_takes_nothing_back(each_store, uninterrupted):
    town = "hung"
    log = log_of(town)
    hung = takes_over(each_store, town)
    folds(hung, log[: len(log) // 2])
    hung.write(hung.take_checkpoint())
    folds(hung, log[: len(log) * 2 // 3])
    unwritten = hung.take_checkpoint()
    heir = takes_over(each_store, town)
    folds(heir, log)
    heir.write(heir.take_checkpoint())
    hung.write(unwritten)
    assert rows(each_store, town) == uninterrupted
    assert takes_over(each_store, town).state.next_offset == len(log)


def test_what_is_found_of_a_complete_day_is_what_its_visits_and_moves_hold(each_store, uninterrupted):
    arrived = [visit for visit in EXPECTED.visits if visit.arrival]
    hours = of_devices(((v.place, (v.first_ms - DAY.start_ms) // 3_600_000, v.random), v) for v in arrived)
    dwell = of_devices(((v.place, bin_of(v.last_ms - v.first_ms), v.random), v) for v in arrived)
    moves = of_devices(((m.from_place, m.place, m.random), m) for m in EXPECTED.moves)
    paths = of_devices(((name, random), move) for name, random, move in paths_of(EXPECTED.moves))
    for table, names, expected in (
        ("day_arrivals", ("place", "hour", "random", "arrivals", "devices"), hours),
        ("day_dwell", ("place", "bin", "random", "stays", "devices"), dwell),
        ("day_moves", ("from_place", "place", "random", "moves", "devices"), moves),
        ("day_paths", ("path", "random", "paths", "devices"), paths),
    ):
        found = each_store.select(
            f"SELECT {', '.join(names)} FROM {table} FINAL WHERE town = 'uninterrupted' AND generation = 0"
        )
        assert len(expected) > 2
        assert sorted(tuple(row.values()) for row in found) == sorted(expected), table


def of_devices(found):
    """(what, how many, of how many devices), from pairs of a tuple and what was found."""
    counts, devices = Counter(), defaultdict(set)
    for what, each in found:
        counts[what] += 1
        devices[what].add(each.device)
    return [(*map(as_plain, what), count, len(devices[what])) for what, count in counts.items()]


def as_plain(value):
    return int(value) if isinstance(value, bool) else value


def bin_of(dwell_ms):
    return sum(dwell_ms >= edge for edge in DWELL_EDGES_MS)


def paths_of(moves):
    paths = []
    for move in sorted(moves, key=lambda move: (move.device, move.random, move.first_ms, move.ordinal)):
        if move.ordinal == 1:
            paths.append([move.from_place, move.random, move])
        paths[-1][0] += f">{move.place}"
    return paths


def test_a_day_that_was_complete_before_is_not_asked_again(each_store):
    town = "later"
    owned = takes_over(each_store, town)
    folds(owned, log_of(town))
    owned.write(owned.take_checkpoint())
    found = rows(each_store, town)
    for resumed in (owned, takes_over(each_store, town)):
        tick = as_record(Message(tick_ms=END_MS + resumed.state.next_offset * MINUTE), town=town)
        resumed.observe([(resumed.state.next_offset, tick)])
        resumed.write(resumed.take_checkpoint())
        assert rows(each_store, town, FINDINGS) == {table: found[table] for table in FINDINGS}
        assert rows(each_store, town, ["days"]) != {"days": found["days"]}


def test_a_day_that_is_complete_and_forgotten_in_one_read_is_found_all_the_same(each_store, uninterrupted):
    town = "at-once"
    owned = takes_over(each_store, town)
    forgetting = as_record(Message(tick_ms=DAY.end_ms + 24 * 60 * MINUTE), town=town)
    log = log_of(town)[:-1]
    folds(owned, [*log, (len(log), forgetting)])
    assert (town, KEY_DAY) not in owned.state.days
    owned.write(owned.take_checkpoint())
    assert rows(each_store, town, FINDINGS) == {table: uninterrupted[table] for table in FINDINGS}


def save(store, town, data, format_, next_offset):
    """A snapshot as another version of Meguri would have written it."""
    checksum = blake2b(data, digest_size=16).hexdigest()
    row = {"log": town, "partition": 0, "slot": 0, "next_offset": next_offset, "format": format_}
    row |= {"checksum": checksum, "body": b64encode(data).decode()}
    store.insert("snapshots", {name: [value] for name, value in row.items()})


def test_a_snapshot_of_an_older_meguri_is_gone_on_from_and_the_next_one_is_of_this_format(each_store):
    old = Path(__file__).parents[1] / "unit/snapshots/format-2.bin"
    save(each_store, "older", old.read_bytes(), 2, next_offset=5)
    owned = takes_over(each_store, "older")
    (key,) = owned.state.days
    owned.observe([(owned.state.next_offset, as_record(Message(tick_ms=END_MS), town=key.town))])
    owned.write(owned.take_checkpoint())
    newest, *_ = each_store.query("meguri_flow/snapshots", {"log": "older", "partition": 0})
    assert (newest["format"], newest["next_offset"]) == (FORMAT, owned.state.next_offset)
    assert takes_over(each_store, "older").state.days[key].is_complete


def test_a_snapshot_of_a_newer_meguri_is_refused_though_there_is_an_older_one(each_store):
    folds(owned := takes_over(each_store, "newer"), log_of("newer")[:9])
    owned.write(owned.take_checkpoint())
    save(each_store, "newer", b"of the future", FORMAT + 1, next_offset=10**6)
    with pytest.raises(SnapshotError, match="written by a newer Meguri"):
        takes_over(each_store, "newer")
