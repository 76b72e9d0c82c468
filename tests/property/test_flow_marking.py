"""Staff and equipment are those of the reference, however the log is read and wherever it is resumed."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from meguri_proto.schema.log_pb2 import Record
from reference.fold import Delivery, Detection, Message, fold
from reference.log import DAY, MINUTE, as_record, folded, rows_of, rules_record, table_rows
from reference.marks import HOUR_MS, marks_of

LONG_DAY = replace(DAY, end_ms=DAY.start_ms + 24 * HOUR_MS)
CLOSING = as_record(Message(tick_ms=LONG_DAY.end_ms + LONG_DAY.lateness_ms))


def log_of(messages, staff_ms, equipment_ms):
    rules = Record.FromString(rules_record(day=LONG_DAY))
    rules.rules.staff_ms, rules.rules.equipment_ms = staff_ms, equipment_ms
    return list(enumerate([rules.SerializeToString(), *map(as_record, messages), CLOSING]))


@st.composite
def stays(draw):
    """Devices heard every few minutes for a while, around where by day begins and ends."""
    found, sequence = [], 0
    for _ in range(draw(st.integers(1, 6))):
        begin_ms = LONG_DAY.start_ms + draw(st.sampled_from([0, 3, 4, 5, 13, 14, 20])) * HOUR_MS
        begin_ms += draw(st.sampled_from([-5, 0, 5])) * MINUTE * (begin_ms > LONG_DAY.start_ms)
        device, sensor = draw(st.integers(1, 3)), draw(st.sampled_from("abc"))
        for number in range(draw(st.sampled_from([1, 2, 6, 7, 13]))):
            sequence += 1
            heard = Detection(begin_ms + number * 10 * MINUTE, device, random=draw(st.booleans()))
            found.append(Message((Delivery(sensor, 1, sequence, (heard,)),)))
    found.sort(key=lambda message: message.deliveries[0].detections[0].time_ms)
    return found


limits = st.sampled_from([0, 1, 10, 60, 70, 120, 125]).map(lambda minutes: minutes * MINUTE)
cuts_of = st.frozensets(st.integers(1, 60))


@given(stays(), limits, limits)
def test_the_devices_marked_are_those_of_the_reference(messages, staff_ms, equipment_ms):
    _, taken = folded(log_of(messages, staff_ms, equipment_ms))
    marked = [(row["device"], row["mark"]) for row in table_rows(taken, "marked_devices")]
    visits = fold(messages, LONG_DAY).visits
    assert sorted(marked) == marks_of(visits, LONG_DAY.start_ms, staff_ms, equipment_ms)


@given(stays(), limits, limits, cuts_of)
def test_marks_do_not_depend_on_how_the_log_is_read(messages, staff_ms, equipment_ms, cuts):
    log = log_of(messages, staff_ms, equipment_ms)
    cuts = {cut for cut in cuts if cut < len(log)}
    _, whole = folded(log)
    _, parts = folded(log, cuts=cuts)
    assert rows_of(parts, "marked_devices") == rows_of(whole, "marked_devices")


@given(stays(), limits, limits, cuts_of)
def test_marks_are_the_same_after_any_restart(messages, staff_ms, equipment_ms, restarts):
    log = log_of(messages, staff_ms, equipment_ms)
    restarts = {cut for cut in restarts if cut < len(log)}
    _, whole = folded(log)
    _, resumed = folded(log, restart_at=restarts)
    assert rows_of(resumed, "marked_devices") == rows_of(whole, "marked_devices")
