"""What the sensors' tests take for ingest, and ingest: both answer a sensor the same."""

import json
from contextlib import contextmanager
from threading import Thread

import numpy as np
import pytest
import uvicorn
from fakes.ingest import REPLAYER_TOKEN, SENSOR_TOKEN, FakeIngest
from fakes.log import MemoryLog
from meguri_ingest.app import create_app
from meguri_ingest.settings import Settings
from meguri_kit.registry import Registry
from meguri_proto.columns import DTYPES, read_columns, write_columns
from meguri_proto.schema.upload_pb2 import Batch
from meguri_sensors.replay import replay
from meguri_sensors.service import UplinkError
from meguri_sensors.uplink import Uplink
from meguri_village.filling import Filling
from meguri_village.outlets import Keys, Outlets
from meguri_village.posting import Poster
from meguri_village.village import Village
from reference.captures import SIGNAL, capture, element, probe_request, radiotap
from reference.village import KEY_DAY, expected, village_town, visits_in

TOWN = village_town()
START, END = TOWN.day_bounds_ms(KEY_DAY)
HOUR = 3_600_000
NOON = START + 8 * HOUR


class Real:
    """Ingest itself, over a log in memory."""

    def __init__(self, url, registry, log):
        self.url = url
        self._log = log
        self._registry = registry

    def token(self, sensor, role):
        return self._registry.enrol(TOWN.town, sensor, role)

    def detections(self):
        names, found = set(), []
        for record in self._log.records():
            columns = record.WhichOneof("body") == "detections" and {
                name: np.frombuffer(getattr(record.detections, name), dtype) for name, dtype in DTYPES.items()
            }
            at = 0
            for segment in record.detections.segments:
                mine = slice(at, at + segment.count)
                at += segment.count
                name = (segment.sensor, segment.boot, segment.sequence, segment.key_day)
                if name not in names:
                    names.add(name)
                    times = columns["time_offset_ms"][mine].astype(np.int64) + segment.base_time_ms
                    rows = zip(times, columns["device"][mine], columns["rssi"][mine], strict=True)
                    found += [(segment.sensor, *(int(value) for value in row)) for row in rows]
        return found


class Fake:
    """The stand-in."""

    def __init__(self, ingest):
        self._ingest = ingest
        self.url = ingest.url
        self.detections = ingest.detections

    def token(self, sensor, role):
        return (SENSOR_TOKEN if role == "sensor" else REPLAYER_TOKEN) + sensor


@contextmanager
def real(folder):
    registry, log = Registry(f"sqlite:///{folder / 'registry.db'}"), MemoryLog()
    app = create_app(towns={TOWN.town: TOWN}, registry=registry, log=log, redis_url=None, settings=Settings())
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", access_log=False))
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Real(f"http://127.0.0.1:{port}", registry, log)
    finally:
        server.should_exit = True
        thread.join()
        registry.close()


@contextmanager
def fake(_folder):
    with FakeIngest(TOWN) as ingest:
        yield Fake(ingest)


@pytest.fixture(params=[fake, real])
def ingest(request, tmp_path):
    with request.param(tmp_path) as ingest:
        yield ingest


@pytest.fixture
def uplink(ingest):
    with Uplink(
        ingest.url, ingest.token("shop", "sensor"), ingest.token("shop", "replayer"), patience_s=5
    ) as uplink:
        yield uplink


def batch(key, time_ms=NOON):
    one = Batch(
        boot=1, sequence=2, key_day=KEY_DAY, key_check=key.check if key else 0, base_time_ms=time_ms, count=1
    )
    values = {
        "time_offset_ms": 0,
        "device": 3,
        "rssi": -50,
        "kind": 1,
        "fingerprint": 4,
        "sequence_number": 5,
    }
    write_columns(one, {name: np.array([value]) for name, value in values.items()})
    assert read_columns(one, 1)
    return one


def test_keys_of_two_days_have_their_bounds(uplink):
    answer = uplink.keys(END - 1, END + 1)
    assert (answer.town, answer.gap_ms, answer.lateness_ms) == (TOWN.town, TOWN.gap_ms, TOWN.lateness_ms)
    assert [(key.key_day, key.start_ms, key.end_ms, len(key.key)) for key in answer.keys] == [
        (KEY_DAY, START, END, 32),
        (KEY_DAY + 1, END, TOWN.day_bounds_ms(KEY_DAY + 1)[1], 32),
    ]
    assert answer.keys[0].key != answer.keys[1].key
    assert uplink.keys(NOON, NOON + 1).keys == answer.keys[:1]


def test_a_key_lives_until_15_minutes_after_its_day(uplink):
    uplink.tick(END + 15 * 60_000 - 1)
    assert [key.key_day for key in uplink.keys(NOON, NOON + 1).keys] == [KEY_DAY]
    uplink.tick(END + 15 * 60_000)
    answer = uplink.keys(NOON, END + 1)
    assert answer.unavailable == ((KEY_DAY, "destroyed"),)
    assert [key.key_day for key in answer.keys] == [KEY_DAY + 1]


