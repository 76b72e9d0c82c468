"""Visits of a file equal those of the reference, whatever the order, the kinds of time and the block size."""

import contextlib
import csv
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from meguri.stays import table_file
from meguri.stays.times import NaiveTimeError, iso, microseconds
from meguri.stays.visits import Source, write_visits
from reference.fold import DayRules, visits_of

GAP_US = 1_000
TOKYO, PRAGUE = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Prague")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

detections = st.lists(
    st.tuples(
        st.integers(0, 20_000), st.sampled_from(["p", "q,r", "道"]), st.sampled_from(["a", "b", "c\nd"])
    ),
    max_size=60,
)


@given(detections, st.sampled_from([100, 1 << 20]))
def test_visits_are_the_references(tmp_path_factory, rows, block_bytes):
    folder = tmp_path_factory.mktemp("stays")
    with (folder / "in.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["t", "p", "d"])
        writer.writerows((iso(time_us, TOKYO), place, device) for time_us, place, device in rows)
    heard = {}
    for time_us, place, device in rows:
        heard.setdefault((device, place), []).append(time_us)
    rules = DayRules(0, 0, GAP_US, 0, {})
    expected = [
        [device, place, iso(visit.first_ms, None), iso(visit.last_ms, None), str(visit.receptions)]
        for (device, place), times in sorted(heard.items())
        for visit in visits_of(0, place, times, rules)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_file, "_BLOCK_BYTES", block_bytes)
        report = write_visits(
            Source(folder / "in.csv", "t", "d", "p", "", None), GAP_US, folder / "out.csv", lambda _: None
        )
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1:] == expected
    assert (report.detections, report.visits) == (len(rows), len(expected))


moments = st.datetimes(datetime(1960, 1, 1), datetime(2200, 1, 1), allow_imaginary=False)  # noqa: DTZ001  naive ones


@given(st.lists(moments, min_size=1), st.sampled_from([" ", "T"]), st.sampled_from([TOKYO, PRAGUE]))
def test_a_naive_time_is_the_zones(times, separator, zone):
    texts = [time.replace(fold=0).isoformat(separator) for time in times]
    expected = [
        (time.replace(tzinfo=zone, fold=0).astimezone(UTC) - EPOCH) // timedelta(microseconds=1)
        for time in times
    ]
    assert microseconds(pa.array(texts), zone).tolist() == expected


@given(st.lists(moments, min_size=1), st.integers(-14 * 60, 14 * 60))
def test_an_offset_counts_whatever_the_zone(times, offset_minutes):
    offset = timezone(timedelta(minutes=offset_minutes))
    texts = [time.replace(tzinfo=offset).isoformat() for time in times]
    expected = [(time.replace(tzinfo=offset) - EPOCH) // timedelta(microseconds=1) for time in times]
    assert microseconds(pa.array(texts), None).tolist() == expected
    assert microseconds(pa.array(texts), TOKYO).tolist() == expected


@given(st.lists(st.integers(0, 4_000_000_000_000_000), min_size=1))
def test_seconds_and_milliseconds_are_told_apart(times_us):
    seconds = [f"{time_us // 10**6}.{time_us % 10**6:06}" for time_us in times_us]
    assert microseconds(pa.array(seconds), None).tolist() == times_us
    late = [time_us + 10**14 for time_us in times_us]
    milliseconds = [str(time_us // 1000) for time_us in late]
    assert microseconds(pa.array(milliseconds), None).tolist() == [t // 1000 * 1000 for t in late]


@given(st.lists(st.text(max_size=30), min_size=1))
def test_any_text_is_an_instant_or_is_not(texts):
    whole = microseconds(pa.array(texts), TOKYO).tolist()
    alone = [microseconds(pa.array([text]), TOKYO)[0] for text in texts]
    assert whole == alone
    with contextlib.suppress(NaiveTimeError):
        assert microseconds(pa.array(texts), None).tolist() == whole


def test_the_first_time_without_an_offset_is_named():
    with pytest.raises(NaiveTimeError) as raised:
        microseconds(pa.array(["10", "no time", "2026-04-01", "2026-04-02"]), None)
    assert raised.value.index == 2
