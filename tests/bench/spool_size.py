"""What the spool takes on the disk when ingest is away for three days, in simulated time.

    python tests/bench/spool_size.py [--hours 72] [--per-second 200]

The outage begins with a key day, which is the worst instant: two whole days are kept at its height, until
the first of them has been over for 24 hours. What it takes stands beside the contract's columns of 20 bytes.

Traffic: `bursts` is made like the lab's recording (2.4 frames of an address within a second on average,
their numbers rising, signals that differ by 3 dB; two addresses of three are used for one burst only); in
`strangers` every frame comes from an address never heard before, as if all phones changed theirs for every
frame; in `noise` every column is random, which no radio gives.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from figures import Figure, at_most, bench_options, keep, say
from meguri_proto.columns import BYTES_PER_DETECTION, write_columns
from meguri_proto.schema.upload_pb2 import Batch
from meguri_sensors.spool import Spool
from meguri_sensors.spool_segments import SegmentDay

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator
    from numpy.typing import NDArray

    Columns = dict[str, NDArray[Any]]

BOUND_BYTES = 512_000_000
DAY_MS, HOUR_MS, STEP_MS = 86_400_000, 3_600_000, 10_000
FIRST_DAY = 20_000
MODELS = np.random.default_rng(1).integers(1, 2**32, 1_000, np.uint64)
STABLE = np.random.default_rng(2).integers(1, 2**63, 20_000, np.uint64)


def models(rng: Generator, count: int) -> NDArray[Any]:
    """Fingerprints of phones whose models are as unequally common as words are."""
    return MODELS[np.minimum(rng.zipf(1.3, count), len(MODELS)) - 1]


def bursts(rng: Generator, count: int) -> Columns:
    """Phones that look for networks."""
    lengths = rng.geometric(1 / 2.4, count)
    lengths = lengths[: np.searchsorted(np.cumsum(lengths), count) + 1]
    number = np.repeat(np.arange(len(lengths)), lengths)[:count]
    within = np.arange(len(number)) - np.concatenate(([0], np.cumsum(lengths)[:-1]))[number]
    is_random = rng.random(len(lengths)) < 2 / 3
    device = np.where(
        is_random, rng.integers(1, 2**63, len(lengths), np.uint64), rng.choice(STABLE, len(lengths))
    )
    start = rng.integers(0, STEP_MS - 500, len(lengths))
    order = np.argsort(start[number] + 20 * within, kind="stable")
    columns = {
        "time_offset_ms": start[number] + 20 * within,
        "device": device[number],
        "rssi": np.clip(rng.normal(-72, 10, len(lengths))[number] + rng.normal(0, 3, count), -100, -20),
        "kind": np.where(is_random, 2, 1)[number],
        "fingerprint": models(rng, len(lengths))[number],
        "sequence_number": (rng.integers(0, 4_096, len(lengths))[number] + within) % 4_096,
    }
    return {name: column[order] for name, column in columns.items()}


def strangers(rng: Generator, count: int) -> Columns:
    """Every frame from another address."""
    return {
        "time_offset_ms": np.sort(rng.integers(0, STEP_MS, count)),
        "device": rng.integers(0, 2**64, count, np.uint64),
        "rssi": np.clip(rng.normal(-72, 10, count), -100, -20),
        "kind": np.full(count, 2),
        "fingerprint": models(rng, count),
        "sequence_number": rng.integers(0, 4_096, count),
    }


def noise(rng: Generator, count: int) -> Columns:
    """Every column random."""
    return {
        **strangers(rng, count),
        "rssi": rng.integers(-128, 128, count),
        "kind": rng.integers(1, 3, count),
        "fingerprint": rng.integers(0, 2**32, count, np.uint64),
    }


def batches_of(make: Callable[[Generator, int], Columns], hours: int, per_second: int) -> Any:
    """The batches of ten seconds each, and when the ten seconds end."""
    rng = np.random.default_rng(20_241_004)
    begin = FIRST_DAY * DAY_MS
    for sequence, at_ms in enumerate(range(begin, begin + hours * HOUR_MS, STEP_MS)):
        columns = make(rng, per_second * STEP_MS // 1_000)
        count = len(columns["device"])
        base = int(columns["time_offset_ms"].min())
        columns["time_offset_ms"] = columns["time_offset_ms"] - base
        batch = Batch(
            boot=2**63 + 5,
            sequence=sequence,
            key_day=at_ms // DAY_MS,
            key_check=2**31,
            base_time_ms=at_ms + base,
            count=count,
        )
        write_columns(batch, columns)
        yield at_ms + STEP_MS, batch


def outage(make: Callable[[Generator, int], Columns], hours: int, per_second: int) -> dict[str, float]:
    """Fill a spool for so long; its figures."""
    folder = Path(tempfile.mkdtemp())
    spool = Spool(folder, BOUND_BYTES)
    started = time.perf_counter()
    heard = peak = peak_detections = 0
    try:
        for now_ms, batch in batches_of(make, hours, per_second):
            start = batch.key_day * DAY_MS
            spool.append(batch, SegmentDay(batch.key_day, start, start + DAY_MS))
            heard += batch.count
            figures = spool.figures
            if figures.bytes > peak:
                peak, peak_detections = figures.bytes, figures.waiting
            if now_ms % HOUR_MS == STEP_MS:
                spool.seal(now_ms)
        figures = spool.figures
    finally:
        spool.close()
        shutil.rmtree(folder)
    return {
        "hours": hours,
        "per_second": per_second,
        "heard": heard,
        "peak_megabytes": round(peak / 1e6, 1),
        "detections_at_peak": peak_detections,
        "bytes_per_detection": round(peak / peak_detections, 2),
        "waiting": figures.waiting,
        "counted": figures.counted,
        "dropped": figures.dropped,
        "seconds": round(time.perf_counter() - started, 1),
    }


def main() -> None:
    """Run all kinds of traffic."""
    parser = bench_options(__doc__)
    parser.add_argument("--hours", type=int, default=72)
    parser.add_argument("--per-second", type=int, default=200)
    options = parser.parse_args()
    os.fsync = lambda _: None  # the power does not go here, and every ten simulated seconds would wait for it
    found = {}
    for make in (bursts, strangers, noise):
        found[make.__name__] = outage(make, options.hours, max(1, int(options.per_second * options.scale)))
        say(f"{make.__name__}: {found[make.__name__]}")
    figures = [
        Figure(
            f"the spool's height, {name}",
            "MB",
            [of["peak_megabytes"]],
            "as columns",
            [of["detections_at_peak"] * BYTES_PER_DETECTION / 1e6],
            (at_most(BOUND_BYTES / 1e6),),
        )
        for name, of in found.items()
    ]
    keep("spool_size", options, figures, details=found)


if __name__ == "__main__":
    main()
