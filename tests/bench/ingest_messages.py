"""How many detections ingest puts into a message, and how long a delivery waits until Kafka has it.

    python tests/bench/ingest_messages.py [--seconds 20]

Sensors deliver 200 detections a second each, spread over the second, to the coalescing of ingest with its
default settings, on a Kafka of its own. Beside it, in the same run: every delivery as a message of its own.
"""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

import numpy as np
from bench_engines import bench_engines
from figures import Figure, at_least, bench_options, keep, say
from meguri_ingest.coalescing import Coalescer, Waits
from meguri_ingest.judging import Delivery
from meguri_ingest.metrics import Metrics
from meguri_ingest.opening import OpenDays
from meguri_ingest.settings import Settings
from meguri_kit.log import LogProducer
from meguri_proto.columns import DTYPES
from meguri_proto.schema.log_pb2 import Rules, Segment
from meguri_proto.topics import DETECTIONS, topics

DELIVERED = 200
"""Detections of one delivery."""
COLUMNS = {name: np.zeros(DELIVERED, dtype).tobytes() for name, dtype in DTYPES.items()}
SENSORS = (25, 250)
WARM_UP_SECONDS = 2


class OneSlice:
    """The rules of a town that is not divided."""

    def of(self, town: str, key_day: int) -> Rules:
        """Those of any day."""
        return Rules(town=town, key_day=key_day, slices=1)


class Delivered(NamedTuple):
    """What became of some seconds of deliveries."""

    detections_a_message: float
    waits_ms: list[float]
    """Of each delivery after the first seconds."""


async def deliver(bootstrap: str, sensors: int, seconds: int, *, at_once: bool) -> Delivered:
    """Deliver as so many sensors do."""
    settings, metrics, log = Settings(), Metrics(), LogProducer(bootstrap)
    waits = Waits(settings.coalesce_ms / 1000, settings.coalesce_detections, settings.max_waiting_detections)
    partitions = topics()[DETECTIONS].partitions
    days = OpenDays(log, OneSlice(), partitions)
    coalescer = Coalescer(log, days, partitions, waits, metrics)
    waits_ms: list[float] = []

    async def sensor(number: int) -> None:
        began = time.monotonic() + number / sensors
        for second in range(seconds):
            await asyncio.sleep(began + second - time.monotonic())
            segment = Segment(town="bench", sensor=f"s{number}", key_day=1, sequence=second, count=DELIVERED)
            arrived = time.monotonic()
            await coalescer.add([Delivery(segment, COLUMNS)], at_once=at_once)
            if second >= WARM_UP_SECONDS:
                waits_ms.append(1_000 * (time.monotonic() - arrived))

    await asyncio.gather(*(sensor(number) for number in range(sensors)))
    await coalescer.close()
    log.close()
    return Delivered(metrics.accepted._value.get() / metrics.messages._value.get(), waits_ms)


def figures(sensors: int, coalesced: Delivered, alone: Delivered) -> list[Figure]:
    """Of so many sensors."""
    rate = f"at {sensors * DELIVERED:,} detections/s"
    bounds = [at_least(2_000)] if sensors == max(SENSORS) else []
    found = [
        Figure(
            f"detections in a message, {rate}",
            "",
            [coalesced.detections_a_message],
            "each delivery at once",
            [alone.detections_a_message],
            bounds,
        )
    ]
    for percent in (50, 99):
        waited, beside = (float(np.percentile(each.waits_ms, percent)) for each in (coalesced, alone))
        found.append(
            Figure(f"a delivery's wait, p{percent}, {rate}", "ms", [waited], "each at once", [beside])
        )
    return found


def main() -> None:
    """Measure each number of sensors once."""
    options = bench_options(__doc__)
    options.add_argument("--seconds", type=int, default=20)
    asked = options.parse_args()
    seconds = WARM_UP_SECONDS + max(1, round(asked.seconds * asked.scale))
    found = []
    with bench_engines() as engines:
        for sensors in SENSORS:
            say(f"{sensors} sensors, {seconds} s coalesced, {seconds} s at once")
            coalesced = asyncio.run(deliver(engines.bootstrap, sensors, seconds, at_once=False))
            alone = asyncio.run(deliver(engines.bootstrap, sensors, seconds, at_once=True))
            found += figures(sensors, coalesced, alone)
    keep("ingest_messages", asked, found)


if __name__ == "__main__":
    main()
