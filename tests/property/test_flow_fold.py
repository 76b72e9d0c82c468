"""The fold agrees with the reference, however its messages are ordered, grouped or interrupted."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from meguri_flow.domain import snapshot
from meguri_flow.domain.partition import Partition
from meguri_proto.columns import write_columns
from meguri_proto.schema.log_pb2 import Record, Rules, Segment, SensorRule, Tick
from reference.fold import DayRules, Delivery, Detection, Message, Visit, fold

START = 1_000_000_000
MINUTE = 60_000
DAY = DayRules(
    start_ms=START,
    end_ms=START + 240 * MINUTE,
    gap_ms=10 * MINUTE,
    lateness_ms=4 * MINUTE,
    sensors={"a": ("hall", -70), "b": ("hall", -80), "c": ("shop", -127)},
)
TOWN, KEY_DAY = "town", 7

minutes = st.one_of(
    st.integers(0, 239).map(lambda minute: minute * MINUTE),  # whole minutes meet the exact gap
    st.integers(0, 240 * MINUTE - 1),
).map(lambda offset: START + offset)
detections = st.builds(Detection, minutes, st.integers(1, 3), st.sampled_from([-128, -90, -75, -50]))
deliveries = st.builds(
    Delivery,
    st.sampled_from("abc"),
    st.integers(1, 2),
    st.integers(0, 3),
    st.lists(detections, min_size=1, max_size=6).map(tuple),
)
messages = st.lists(
    st.one_of(
        st.builds(Message, st.lists(deliveries, min_size=1, max_size=3).map(tuple)),
        st.builds(Message, tick_ms=minutes),
    ),
    max_size=12,
)


def rules_record(key_day=KEY_DAY, town=TOWN, day=DAY):
    sensors = [SensorRule(sensor=s, place=p, minimum_rssi=r) for s, (p, r) in day.sensors.items()]
    return Record(
        rules=Rules(
            town=town,
            key_day=key_day,
            version=1,
            day_start_ms=day.start_ms,
            day_end_ms=day.end_ms,
            gap_ms=day.gap_ms,
            lateness_ms=day.lateness_ms,
            sensors=sensors,
        )
    ).SerializeToString()


def as_record(message, town=TOWN, key_day=KEY_DAY):
    if message.tick_ms is not None:
        return Record(tick=Tick(town=town, town_time_ms=message.tick_ms)).SerializeToString()
    record = Record()
    heard = []
    for delivery in message.deliveries:
        base = min(d.time_ms for d in delivery.detections)
        heard += [(d.time_ms - base, d.device, d.rssi) for d in delivery.detections]
        record.detections.segments.append(
            Segment(
                town=town,
                sensor=delivery.sensor,
                boot=delivery.boot,
                sequence=delivery.sequence,
                key_day=key_day,
                base_time_ms=base,
                count=len(delivery.detections),
            )
        )
    offset, device, rssi = zip(*heard, strict=True)
    write_columns(
        record.detections,
        {
            "time_offset_ms": np.array(offset),
            "device": np.array(device, np.uint64),
            "rssi": np.array(rssi),
            "kind": np.ones(len(heard)),
            "fingerprint": np.zeros(len(heard)),
            "sequence_number": np.zeros(len(heard)),
        },
    )
    return record.SerializeToString()


def log_of(messages):
    """The whole log: the day's rules, the messages, and a tick after the day's end."""
    closing = Message(tick_ms=DAY.end_ms + DAY.lateness_ms)
    return list(enumerate([rules_record(), *(as_record(message) for message in [*messages, closing])]))


def rows_of(taken, table):
    """All rows of a table as tuples, in a canonical order."""
    rows = []
    for each in taken:
        columns = each.columns(table)
        if columns:
            names = sorted(columns)
            rows += list(zip(*(columns[name].tolist() for name in names), strict=True))
    return sorted(rows)


def closed_visits(taken):
    found = []
    for each in taken:
        columns = each.columns("visits")
        if columns:
            found += [
                Visit(place, first, device, last, receptions, bool(arrival))
                for place, first, device, last, receptions, arrival, closed in zip(
                    *(
                        columns[name].tolist()
                        for name in ("place", "first_ms", "device", "last_ms", "receptions", "arrival", "closed")
                    ),
                    strict=True,
                )
                if closed
            ]
    return sorted(found)


def folded(log, cuts=(), restart_at=()):
    """Fold the log in reads that end at the cuts, resuming from a snapshot's bytes where asked."""
    partition, taken = Partition(), []
    edges = sorted({0, len(log), *cuts, *restart_at})
    for start, end in zip(edges, edges[1:], strict=False):
        partition.observe(log[start:end])
        taken.append(partition.take_rows())
        if end in restart_at:
            partition = snapshot.load(snapshot.dump(partition), snapshot.FORMAT)
    return partition, taken


