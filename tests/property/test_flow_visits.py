"""What visits promise, whatever comes: each detection in one, cut by the gap alone, however much is read."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from meguri_flow.domain import hearing
from meguri_flow.domain.day_rules import DayKey
from reference.fold import Delivery, Detection, Message, fold
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
    rows_of,
    rules_record,
)
from reference.streams import streams

messages = streams()


def counted(partition, what):
    """How many detections of a kind the day's sensor health has."""
    return int(partition.days[DayKey(TOWN, KEY_DAY)].health.counts[:, :, what].sum())


@given(messages)
def test_every_detection_that_counts_is_in_exactly_one_visit(messages):
    visits = closed_visits(folded(log_of(messages))[1])
    heard = fold(messages, DAY).heard
    for (device, random, place), times in heard.items():
        its = [v for v in visits if (v.device, v.random, v.place) == (device, random, place)]
        for time_ms in times:
            assert sum(visit.first_ms <= time_ms <= visit.last_ms for visit in its) == 1
        assert sum(visit.receptions for visit in its) == len(times)
    assert sum(visit.receptions for visit in visits) == sum(map(len, heard.values()))


pauses = st.lists(st.sampled_from([0, 1, DAY.gap_ms - 1, DAY.gap_ms, DAY.gap_ms + 1]), max_size=20)


@given(pauses, st.sets(st.integers(1, 20)))
def test_a_pause_of_exactly_the_gap_continues_a_visit_and_a_millisecond_more_ends_it(pauses, cuts):
    times = [START + sum(pauses[:number]) for number in range(len(pauses) + 1)]
    heard = [Message((Delivery("a", 1, n, (Detection(time_ms, 1),)),)) for n, time_ms in enumerate(times)]
    log = log_of(heard)
    visits = closed_visits(folded(log, cuts={cut for cut in cuts if cut < len(log)})[1])
    assert len(visits) == 1 + pauses.count(DAY.gap_ms + 1)


@given(messages, st.data())
def test_a_duplicate_delivered_late_is_a_duplicate_and_not_late(messages, data):
    delivered = [each for message in messages for each in message.deliveries]
    again = data.draw(st.lists(st.sampled_from(delivered), max_size=4)) if delivered else []
    log = log_of(messages)
    once, _ = folded(log)
    repeated = [as_record(Message((each,))) for each in again]
    twice, _ = folded([*log, *enumerate(repeated, start=len(log))])
    assert counted(twice, hearing.LATE) == counted(once, hearing.LATE)
    added = counted(twice, hearing.DUPLICATES) - counted(once, hearing.DUPLICATES)
    assert added == sum(len(each.detections) for each in again)


def own_rows(taken, table):
    """Rows of the day's own slice, as `rows_of` gives them."""
    names = next((sorted(columns) for each in taken if (columns := each.columns(table))), [])
    day = {"key_day": KEY_DAY, "slice": 0}
    return [
        row
        for row in rows_of(taken, table)
        if all(row[names.index(name)] == value for name, value in day.items())
    ]


@given(messages, messages, messages, st.randoms(use_true_random=False))
def test_other_days_and_slices_in_the_partition_change_nothing(messages, other_day, other_slice, random):
    """What tells them apart is the key day and the slice that a segment names."""
    mine = [value for _, value in log_of(messages)]
    others = [
        *(rules_record(key_day=KEY_DAY + 4), rules_record(slice_=1)),
        *(as_record(each, key_day=KEY_DAY + 4) for each in other_day if each.deliveries),
        *(as_record(each, slice_=1) for each in other_slice if each.deliveries),
    ]
    order = [mine] * len(mine) + [others] * len(others)
    random.shuffle(order)
    sources = {id(mine): iter(mine), id(others): iter(others)}
    among = folded(list(enumerate(next(sources[id(each)]) for each in order)))[1]
    alone = folded(list(enumerate(mine)))[1]
    for table in ("visits", "moves", "presence"):
        assert own_rows(among, table) == rows_of(alone, table)


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_reads_of_thousands_of_devices_keep_what_a_sweep_among_them_might_have_closed(seed):
    """A read that fills the table makes it sweep while detections of the same read are still to be folded.

    They were not late when they came, so the visits that they continue must not have been closed.
    """
    rng = np.random.default_rng(seed)
    heard = []
    for number in range(12):
        now = START + number * 12 * MINUTE
        around = np.sort(rng.integers(0, 16 * MINUTE, 1500))[::-1]
        devices = rng.integers(0, 1200, around.size)
        heard.append(
            Message(
                (
                    Delivery(
                        "a",
                        1,
                        number,
                        tuple(
                            Detection(int(now + offset), int(device))
                            for offset, device in zip(around, devices, strict=True)
                        ),
                    ),
                )
            )
        )
    assert closed_visits(folded(log_of(heard))[1]) == fold(heard, DAY).visits
