"""How many detections ingest puts into a message, and how long an upload waits for its answer.

    python tests/bench/ingest_messages.py [--seconds 20] [--sensors 250]

Each sensor of a live town posts 200 detections a second, spread over the second, to `python -m meguri_ingest`
on a Kafka and a Redis of its own. Beside the messages: the deliveries as they were posted. Beside the
answers: those of uploads without batches, posted between them, which pass everything but the log.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import httpx
import numpy as np
from bench_engines import bench_engines
from figures import Figure, bench_options, keep, say
from kafka import KafkaConsumer, TopicPartition
from meguri.engines.ports import HOST, free_ports
from meguri_kit.registry import Registry
from meguri_proto.columns import Kind, write_columns
from meguri_proto.pseudonyms import key_check
from meguri_proto.records import read_record
from meguri_proto.schema.upload_pb2 import Batch, Upload
from meguri_proto.topics import detections_partition
from meguri_proto.towns import parse_town

if TYPE_CHECKING:
    from bench_engines import Engines

DELIVERED = 200
"""Detections of one upload; a sensor posts one a second."""
WARM_UP_SECONDS = 3
STARTS_WITHIN_SECONDS = 60
TOWN = """
town: bench
name: {ja: 町, en: Town}
time_zone: Asia/Tokyo
places: {hall: {ja: 館, en: Hall}}
sensors:
"""


class Answers(NamedTuple):
    """Seconds until each answer came, after the first seconds."""

    of_detections: list[float]
    of_nothing: list[float]


class Bench:
    """A live town of so many sensors, and ingest in a process of its own.

    Args:
        engines: Kafka and Redis; their folder takes the town's file and the registry.
        sensors: how many.
    """

    def __init__(self, engines: Engines, sensors: int) -> None:
        names = [f"s{number}" for number in range(sensors)]
        file = engines.folder / "towns" / "bench.yaml"
        file.parent.mkdir()
        lines = "".join(f"  {name}: {{place: hall, minimum_rssi: -75}}\n" for name in names)
        file.write_text(TOWN + lines, "utf-8")
        town = parse_town(file.read_text("utf-8"), str(file))
        registry_url = f"sqlite:///{engines.folder}/registry.db"
        registry = Registry(registry_url)
        self._tokens = [registry.enrol("bench", name, "sensor") for name in names]
        self._key_day = town.key_day_at(time.time_ns() // 1_000_000)
        self._check = key_check(registry.day_key("bench", self._key_day))
        registry.close()
        self._bootstrap = engines.bootstrap
        (port,) = free_ports(1)
        self._url = f"http://{HOST}:{port}"
        variables = {
            "KAFKA": engines.bootstrap,
            "REDIS_URL": engines.redis_url,
            "TOWNS": file.parent,
            "REGISTRY_URL": registry_url,
            "PORT": port,
        }
        environment = [f"MEGURI_{name}={value}" for name, value in variables.items()]
        command = ["/usr/bin/env", *environment, sys.executable, "-m", "meguri_ingest"]
        engines.children.start("ingest", command)

    async def post(self, seconds: int) -> Answers:
        """Post as all sensors do, for so many seconds."""
        answers = Answers([], [])
        # Shorter than the server keeps a connection that nobody uses, which may close it as it is used again.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=2)
        async with httpx.AsyncClient(base_url=self._url, limits=limits, timeout=30) as client:
            await _until_ready(client)
            async with asyncio.TaskGroup() as tasks:
                for number in range(len(self._tokens)):
                    tasks.create_task(self._sensor(client, number, seconds, answers))
        return answers

    async def _sensor(self, client: httpx.AsyncClient, number: int, seconds: int, answers: Answers) -> None:
        headers = {"Authorization": f"Bearer {self._tokens[number]}"}
        began = time.monotonic() + number / len(self._tokens)
        for second in range(seconds):
            await asyncio.sleep(began + second - time.monotonic())
            took = await _post(client, self._upload(number, second), headers)
            nothing = await _post(client, b"", headers) if second % 10 == number % 10 else None
            if second >= WARM_UP_SECONDS:
                answers.of_detections.append(took)
                answers.of_nothing.extend([] if nothing is None else [nothing])

    def _upload(self, boot: int, sequence: int) -> bytes:
        now_ms = time.time_ns() // 1_000_000
        batch = Batch(boot=boot, sequence=sequence, key_day=self._key_day, key_check=self._check)
        batch.base_time_ms, batch.count = now_ms - 1_000, DELIVERED
        draws = np.random.default_rng((boot, sequence))
        columns = {
            "time_offset_ms": np.sort(draws.integers(0, 1_000, DELIVERED)),
            "device": draws.integers(1, 100_000, DELIVERED),
            "rssi": draws.integers(-90, -40, DELIVERED),
            "kind": np.full(DELIVERED, Kind.PROBE_REQUEST),
            "fingerprint": np.zeros(DELIVERED),
            "sequence_number": draws.integers(0, 4096, DELIVERED),
        }
        write_columns(batch, columns)
        return Upload(batches=[batch]).SerializeToString()

    def messages(self) -> list[int]:
        """The detections of each message of the log, in its order."""
        consumer = KafkaConsumer(bootstrap_servers=self._bootstrap, group_id=None)
        here = TopicPartition("detections", detections_partition("bench", self._key_day, 4))
        end = consumer.end_offsets([here])[here]
        consumer.assign([here])
        consumer.seek_to_beginning(here)
        found: list[int] = []
        while consumer.position(here) < end:
            for records in consumer.poll(timeout_ms=200).values():
                segments = [read_record(each.value).detections.segments for each in records]
                found += [sum(each.count for each in of_message) for of_message in segments if of_message]
        consumer.close()
        return found


async def _until_ready(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(STARTS_WITHIN_SECONDS):
        while True:
            try:
                if (await client.get("/readyz")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def _post(client: httpx.AsyncClient, body: bytes, headers: dict[str, str]) -> float:
    """Seconds until it was answered."""
    began = time.monotonic()
    (await client.post("/v1/detections", content=body, headers=headers)).raise_for_status()
    return time.monotonic() - began


def main() -> None:
    """Measure once and keep the figures."""
    options = bench_options(__doc__)
    options.add_argument("--seconds", type=int, default=20)
    options.add_argument("--sensors", type=int, default=250)
    asked = options.parse_args()
    seconds = WARM_UP_SECONDS + max(1, round(asked.seconds * asked.scale))
    with bench_engines() as engines:
        bench = Bench(engines, asked.sensors)
        say(f"{asked.sensors} sensors post {asked.sensors * DELIVERED:,} detections/s for {seconds} s")
        began = time.monotonic()
        answers = asyncio.run(bench.post(seconds))
        took = time.monotonic() - began
        messages = bench.messages()
    say(f"{sum(messages):,} detections in {len(messages):,} messages, {sum(messages) / took:,.0f} a second")
    figures = [
        Figure("detections in a message of the log", "", messages, "in an upload", [DELIVERED]),
        *(
            Figure(
                f"answer to an upload, p{percent}",
                "ms",
                [1_000 * float(np.percentile(answers.of_detections, percent))],
                "to an empty one",
                [1_000 * float(np.percentile(answers.of_nothing, percent))],
            )
            for percent in (50, 99)
        ),
    ]
    keep("ingest_messages", asked, figures, details={"detections_per_second": round(sum(messages) / took)})


if __name__ == "__main__":
    main()