@given(messages)
def test_visits_and_counts_are_those_of_the_reference(messages):
    reference = fold(messages, DAY)
    partition, taken = folded(log_of(messages))
    assert closed_visits(taken) == reference.visits
    day = partition.days[TOWN, KEY_DAY]
    counts = day.health.counts.sum(axis=(0, 1)).tolist()
    assert counts[1:] == [reference.weak, reference.late, reference.duplicates]
    assert day.sizes[0] == 0


@given(messages)
def test_presence_is_that_of_the_reference(messages):
    _, taken = folded(log_of(messages))
    found = {}
    for each in taken:
        columns = each.columns("presence")
        for place, bin_ms, visits in zip(*(columns[c].tolist() for c in ("place", "bin_ms", "visits"))) if columns else ():
            assert (place, bin_ms) not in found, "a bin is emitted once"
            found[place, bin_ms] = visits
    assert found == fold(messages, DAY).presence


@given(messages, st.sets(st.integers(1, 12)))
def test_any_grouping_of_the_messages_into_reads_gives_the_same_rows(messages, cuts):
    log = log_of(messages)
    cuts = {cut for cut in cuts if cut < len(log)}
    _, whole = folded(log)
    _, parts = folded(log, cuts=cuts)
    for table in ("visits", "presence"):
        assert rows_of(parts, table) == rows_of(whole, table)


@given(messages, st.sets(st.integers(1, 12)))
def test_resuming_from_a_snapshot_anywhere_gives_the_same_rows(messages, restarts):
    log = log_of(messages)
    restarts = {cut for cut in restarts if cut < len(log)}
    whole, all_at_once = folded(log, cuts=restarts)
    resumed, in_parts = folded(log, restart_at=restarts)
    for table in ("visits", "presence", "sensor_health", "days"):
        assert rows_of(in_parts, table) == rows_of(all_at_once, table)
    assert snapshot.dump(resumed) == snapshot.dump(whole)


@given(messages, messages, st.randoms(use_true_random=False))
def test_neighbours_in_the_partition_change_nothing(messages, others, random):
    log = [value for _, value in log_of(messages)]
    neighbour = [rules_record(town="other"), *(as_record(message, town="other") for message in others)]
    mixed = [(log, 0)] * len(log) + [(neighbour, 0)] * len(neighbour)
    random.shuffle(mixed)
    sources = {id(log): iter(log), id(neighbour): iter(neighbour)}
    interleaved = list(enumerate(next(sources[id(source)]) for source, _ in mixed))
    _, alone = folded(list(enumerate(log)))
    _, among = folded(interleaved)
    mine = [row for row in rows_of(among, "visits") if TOWN in row]
    assert mine == rows_of(alone, "visits")


@given(st.lists(deliveries, max_size=8, unique_by=lambda d: (d.sensor, d.boot, d.sequence)), st.data())
def test_any_order_within_the_lateness_bound_gives_the_same_visits(deliveries, data):
    early = [
        Delivery(d.sensor, d.boot, d.sequence, tuple(Detection(START + x.time_ms % DAY.lateness_ms, x.device, x.rssi) for x in d.detections))
        for d in deliveries
    ]
    shuffled = data.draw(st.permutations(early))
    in_order = folded(log_of([Message((d,)) for d in early]))[1]
    in_any_order = folded(log_of([Message((d,)) for d in shuffled]))[1]
    assert rows_of(in_any_order, "visits") == rows_of(in_order, "visits")


@given(messages)
def test_the_same_messages_again_add_only_duplicates(messages):
    log = log_of(messages)
    again = log + [(offset + len(log), value) for offset, value in log]
    _, once = folded(log)
    _, twice = folded(again, cuts={len(log)})
    assert rows_of(twice, "visits") == rows_of(once, "visits")
    assert rows_of(twice, "presence") == rows_of(once, "presence")


@given(messages)
def test_visits_of_one_device_at_one_place_are_more_than_the_gap_apart_and_never_shrink(messages):
    visits = closed_visits(folded(log_of(messages))[1])
    by_key = {}
    for visit in sorted(visits, key=lambda v: v.first_ms):
        assert DAY.start_ms <= visit.first_ms <= visit.last_ms < DAY.end_ms
        before = by_key.get((visit.device, visit.place))
        assert before is None or visit.first_ms - before.last_ms > DAY.gap_ms
        by_key[visit.device, visit.place] = visit


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_thousands_of_devices_make_the_table_grow_and_lose_nothing(seed):
    rng = np.random.default_rng(seed)
    messages = [
        Message(
            (
                Delivery(
                    "a",
                    1,
                    number,
                    tuple(
                        Detection(START + number * MINUTE + int(offset), int(device))
                        for offset, device in zip(rng.integers(0, MINUTE, 300), rng.integers(0, 3000, 300), strict=True)
                    ),
                ),
            )
        )
        for number in range(30)
    ]
    assert closed_visits(folded(log_of(messages))[1]) == fold(messages, DAY).visits
