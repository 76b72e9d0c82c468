"""What is seen of the flow: its metrics, and what it says of the partitions that it owns."""

import re
from pathlib import Path

import pytest
from meguri_flow import metrics
from meguri_flow.stream.gauges import StateGauges, state_values
from meguri_flow.stream.inspection import report
from meguri_flow.stream.owned import OwnedPartition
from prometheus_client import Gauge
from prometheus_client.metrics import MetricWrapperBase
from reference.fold import Delivery, Detection, Message
from reference.log import DAY, KEY_DAY, MINUTE, START, TOWN, as_record, rules_record

ROOT = Path(__file__).resolve().parents[2]
METRICS = {name: each for name, each in vars(metrics).items() if isinstance(each, MetricWrapperBase)}


def heard(minute, *devices, sequence, sensor="a"):
    detections = tuple(Detection(START + minute * MINUTE, device) for device in devices)
    return as_record(Message((Delivery(sensor, 1, sequence, detections),)))


@pytest.fixture
def owned():
    """Three devices come, one of them to two places; then the watermark passes, and one is late."""
    owned = OwnedPartition(3, None, store=None, snapshots=None)
    values = [
        rules_record(),
        heard(5, 9, sequence=0),
        heard(30, 1, 2, sequence=1),
        heard(31, 1, sequence=2, sensor="c"),
        heard(31, 1, 2, sequence=1),
        heard(10, 5, sequence=3),
    ]
    owned.observe(list(enumerate(values)))
    owned.take_checkpoint()
    return owned


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_has_a_name_of_the_flow_and_a_sentence(name):
    metric = METRICS[name]
    assert metric._name.startswith("meguri_flow_")
    assert metric._documentation[0].isupper()
    assert metric._documentation.endswith(".")


def test_the_readme_names_only_metrics_that_there_are():
    named = set(re.findall(r"`(meguri_flow_\w+)`", (ROOT / "README.md").read_text("utf-8")))
    assert len(named) > 5
    # A counter's name is told without the `_total` under which it is served.
    assert {name.removesuffix("_total") for name in named} <= {each._name for each in METRICS.values()}


def test_gauges_say_what_the_state_is(owned):
    now_ms = START + 40 * MINUTE
    values = {
        (gauge._name.removeprefix("meguri_flow_"), label): value
        for (gauge, label), value in state_values([(owned, 7)], now_ms).items()
    }
    assert values.pop(("snapshot_age_seconds", "3")) >= 0
    assert values == {
        ("lag_messages", "3"): 7,
        ("unknown_records", "3"): 0,
        ("snapshot_bytes", "3"): 0,
        ("generation", "3"): 0,
        ("open_visits", "3"): 3,
        ("late_detections", TOWN): 1,
        ("duplicate_detections", TOWN): 2,
        ("visits", TOWN): 1,
        ("watermark_delay_seconds", TOWN): (9 * MINUTE + DAY.lateness_ms) / 1000,
    }


def test_a_gauge_is_gone_with_the_partition_that_it_is_of():
    gauge = Gauge("lag", "Of a test.", ["partition"], registry=None)
    gauges = StateGauges()
    gauges.show({(gauge, "1"): 5, (gauge, "2"): 6})
    gauges.show({(gauge, "2"): 7})
    samples = [sample for family in gauge.collect() for sample in family.samples]
    assert [(sample.labels["partition"], sample.value) for sample in samples] == [("2", 7)]


def test_a_report_says_what_is_open_of_a_partition(owned):
    found = report(owned, lag=2)
    (day,) = found.pop("days")
    assert found.pop("snapshot_age_s") >= 0
    assert found == {
        "partition": 3,
        "next_offset": 6,
        "lag": 2,
        "snapshot_offset": 0,
        "snapshot_bytes": 0,
    }
    assert day == {
        "town": TOWN,
        "key_day": KEY_DAY,
        "slice": 0,
        "open_devices": 2,
        "open_visits": 3,
        "visits": 1,
        "town_time_ms": START + 31 * MINUTE,
        "watermark_ms": START + 31 * MINUTE - DAY.lateness_ms,
        "complete": False,
        "late": 1,
        "lost": 0,
        "generation": 0,
        "asked": None,
    }
