"""The real ingest of a live town, over a log in memory, behind a real port; its clock is the test's."""

from contextlib import contextmanager
from threading import Thread

import numpy as np
import uvicorn
from fakes.log import MemoryLog
from meguri_ingest.app import create_app
from meguri_ingest.settings import Settings
from meguri_kit.registry import Registry
from meguri_proto.columns import DTYPES
from meguri_proto.pseudonyms import opt_out_mark
from meguri_proto.schema.counts_pb2 import CountBatch
from meguri_proto.towns import parse_town

TOWN = parse_town(
    """
town: village
name: {ja: 村, en: Village}
time_zone: Asia/Tokyo
clock: live
places: {station: {ja: 駅, en: Station}}
sensors: {door: {place: station, minimum_rssi: -70}}
""",
    "village.yaml",
)


class LiveIngest:
    """What a sensor's test asks of it.

    Attributes:
        url: where it answers.
        log: what it appended; `log.available = False` makes it answer 503.
        token: of the sensor `door`.
        now_ms: its clock; may be set.
    """

    def __init__(self, registry, log, now_ms):
        self.registry = registry
        self.log = log
        self.now_ms = now_ms
        self.token = registry.enrol("village", "door", "sensor")
        self.url = ""

    def opt_out(self, address):
        self.registry.opt_out("village", opt_out_mark(self.registry.opt_out_key("village"), address))

    def key(self, key_day):
        return self.registry.day_key("village", key_day)

    def segments(self):
        """Each delivered batch's (boot, sequence, key day, count), duplicates too."""
        return [
            (each.boot, each.sequence, each.key_day, each.count)
            for record in self.log.records()
            for each in record.detections.segments
        ]

    def devices(self):
        """The pseudonyms of all delivered detections."""
        found = []
        for record in self.log.records():
            found += np.frombuffer(record.detections.device, DTYPES["device"]).tolist()
        return found

    def counts(self):
        """Every count told: (counter, quantity, from, to, count)."""
        batches = [CountBatch.FromString(each.value) for each in self.log.read_all("counts")]
        return [
            (batch.counter, each.quantity, each.from_ms, each.to_ms, each.count)
            for batch in batches
            for each in batch.counts
        ]


@contextmanager
def live_ingest(folder, now_ms):
    """Ingest until the block ends; `now_ms` is where its clock stands."""
    registry, log = Registry(f"sqlite:///{folder / 'registry.db'}"), MemoryLog()
    ingest = LiveIngest(registry, log, now_ms)
    app = create_app(
        towns={TOWN.town: TOWN},
        registry=registry,
        log=log,
        redis_url=None,
        settings=Settings(coalesce_ms=5, retry_after_s=1),
        now_ms=lambda: ingest.now_ms,
    )
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", access_log=False))
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
        ingest.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        yield ingest
    finally:
        server.should_exit = True
        thread.join()
        registry.close()
