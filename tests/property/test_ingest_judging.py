"""Judging columns at once finds what looking at each detection finds."""

import re
from dataclasses import replace

import numpy as np
from fakes.ingest_world import DAY, KEY_DAY, START, TOWN
from hypothesis import example, given
from hypothesis import strategies as st
from meguri_ingest.judging import MAX_ITEMS, Standing, judge
from meguri_proto.columns import Kind, read_columns, write_columns
from meguri_proto.reasons import RejectReason
from meguri_proto.schema.upload_pb2 import Batch
from meguri_proto.towns import parse_town

VILLAGE = parse_town(TOWN.format(clock="recording"), "village.yaml")
LEAD = VILLAGE.clock_lead_ms
CHECK = 99

instants = st.one_of(
    st.integers(START - 3, START + 3),
    st.integers(START + DAY - 3, START + DAY + 3),
    st.integers(START + DAY // 2 + LEAD - 3, START + DAY // 2 + LEAD + 3),
    st.integers(START, START + DAY),
)
detections = st.lists(
    st.tuples(instants, st.sampled_from([1, 1, 2, 0, 3, 255]), st.integers(0, 2**64 - 1)),
    min_size=1,
    max_size=60,
)


def batch_of(detections):
    base = min(time for time, _, _ in detections)
    batch = Batch(
        boot=1, sequence=2, key_day=KEY_DAY, key_check=CHECK, base_time_ms=base, count=len(detections)
    )
    write_columns(
        batch,
        {
            "time_offset_ms": np.array([time - base for time, _, _ in detections]),
            "device": np.array([device for _, _, device in detections], np.uint64),
            "rssi": np.arange(len(detections)) % 100 - 100,
            "kind": np.array([kind for _, kind, _ in detections]),
            "fingerprint": np.arange(len(detections)),
            "sequence_number": np.arange(len(detections)),
        },
    )
    return batch


def standing_at(town_time_ms):
    return Standing(VILLAGE, "gate", False, False, town_time_ms, {KEY_DAY: CHECK}, 1_000)


def looked_at_one_by_one(detections, town_time_ms):
    """The reason of each detection, None if it is accepted."""
    found = []
    for time, kind, _ in detections:
        if not START <= time < START + DAY:
            found.append(RejectReason.WRONG_KEY_DAY)
        elif time > town_time_ms + LEAD:
            found.append(RejectReason.CLOCK_AHEAD)
        elif kind not in set(Kind):
            found.append(RejectReason.UNKNOWN_KIND)
        else:
            found.append(None)
    return found


def indices(item, count):
    match = re.fullmatch(r"batches\[4\](?:\.detections\[(\d+)-(\d+)\])?", item)
    return range(int(match[1]), int(match[2]) + 1) if match[1] else range(count)


@given(detections, st.sampled_from([START + DAY // 2, START + DAY + 5, START + 5]))
@example([(START + 2 * n, 1 if n % 2 else 0, 0) for n in range(2 * MAX_ITEMS + 9)], START + DAY)
def test_a_verdict_is_what_looking_at_each_detection_says(detections, town_time_ms):
    expected = looked_at_one_by_one(detections, town_time_ms)
    batch = batch_of(detections)
    verdict = judge(batch, 4, standing_at(town_time_ms))
    accepted = [index for index, reason in enumerate(expected) if reason is None]

    columns = read_columns(batch, batch.count)
    if not accepted:
        assert verdict.delivery is None
    else:
        segment = verdict.delivery.segment
        assert (segment.count, segment.boot, segment.sequence) == (len(accepted), 1, 2)
        assert (segment.town, segment.sensor, segment.key_day) == ("village", "gate", KEY_DAY)
        for name, column in columns.items():
            assert verdict.delivery.columns[name] == column[accepted].tobytes(), name

    ahead = [detections[index][0] for index, why in enumerate(expected) if why is RejectReason.CLOCK_AHEAD]
    assert verdict.lead_ms == (max(ahead) - town_time_ms if ahead else 0)
    for reason in RejectReason:
        mine = [index for index, found in enumerate(expected) if found is reason]
        rejected = [each for each in verdict.rejected if each.reason is reason]
        assert len(rejected) == bool(mine)
        for each in rejected:
            assert each.detections == len(mine) == sum(item.detections for item in each.items)
            spans = [indices(item.item, batch.count) for item in each.items]
            covered = [index for span in spans for index in span]
            assert set(mine) <= set(covered)
            exact = spans if len(spans) < MAX_ITEMS else spans[:-1]
            assert all(index in mine for span in exact for index in span)
            if town_time_ms < START + DAY:
                assert read_columns(each.batch, len(mine))["device"].tolist() == [
                    detections[index][2] for index in mine
                ]
            else:
                assert each.batch is None


@given(detections)
def test_the_same_batch_has_the_same_verdict(detections):
    standing = standing_at(START + DAY // 2)
    assert judge(batch_of(detections), 0, standing) == judge(batch_of(detections), 0, replace(standing))
