"""When a day is folded again, what a second fold waits for, and when a day is sealed."""

import pytest
from meguri_flow.domain.day import SEALED_AFTER_MS
from meguri_flow.domain.day_rules import DayKey
from meguri_flow.domain.partition import Partition
from meguri_flow.domain.refold import Refold
from meguri_proto.reasons import RejectReason
from meguri_proto.schema.log_pb2 import Record
from meguri_proto.schema.log_pb2 import Refold as RefoldRecord
from reference.fold import Delivery, Detection, Message
from reference.log import (
    DAY,
    KEY_DAY,
    MINUTE,
    START,
    TOWN,
    as_record,
    closed_visits,
    rules_record,
    table_rows,
)

KEY = DayKey(TOWN, KEY_DAY)
ASK = Record(refold=RefoldRecord(town=TOWN, key_day=KEY_DAY)).SerializeToString()
CLOSED = (DAY.end_ms + DAY.lateness_ms - START) // MINUTE
OVER = (DAY.end_ms + SEALED_AFTER_MS - START) // MINUTE
"""Minutes after the day's start."""


class Log:
    """A log that grows, and the partition that folds it."""

    def __init__(self):
        self.values = [rules_record()]
        self.partition = Partition()
        self.partition.observe([(0, self.values[0])])

    @property
    def messages(self):
        return list(enumerate(self.values))

    def add(self, value):
        self.values.append(value)
        return self.partition.observe([(len(self.values) - 1, value)])

    def tick(self, minute):
        self.add(as_record(Message(tick_ms=START + minute * MINUTE)))

    def hear(self, device, *minutes):
        heard = tuple(Detection(START + int(minute * MINUTE), device) for minute in minutes)
        return self.add(as_record(Message((Delivery("a", 1, len(self.values), heard),))))

    def asked_after(self, minute):
        self.tick(minute)
        return self.partition.asked() == [KEY]

    def refold(self):
        refold = Refold(self.partition.days[KEY])
        refold.observe(self.messages[refold.next_offset :])
        assert self.partition.adopt(refold)
        return self.partition.take_rows()


@pytest.fixture
def log():
    return Log()


