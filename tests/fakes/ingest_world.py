"""The real ingest over a log in memory: a town, its sensors, and the uploads they post."""

import asyncio
import gzip

import httpx
import numpy as np
from fakes.log import MemoryLog
from meguri_ingest.app import create_app
from meguri_ingest.settings import Settings
from meguri_kit.registry import Registry
from meguri_proto.columns import NO_FINGERPRINT, Kind, write_columns
from meguri_proto.pseudonyms import key_check
from meguri_proto.schema.upload_pb2 import Batch, Upload
from meguri_proto.towns import parse_town

MINUTE, HOUR, DAY = 60_000, 3_600_000, 24 * 3_600_000
KEY_DAY = 19_797
"""2024-03-15, from 04:00 in Tokyo."""
START = 1_710_442_800_000
"""Its first instant."""
NOON = START + 8 * HOUR

TOWN = """
town: village
name: {{ja: 村, en: Village}}
time_zone: Asia/Tokyo
gap: 30m
lateness: 10m
clock_lead: 30s
clock: {clock}
places:
  hall: {{ja: 館, en: Hall}}
sensors:
  gate: {{place: hall, minimum_rssi: -75}}
  door: {{place: hall, minimum_rssi: -70}}
shops:
  cafe: {{ja: 茶店, en: Café, place: hall}}
  market: {{ja: 市場, en: Market, place: hall}}
counters:
  gate-camera: {{place: hall, counts: people}}
  pax: {{place: hall, counts: wifi_devices}}
sights:
  1: hall
"""


async def until(condition):
    """Wait for a condition that other tasks bring about."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


class IngestWorld:
    """A town `village` with sensors, shops and counters; it is noon of KEY_DAY there.

    Attributes:
        now_ms: the wall clock, which a live town follows.
        log: where everything is appended.
        client: speaks to the app without a network.
    """

    def __init__(
        self, folder, *, clock="recording", log=None, redis_url=None, town=None, shards=1, **settings
    ):
        self.town = parse_town(town or TOWN.format(clock=clock), "village.yaml")
        self.now_ms = NOON
        self.log = log or MemoryLog(shards)
        self.registry = Registry(f"sqlite:///{folder}/registry.db")
        self.app = create_app(
            towns={self.town.town: self.town},
            registry=self.registry,
            log=self.log,
            redis_url=redis_url,
            shards=shards,
            settings=Settings(**{"coalesce_ms": 5, **settings}),
            now_ms=lambda: self.now_ms,
        )
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://ingest")
        self._tokens = {}
        if clock == "recording":
            self.registry.advance_town_time("village", NOON)

    def token(self, name="gate", role="sensor", town="village"):
        """The holder's token, enrolled at the first call."""
        who = (town, name, role)
        if who not in self._tokens:
            self._tokens[who] = self.registry.enrol(*who)
        return self._tokens[who]

    def authorization(self, name="gate", role="sensor", town="village"):
        return {"Authorization": f"Bearer {self.token(name, role, town)}"}

    def batch(self, offsets_ms=(0, 1_000), *, sequence=0, key_day=KEY_DAY, base_ms=NOON - HOUR, **fields):
        """A batch that is accepted as it is; `devices`, `kinds` and fields of the message may be given."""
        count = len(offsets_ms)
        devices = fields.pop("devices", np.arange(count) + 1)
        kinds = fields.pop("kinds", np.full(count, Kind.PROBE_REQUEST))
        batch = Batch(
            boot=7,
            sequence=sequence,
            key_day=key_day,
            key_check=key_check(self.registry.day_key("village", key_day)),
            base_time_ms=base_ms,
            count=count,
        )
        write_columns(
            batch,
            {
                "time_offset_ms": np.array(offsets_ms),
                "device": devices,
                "rssi": np.full(count, -60),
                "kind": kinds,
                "fingerprint": np.full(count, NO_FINGERPRINT),
                "sequence_number": np.arange(count),
            },
        )
        for name, value in fields.items():
            setattr(batch, name, value)
        return batch

    async def post(
        self, batches, *, recording=False, town_time_ms=0, sensor="gate", role="sensor", headers=None
    ):
        """Post an upload as a sensor does."""
        upload = Upload(batches=batches, recording=recording, town_time_ms=town_time_ms)
        body = upload.SerializeToString()
        return await self.post_body(
            gzip.compress(body),
            sensor=sensor,
            role=role,
            headers={"Content-Encoding": "gzip", **(headers or {})},
        )

    async def post_body(self, body, *, sensor="gate", role="sensor", headers=None):
        return await self.client.post(
            "/v1/detections",
            content=body,
            headers={
                "Content-Type": "application/x-protobuf",
                **self.authorization(sensor, role),
                **(headers or {}),
            },
        )

    async def post_sales(self, sales, *, shop="cafe", role="till", headers=None, **query):
        """Post sales as a till does, or as a replayer that names the till's shop."""
        name = shop if role == "till" else "replayer"
        parameters = query if role == "till" else {"shop": shop, **query}
        return await self.client.post(
            "/v1/sales",
            json={"sales": sales},
            params=parameters,
            headers={**self.authorization(name, role), **(headers or {})},
        )

    async def post_counts(self, counts, *, counter="gate-camera", role="counter", **query):
        """Post counts as a counter or a sensor does, or as a replayer that names them."""
        name = "replayer" if role == "replayer" else counter
        parameters = {"counter": counter, **query} if role == "replayer" else query
        return await self.client.post(
            "/v1/counts",
            json={"counts": counts},
            params=parameters,
            headers=self.authorization(name, role),
        )

    async def tick(self, town_time_ms, *, role="replayer"):
        return await self.client.post(
            "/v1/ticks", json={"town_time_ms": town_time_ms}, headers=self.authorization("gate", role)
        )

    async def keys(self, **span):
        return await self.client.get("/v1/keys", params=span, headers=self.authorization())

    async def metrics(self):
        """Every sample that is not 0, by its name with labels."""
        lines = (await self.client.get("/metrics")).text.splitlines()
        samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in samples.items() if float(value)}

    def dead_letters(self):
        return self.log.read_all("dead-letters")

    async def close(self):
        await self.client.aclose()
        self.registry.close()
