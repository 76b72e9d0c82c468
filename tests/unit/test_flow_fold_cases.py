"""The fold's bounds, each as a small case named as a sentence. Gap 10 minutes, lateness 4, bins of 5."""

from dataclasses import replace

import pytest
from meguri_flow.domain.day_rules import DayKey
from meguri_flow.domain.partition import Partition
from meguri_proto.reasons import RejectReason
from meguri_proto.schema.log_pb2 import Record, Refused, Tick
from reference.fold import Delivery, Detection, Message
from reference.log import (
    DAY,
    KEY_DAY,
    MINUTE,
    START,
    TOWN,
    as_record,
    closed_visits,
    folded,
    log_of,
    moves,
    rows_of,
    rules_record,
    table_rows,
)

NUMBERS = iter(range(10**6))


def at(*minutes, device=1, sensor="a", rssi=-50, boot=1, sequence=None):
    """A message with one delivery of detections at minutes after the day's start."""
    heard = tuple(Detection(START + int(minute * MINUTE), device, rssi) for minute in minutes)
    return Message((Delivery(sensor, boot, next(NUMBERS) if sequence is None else sequence, heard),))


def tick(minute):
    return Message(tick_ms=START + int(minute * MINUTE))


CASES = {
    "exactly the gap continues a visit": ([at(20), at(30)], [(20, 30)]),
    "a millisecond more than the gap ends it": ([at(20), at(30 + 1 / MINUTE)], [(20, 20), (30, 30)]),
    "a detection that stands on the watermark is not late": ([at(20), tick(34), at(30)], [(20, 30)]),
    "a detection a millisecond before the watermark is late": (
        [at(20), tick(34), at(30 - 1 / MINUTE)],
        [(20, 20)],
    ),
    "a message is judged against the watermark before it": ([at(20, 60, 21)], [(20, 21), (60, 60)]),
    "a detection within the lateness bridges two visits": ([at(20), at(31), at(27)], [(20, 31)]),
    "an earlier detection within the lateness begins the visit": ([at(30), at(27)], [(27, 30)]),
    "two devices have visits of their own": ([at(20), at(25, device=2)], [(20, 20), (25, 25)]),
    "two places have visits of their own": ([at(20), at(25, sensor="c")], [(20, 20), (25, 25)]),
    "two sensors of one place hear one visit": ([at(20), at(25, sensor="b")], [(20, 25)]),
    "what is weaker than the sensor's minimum is outside": ([at(20), at(25, rssi=-71)], [(20, 20)]),
    "the weakest that counts is inside": ([at(20), at(25, rssi=-70)], [(20, 25)]),
    "an unknown signal strength counts as inside": ([at(20), at(25, rssi=-128)], [(20, 25)]),
    "a delivery of the same boot and sequence is a duplicate": (
        [at(20, sequence=10**7), at(25, sequence=10**7)],
        [(20, 20)],
    ),
    "the same sequence of another boot is another delivery": (
        [at(20, sequence=10**7), at(25, sequence=10**7, boot=2)],
        [(20, 25)],
    ),
    "the day's end closes a visit within the gap": ([at(239)], [(239, 239)]),
}


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("every_message_alone", [False, True], ids=["in one read", "read one by one"])
def test_fold(case, every_message_alone):
    messages, expected = CASES[case]
    log = log_of(messages)
    _, taken = folded(log, cuts=range(len(log)) if every_message_alone else ())
    found = [((v.first_ms - START) // MINUTE, (v.last_ms - START) // MINUTE) for v in closed_visits(taken)]
    assert sorted(found) == sorted(expected)


def versions(taken):
    return [row[-1] for row in rows_of(taken, "visits")]


def test_a_visit_is_announced_when_the_watermark_has_passed_its_first_detection_and_not_before():
    log = log_of([at(30), tick(33), at(29), tick(33), tick(33 + 1 / MINUTE)])
    _, taken = folded(log, cuts=range(len(log)))
    announced = [
        each.columns("visits")["first_ms"].tolist() if each.columns("visits") else [] for each in taken
    ]
    assert announced[:-1] == [[], [], [], [], [], [START + 29 * MINUTE]]
    assert versions(taken) == [1, 2]


def test_a_visit_that_a_sweep_finds_begun_and_over_is_written_once():
    _, taken = folded(log_of([at(30), tick(60)]))
    assert versions(taken) == [2]


# Each move as (from, to, minute at which the visit that it led to began, ordinal); a and b are in the hall, c
# in the shop.
MOVES = {
    "the next visit of a device is a move": ([at(20), at(40, sensor="c")], [("hall", "shop", 40, 1)]),
    "another device's visit is none": ([at(20), at(40, sensor="c", device=2)], []),
    "exactly three hours after the last detection is a move": (
        [at(20), at(25), at(205, sensor="c")],
        [("hall", "shop", 205, 1)],
    ),
    "a millisecond more is none": ([at(20), at(25), at(205 + 1 / MINUTE, sensor="c")], []),
    "a second visit at the same place is a move to it": ([at(20), at(40)], [("hall", "hall", 40, 1)]),
    "moves that follow each other are numbered": (
        [at(20), at(40, sensor="c"), at(60)],
        [("hall", "shop", 40, 1), ("shop", "hall", 60, 2)],
    ),
    "after a break the numbers begin anew": (
        [at(1), at(20, sensor="c"), at(201), at(220, sensor="c")],
        [("hall", "shop", 20, 1), ("hall", "shop", 220, 1)],
    ),
    "a device that is heard at both places at once moved to where it was heard later": (
        [at(20, 25, 30), at(26, sensor="c"), at(35)],
        [("hall", "shop", 26, 1)],
    ),
    "of two visits that begin in the same millisecond the first place's comes first": (
        [at(20, sensor="c"), at(20)],
        [("hall", "shop", 20, 1)],
    ),
    "a detection within the lateness turns a move round": (
        [at(20), at(21, sensor="c"), at(18, sensor="c")],
        [("shop", "hall", 20, 1)],
    ),
    "a device's visit is led to from the last one that began before": (
        [at(10), at(40, sensor="c"), at(60), at(75, sensor="c")],
        [("hall", "shop", 40, 1), ("shop", "hall", 60, 2), ("hall", "shop", 75, 3)],
    ),
}


@pytest.mark.parametrize("case", MOVES, ids=str)
@pytest.mark.parametrize("every_message_alone", [False, True], ids=["in one read", "read one by one"])
def test_moves(case, every_message_alone):
    messages, expected = MOVES[case]
    log = log_of(messages)
    _, taken = folded(log, cuts=range(len(log)) if every_message_alone else ())
    found = [
        (move.from_place, move.place, (move.first_ms - START) // MINUTE, move.ordinal)
        for move in moves(taken)
    ]
    assert sorted(found) == sorted(expected)


def test_a_random_address_and_a_makers_are_told_apart_by_visits_and_moves():
    def heard(minute, sensor, device, random):
        detection = Detection(START + minute * MINUTE, device, random=random)
        return Message((Delivery(sensor, 1, next(NUMBERS), (detection,)),))

    walks = [heard(m, s, d, r) for m, s in ((20, "a"), (40, "c")) for d, r in ((1, True), (2, False))]
    _, taken = folded(log_of(walks))
    assert {(visit.device, visit.random) for visit in closed_visits(taken)} == {(1, True), (2, False)}
    assert [(move.device, move.random) for move in moves(taken)] == [(1, True), (2, False)]


def test_an_ordinal_stays_at_255_from_there_on():
    short_gap = replace(DAY, gap_ms=1_000)
    log = [rules_record(day=short_gap), *(as_record(at(1 + step / 10)) for step in range(300))]
    end = as_record(Message(tick_ms=DAY.end_ms + DAY.lateness_ms))
    _, taken = folded(list(enumerate([*log, end])))
    assert [move.ordinal for move in moves(taken)] == [*range(1, 256), *[255] * 44]


def health(taken):
    return {(row["sensor"], row["bin_ms"]): row for row in table_rows(taken, "sensor_health")}


def test_a_sensors_lead_is_how_far_it_is_ahead_of_the_newest_tick_at_most():
    log = log_of([at(19), tick(22), at(20), at(21), at(23.5), at(26, sensor="c")])
    found = health(folded(log)[1])
    minutes = {key: row["lead_ms"] / MINUTE for key, row in found.items()}
    assert minutes == {
        ("a", START + 15 * MINUTE): 0,
        ("a", START + 20 * MINUTE): 1.5,
        ("c", START + 25 * MINUTE): 4,
    }


def test_refused_detections_are_counted_where_the_town_was_in_time():
    def refused(town_time_ms, **changes):
        fields = {"town": TOWN, "sensor": "a", "key_day": KEY_DAY, "town_time_ms": town_time_ms}
        return Record(refused=Refused(**{**fields, **changes})).SerializeToString()

    town_time_ms = START + 21 * MINUTE
    values = [
        rules_record(),
        refused(town_time_ms, detections=7, lead_ms=90_000),
        refused(town_time_ms, detections=2, lead_ms=40_000),
        refused(town_time_ms, detections=1, sensor="gone"),
        refused(town_time_ms, detections=1, key_day=KEY_DAY + 1),
    ]
    partition, taken = folded(list(enumerate(values)))
    (row,) = health(taken).values()
    assert (row["sensor"], row["bin_ms"]) == ("a", START + 20 * MINUTE)
    assert (row["refused"], row["lead_ms"], row["detections"]) == (9, 90_000, 0)
    assert partition.unknown_records == 0


def test_a_bridge_between_an_announced_visit_and_a_newer_one_is_announced_once():
    for first, second in ((20, 31), (31, 20)):
        log = log_of([at(first, second), tick(25), at(27)])
        _, taken = folded(log, cuts=range(len(log)))
        assert versions(taken) == [1, 2]
        assert len(closed_visits(taken)) == 1


def test_a_visit_that_begins_within_the_gap_after_the_day_start_is_no_arrival():
    _, taken = folded(log_of([at(10, device=1), at(10 + 1 / MINUTE, device=2)]))
    assert {visit.device: visit.arrival for visit in closed_visits(taken)} == {1: False, 2: True}


def test_a_duplicate_delivered_late_is_a_duplicate_and_not_late():
    partition, _ = folded(log_of([at(20, sequence=10**7), tick(100), at(20, sequence=10**7)]))
    day = partition.days[DayKey(TOWN, KEY_DAY)]
    _, _, late, duplicates, _ = day.health.counts.sum(axis=(0, 1)).tolist()
    assert (late, duplicates) == (0, 1)


def test_a_late_detection_is_counted_and_marks_the_day():
    _, taken = folded(log_of([tick(100), at(20)]))
    assert taken[-1].columns("days")["late"].tolist() == [1]


def test_active_counts_devices_heard_in_the_last_five_minutes_of_town_time():
    partition = Partition()
    log = [rules_record(), as_record(at(20, device=1)), as_record(at(24.5, device=2)), as_record(at(25))]
    partition.observe(enumerate([*log, as_record(at(19, device=3))]))
    assert partition.days[DayKey(TOWN, KEY_DAY)].active() == {"hall": 2, "shop": 0}


def test_a_second_rules_record_of_a_day_changes_nothing():
    log = [value for _, value in log_of([at(20), at(30)])]
    _, once = folded(list(enumerate(log)))
    _, twice = folded(list(enumerate([*log[:2], rules_record(), *log[2:]])))
    assert rows_of(twice, "visits") == rows_of(once, "visits")


def test_what_cannot_be_folded_is_rejected_with_its_reason_and_the_rest_goes_on():
    partition = Partition()
    broken = Record.FromString(as_record(at(20)))
    broken.detections.device = broken.detections.device[:-1]
    values = [
        as_record(at(20)),
        rules_record(),
        b"\xff\xff no message",
        broken.SerializeToString(),
        as_record(Message((Delivery("nobody", 1, 1, (Detection(START, 1),)),))),
        as_record(at(21)),
    ]
    rejected = partition.observe(enumerate(values))
    assert [(each.offset, each.reason) for each in rejected] == [
        (0, RejectReason.DAY_NOT_OPENED),
        (2, RejectReason.UNREADABLE),
        (3, RejectReason.COLUMNS_DISAGREE),
        (4, RejectReason.UNKNOWN_SENSOR),
    ]
    assert partition.days[DayKey(TOWN, KEY_DAY)].sizes[0] == 1


def test_a_record_of_a_newer_producer_is_skipped_and_counted():
    partition = Partition()
    newer = b"\xfa\x01\x03new"  # field 31, length-delimited
    assert partition.observe([(0, newer)]) == []
    assert partition.unknown_records == 1


def test_a_day_is_forgotten_a_day_after_its_end_and_its_rows_are_not_lost():
    day_after = Record(tick=Tick(town=TOWN, town_time_ms=DAY.end_ms + 24 * 60 * MINUTE)).SerializeToString()
    log = [rules_record(), as_record(at(20)), day_after, rules_record()]
    partition, taken = folded(list(enumerate(log)))
    assert partition.days == {}
    assert len(closed_visits(taken)) == 1


def test_an_offset_below_the_next_is_refused():
    partition = Partition(next_offset=5)
    with pytest.raises(ValueError, match="offset 4 was folded before: the next is 5"):
        partition.observe([(4, rules_record())])