def stays(rows):
    """(device, first minute, last minute) of the closed visits."""
    return [
        (visit.device, (visit.first_ms - START) // MINUTE, (visit.last_ms - START) // MINUTE)
        for visit in closed_visits([rows])
    ]


def test_a_tick_a_quarter_of_an_hour_after_the_last_asks_for_what_came_late(log):
    log.tick(60)
    log.hear(1, 20)
    assert [log.asked_after(minute) for minute in (61, 74, 75)] == [False, False, True]
    generation = len(log.values) - 1
    log.tick(90)
    assert log.partition.days[KEY].asked == generation, "the offset of the tick that asked"


def test_nothing_is_asked_for_when_nothing_came_late(log):
    log.tick(60)
    log.hear(1, 58)
    assert [log.asked_after(minute) for minute in (75, 90, CLOSED, OVER)] == [False] * 4


def test_what_was_asked_for_is_not_asked_for_again_until_more_comes_late(log):
    log.tick(60)
    log.hear(1, 20)
    log.tick(75)
    log.refold()
    assert [log.asked_after(minute) for minute in (90, 105)] == [False, False]
    log.hear(1, 22)
    assert log.asked_after(120)


def test_a_later_ask_takes_the_place_of_one_that_is_running(log):
    log.tick(60)
    log.hear(1, 20)
    log.tick(75)
    running = Refold(log.partition.days[KEY])
    log.hear(1, 40)
    log.tick(90)
    running.observe(log.messages[running.next_offset :])
    assert not log.partition.adopt(running)
    assert stays(log.refold()) == [(1, 20, 20), (1, 40, 40)]


def test_a_refold_that_has_not_come_as_far_as_the_partition_is_not_adopted(log):
    log.add(ASK)
    refold = Refold(log.partition.days[KEY])
    refold.observe(log.messages[refold.next_offset :])
    log.tick(10)
    assert not log.partition.adopt(refold)


def test_a_day_that_closes_asks_for_what_came_late_since_the_last_quarter(log):
    log.tick(CLOSED - 2)
    log.hear(1, 20)
    assert log.asked_after(CLOSED)


def test_a_visit_that_a_late_one_joins_to_another_disappears(log):
    log.hear(1, 20)
    log.hear(1, 36)
    log.tick(60)
    assert stays(log.partition.take_rows()) == [(1, 20, 20), (1, 36, 36)]
    log.hear(1, 28)
    log.tick(75)
    assert stays(log.refold()) == [(1, 20, 36)]


def test_a_refold_does_not_close_what_a_later_late_message_joins(log):
    log.hear(1, 20)
    log.tick(60)
    log.tick(61)
    log.hear(1, 29)
    log.tick(75)
    refold = Refold(log.partition.days[KEY])
    refold.observe(log.messages[refold.next_offset : 4])
    assert stays(refold.take_rows()) == []
    refold.observe(log.messages[refold.next_offset :])
    assert log.partition.adopt(refold)
    assert stays(log.partition.take_rows()) == [(1, 20, 29)]


def test_what_comes_late_after_the_generation_does_not_hide_what_came_late_just_below_it(log):
    log.hear(1, 20)
    log.tick(60)
    log.hear(1, 29)
    log.add(ASK)
    log.hear(1, 29.5)
    refold = Refold(log.partition.days[KEY])
    for message in log.messages[refold.next_offset :]:
        refold.observe([message])
        refold.take_rows()
    assert log.partition.adopt(refold)
    assert refold.day.visits == 1


def test_the_time_of_another_town_in_the_partition_ends_no_day_that_is_folded_again(log):
    log.hear(1, 20)
    log.add(as_record(Message(tick_ms=DAY.end_ms + SEALED_AFTER_MS), town="elsewhere"))
    log.hear(2, 21)
    log.add(ASK)
    rows = log.refold()
    assert [row["detections"] for row in table_rows([rows], "days")] == [2]
    assert list(log.partition.days) == [KEY], "it is not sealed"


def test_between_two_refolds_late_data_is_counted_again(log):
    log.tick(60)
    log.hear(1, 20)
    log.tick(75)
    log.refold()
    log.hear(1, 25)
    (day,) = table_rows([log.partition.take_rows()], "days")
    assert (day["late"], day["generation"]) == (1, 3)


def test_a_day_is_sealed_a_day_after_its_end_with_its_last_rows(log):
    log.hear(1, 20)
    log.tick(OVER - 1)
    assert not log.partition.take_rows().sealed
    log.tick(OVER)
    (sealed,) = log.partition.take_rows().sealed
    assert (sealed.town, sealed.key_day, sealed.generation) == (TOWN, KEY_DAY, 0)
    assert not log.partition.days
    assert log.partition.needed_offset == len(log.values)


def test_what_came_late_is_folded_in_before_a_day_is_sealed(log):
    log.tick(CLOSED)
    log.hear(1, 20)
    log.tick(OVER)
    assert not log.partition.take_rows().sealed
    assert log.partition.needed_offset == 0
    rows = log.refold()
    assert stays(rows) == [(1, 20, 20)]
    assert [day.generation for day in rows.sealed] == [3]


def test_a_day_whose_records_are_gone_is_sealed_as_it_is(log):
    log.tick(CLOSED)
    log.hear(1, 20)
    log.tick(OVER)
    log.partition.cannot_refold(KEY)
    assert [day.generation for day in log.partition.take_rows().sealed] == [0]


def test_nothing_is_taken_into_a_day_that_is_over_while_its_last_refold_runs(log):
    log.tick(CLOSED)
    log.hear(1, 20)
    log.tick(OVER)
    (rejected,) = log.hear(2, 30)
    assert rejected.reason is RejectReason.DAY_NOT_OPENED
    assert stays(log.refold()) == [(1, 20, 20)]


def test_messages_that_the_log_lost_are_counted_by_every_day_that_they_may_have_been_of(log):
    log.partition.lose_before(8)
    assert log.partition.next_offset == 8
    assert [row["lost"] for row in table_rows([log.partition.take_rows()], "days")] == [7]