def test_a_key_is_handed_out_eight_days_ahead_at_most(uplink):
    uplink.tick(NOON)
    answer = uplink.keys(NOON + 8 * 24 * HOUR, NOON + 9 * 24 * HOUR)
    assert [key.key_day for key in answer.keys] == [KEY_DAY + 8]
    assert answer.unavailable == ((KEY_DAY + 9, "too_far_ahead"),)


def test_a_batch_is_in_the_log_when_it_is_answered(ingest, uplink):
    uplink.tick(NOON)
    key = uplink.keys(NOON, NOON + 1).keys[0]
    assert uplink.upload([batch(key)], recording=True).accepted == 1
    assert ingest.detections() == [("shop", NOON, 3, -50)]


def test_the_same_batch_again_is_accepted_again(ingest, uplink):
    uplink.tick(NOON)
    key = uplink.keys(NOON, NOON + 1).keys[0]
    for _ in range(2):
        assert uplink.upload([batch(key)], recording=True).accepted == 1
    assert len(ingest.detections()) == 1


def test_a_replayers_token_delivers_too(ingest):
    with Uplink(ingest.url, ingest.token("shop", "replayer"), patience_s=5) as uplink:
        uplink.tick(NOON)
        key = uplink.keys(NOON, NOON + 1).keys[0]
        assert uplink.upload([batch(key)], recording=True).accepted == 1


@pytest.mark.parametrize(
    ("key_of", "time_ms", "reason"),
    [
        (lambda _: None, NOON, "key_out_of_step"),
        (lambda key: key, NOON + TOWN.clock_lead_ms + 1, "clock_ahead"),
    ],
)
def test_what_is_not_accepted_names_item_reason_and_number(uplink, key_of, time_ms, reason):
    uplink.tick(NOON)
    key = uplink.keys(NOON, NOON + 1).keys[0]
    answer = uplink.upload([batch(key_of(key), time_ms)], recording=True)
    assert answer.accepted == 0
    assert [(each.item, each.reason, each.detections) for each in answer.rejected] == [
        ("batches[0]", reason, 1)
    ]


def test_an_upload_without_batches_is_accepted(uplink):
    assert uplink.upload([], recording=True).accepted == 0


def test_a_sensors_token_does_not_tick(ingest):
    sensor = Uplink(ingest.url, ingest.token("shop", "sensor"), patience_s=5)
    with sensor as uplink, pytest.raises(UplinkError, match="403"):
        uplink.tick(NOON)


def test_an_unknown_token_opens_nothing(ingest):
    with Uplink(ingest.url, "unknown", patience_s=5) as uplink, pytest.raises(UplinkError, match="401"):
        uplink.keys(NOON, NOON + 1)


def test_a_capture_is_replayed_whole_and_again_without_a_change(ingest, uplink, tmp_path):
    packets = [
        (
            (END - 2 * HOUR) // 1_000 + 13 * number,
            0,
            radiotap({SIGNAL: -50}) + probe_request(bytes([0, 0, 0, 0, 0, number % 7]), element(1, b"\x82")),
        )
        for number in range(1_000)
    ]
    path = tmp_path / "some.pcap"
    path.write_bytes(capture(packets))
    report = replay(path, uplink)
    assert (report.accepted, report.rejected, report.undeliverable) == (1_000, {}, {})
    before = ingest.detections()
    assert sorted(time for _, time, _, _ in before) == [seconds * 1_000 for seconds, _, _ in packets]
    report = replay(path, uplink)
    assert report.accepted + report.undeliverable["destroyed"] == 1_000
    assert ingest.detections() == before


def test_the_village_arrives(ingest, tmp_path):
    village = Village(TOWN, 1, 0.05, "stable")
    token = ingest.token("shop", "replayer")
    service = Poster("ingest", ingest.url, patience_s=5)
    outlets = Outlets(TOWN, Keys(token, {}, {}, {}), service, service)
    steps = []
    Filling(village, Uplink(ingest.url, token, patience_s=5), outlets, tmp_path, NOON, NOON + 26 * HOUR).run(
        lambda: NOON + 26 * HOUR, None, steps.append
    )
    # A sensor's clock is off on the second day: what it tells is refused, all of it and nothing else.
    ahead = [json.loads(path.read_text())["receptions_clock"] for path in sorted(tmp_path.glob("totals-*"))]
    assert steps[-1].rejected == sum(ahead) > 0
    truth = [row[:4] for row in expected(tmp_path, TOWN).visits]
    found = sorted(visits_in(ingest.detections(), TOWN).elements())
    assert found == truth
    assert found
