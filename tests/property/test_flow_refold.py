"""A second fold of a day gives what the first would have given if nothing had come late."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from meguri_flow.domain import snapshot
from meguri_flow.domain.day_rules import DayKey
from meguri_flow.domain.partition import Partition
from meguri_flow.domain.refold import Refold
from meguri_proto.schema.log_pb2 import Record
from meguri_proto.schema.log_pb2 import Refold as RefoldRecord
from reference.fold import Message, fold
from reference.log import (
    DAY,
    KEY_DAY,
    MINUTE,
    START,
    TOWN,
    as_record,
    closed_visits,
    moves,
    rows_of,
    rules_record,
    table_rows,
)
from reference.streams import every_cut, streams

KEY = DayKey(TOWN, KEY_DAY)
ASK = Record(refold=RefoldRecord(town=TOWN, key_day=KEY_DAY)).SerializeToString()
CLOSING = as_record(Message(tick_ms=DAY.end_ms + DAY.lateness_ms))
PATIENT = replace(DAY, lateness_ms=DAY.end_ms)
"""Rules by which nothing is late."""

# Late ones among them are certain: the middle of the day has been heard of first.
late_streams = streams().map(lambda messages: [Message(tick_ms=START + 60 * MINUTE), *messages])


def chased(partition, log, cuts=()):
    """The second fold of the day that is asked for, up to where the first stands, and what it emitted."""
    refold = Refold(partition.days[KEY])
    taken = []
    ends = sorted({refold.next_offset, partition.next_offset, *cuts})
    for start, end in pairwise(end for end in ends if refold.next_offset <= end <= partition.next_offset):
        refold.observe(log[start:end])
        taken.append(refold.take_rows())
    return refold, taken


@given(late_streams, every_cut)
def test_a_refold_of_the_whole_day_finds_what_the_reference_finds_when_nothing_is_late(messages, cuts):
    log = list(enumerate([rules_record(), *map(as_record, messages), CLOSING, ASK]))
    partition = Partition()
    partition.observe(log)
    assert partition.asked() == [KEY]
    refold, taken = chased(partition, log, cuts)
    assert partition.adopt(refold)
    taken.append(partition.take_rows())
    expected = fold(messages, PATIENT)
    assert closed_visits(taken) == expected.visits
    assert moves(taken) == expected.moves
    presence = {(row["place"], row["bin_ms"]): row["visits"] for row in table_rows(taken, "presence")}
    assert presence == expected.presence
    (day,) = table_rows(taken, "days")
    assert (day["generation"], day["late"], day["complete"]) == (partition.next_offset - 1, 0, 1)
    assert day["duplicates"] == expected.duplicates


@given(late_streams, streams(), every_cut)
def test_after_its_generation_a_refold_goes_on_as_any_fold_does(before, after, cuts):
    log = list(enumerate([rules_record(), *map(as_record, before), ASK, *map(as_record, after), CLOSING]))
    generation = len(before) + 1
    partition = Partition()
    partition.observe(log[: generation + 1])
    refold, taken = chased(partition, log, cuts)
    assert partition.adopt(refold)
    partition.observe(log[generation + 1 :])
    taken.append(partition.take_rows())

    chaser = Partition()
    chaser.observe(log)
    if chaser.asked() == [KEY] and chaser.days[KEY].asked == generation:
        late, found = chased(chaser, log, cuts)
        assert chaser.adopt(late)
        found.append(chaser.take_rows())
        for table in ("moves", "presence"):
            assert rows_of(found, table) == rows_of(taken, table)
        assert closed_visits(found) == closed_visits(taken)
        assert snapshot.dump(chaser) == snapshot.dump(partition)


@given(late_streams, st.integers(0, 14))
def test_a_refold_resumed_from_a_snapshot_anywhere_finds_the_same(messages, restart):
    log = list(enumerate([rules_record(), *map(as_record, messages), ASK, CLOSING]))
    found = []
    for restarts in (set(), {min(restart, len(log))}):
        partition = Partition()
        for start, end in pairwise(sorted({0, len(log), *restarts})):
            partition.observe(log[start:end])
            partition.take_rows()
            if end in restarts:
                partition = snapshot.load(snapshot.dump(partition), snapshot.FORMAT)
        asked = partition.days[KEY].asked
        refold, taken = chased(partition, log)
        assert partition.adopt(refold)
        taken.append(partition.take_rows())
        found.append((asked, rows_of(taken, "visits"), rows_of(taken, "moves"), rows_of(taken, "days")))
    assert found[0] == found[1]
