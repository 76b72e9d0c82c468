"""The fold agrees with the reference, however its messages are ordered, grouped or interrupted."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from meguri_flow.domain import snapshot
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
    kept_visits,
    log_of,
    moves,
    rows_of,
    rules_record,
)
from reference.streams import delivery, every_cut, streams

messages = streams()
deliveries = delivery(START + DAY.lateness_ms)


@given(messages)
def test_visits_and_counts_are_those_of_the_reference(messages):
    reference = fold(messages, DAY)
    partition, taken = folded(log_of(messages))
    assert closed_visits(taken) == reference.visits
    assert moves(taken) == reference.moves
    day = partition.days[DayKey(TOWN, KEY_DAY)]
    counts = day.health.counts.sum(axis=(0, 1)).tolist()
    assert counts[1:] == [reference.weak, reference.late, reference.duplicates, 0]
    assert day.sizes[0] == 0


@given(messages, every_cut)
def test_presence_is_that_of_the_reference(messages, cuts):
    log = log_of(messages)
    _, taken = folded(log, cuts={cut for cut in cuts if cut < len(log)})
    found = {}
    for each in taken:
        columns = each.columns("presence") or {"place": [], "bin_ms": [], "visits": []}
        for place, bin_ms, visits in zip(columns["place"], columns["bin_ms"], columns["visits"], strict=True):
            assert (place, bin_ms) not in found, "a bin is emitted once"
            found[place, bin_ms] = visits
    assert found == fold(messages, DAY).presence


@given(messages, every_cut)
def test_any_grouping_of_the_messages_into_reads_gives_the_same_rows(messages, cuts):
    log = log_of(messages)
    cuts = {cut for cut in cuts if cut < len(log)}
    _, whole = folded(log)
    _, parts = folded(log, cuts=cuts)
    assert kept_visits(parts) == kept_visits(whole)
    for table in ("moves", "presence"):
        assert rows_of(parts, table) == rows_of(whole, table)


@given(messages, every_cut)
def test_resuming_from_a_snapshot_anywhere_gives_the_same_rows(messages, restarts):
    log = log_of(messages)
    restarts = {cut for cut in restarts if cut < len(log)}
    whole, all_at_once = folded(log, cuts=restarts)
    resumed, in_parts = folded(log, restart_at=restarts)
    for table in ("visits", "moves", "presence", "sensor_health", "days"):
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
        Delivery(
            d.sensor,
            d.boot,
            d.sequence,
            tuple(replace(x, time_ms=START + x.time_ms % DAY.lateness_ms) for x in d.detections),
        )
        for d in deliveries
    ]
    shuffled = data.draw(st.permutations(early))
    in_order = folded(log_of([Message((d,)) for d in early]))[1]
    in_any_order = folded(log_of([Message((d,)) for d in shuffled]))[1]
    for table in ("visits", "moves"):
        assert rows_of(in_any_order, table) == rows_of(in_order, table)


@given(messages)
def test_the_same_messages_again_add_only_duplicates(messages):
    log = log_of(messages)
    again = log + [(offset + len(log), value) for offset, value in log]
    _, once = folded(log)
    _, twice = folded(again, cuts={len(log)})
    assert kept_visits(twice) == kept_visits(once)
    assert rows_of(twice, "moves") == rows_of(once, "moves")
    assert rows_of(twice, "presence") == rows_of(once, "presence")


@given(messages)
def test_visits_of_one_device_at_one_place_are_more_than_the_gap_apart_and_never_shrink(messages):
    visits = closed_visits(folded(log_of(messages))[1])
    by_key = {}
    for visit in sorted(visits, key=lambda v: v.first_ms):
        assert DAY.start_ms <= visit.first_ms <= visit.last_ms < DAY.end_ms
        before = by_key.get((visit.device, visit.random, visit.place))
        assert before is None or visit.first_ms - before.last_ms > DAY.gap_ms
        by_key[visit.device, visit.random, visit.place] = visit


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
                        for offset, device in zip(
                            rng.integers(0, MINUTE, 300), rng.integers(0, 3000, 300), strict=True
                        )
                    ),
                ),
            )
        )
        for number in range(30)
    ]
    assert closed_visits(folded(log_of(messages))[1]) == fold(messages, DAY).visits
