"""The fold alone: messages in memory to rows in memory, on one core.

    python tests/bench/fold_alone.py [--rounds 5]

Beside it, of the same messages: decoding them (protobuf and np.frombuffer), and what visits cost whoever has
the whole day at once (one sort in numpy, then cutting). Rates are of this process's CPU time, so that other
work on the machine does not count.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from figures import Figure, at_least, bench_options, keep, say
from made_town import DAY_MS, MadeTown
from meguri_flow.domain.kernels import compile_kernels
from meguri_flow.domain.partition import Partition
from meguri_proto.columns import DTYPES
from meguri_proto.schema.log_pb2 import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TOWN = MadeTown()
DETECTIONS = 10_000_000
READ_BYTES = 4 << 20
"""What Kafka gives of a partition at once."""
READS_A_CHECKPOINT = 16


def fold(messages: Sequence[bytes]) -> int:
    """Fold a day as a worker does, to the last row; how many visits there were."""
    partition = Partition()
    partition.observe([(0, TOWN.rules())])
    messages = [*messages, TOWN.tick(DAY_MS + TOWN.lateness_ms)]
    at_once = max(1, READ_BYTES // len(messages[0]))
    visits = 0
    for read, start in enumerate(range(0, len(messages), at_once), 1):
        partition.observe(enumerate(messages[start : start + at_once], start + 1))
        if read % READS_A_CHECKPOINT == 0:
            visits += closed_visits(partition)
    return visits + closed_visits(partition)


def closed_visits(partition: Partition) -> int:
    """Take the rows; how many visits among them are closed."""
    return int(np.sum(partition.take_rows().columns("visits").get("closed", 0)))


def decode(messages: Sequence[bytes]) -> int:
    """Only make arrays of them; how many detections they hold."""
    seen = 0
    for message in messages:
        detections = Record.FromString(message).detections
        for name, dtype in DTYPES.items():
            column = np.frombuffer(getattr(detections, name), dtype)
        seen += len(column)
    return seen


def sort_and_cut(messages: Sequence[bytes]) -> int:
    """Cut the whole day's visits by sorting it by device, place and time; how many there are."""
    bases, times, devices, rssi, places = [], [], [], [], []
    for message in messages:
        detections = Record.FromString(message).detections
        (segment,) = detections.segments
        bases.append(segment.base_time_ms)
        places.append(int(segment.sensor[1:]) % TOWN.places)
        times.append(np.frombuffer(detections.time_offset_ms, "<u4"))
        devices.append(np.frombuffer(detections.device, "<u8"))
        rssi.append(np.frombuffer(detections.rssi, "i1"))
    counts = [len(each) for each in times]
    strong = np.concatenate(rssi) >= -80
    time_ms = (np.repeat(bases, counts) + np.concatenate(times))[strong]
    device = np.concatenate(devices)[strong]
    place = np.repeat(np.array(places, np.int8), counts)[strong]
    order = np.lexsort((time_ms, place, device))
    time_ms, device, place = time_ms[order], device[order], place[order]
    begins = (device[1:] != device[:-1]) | (place[1:] != place[:-1]) | (np.diff(time_ms) > TOWN.gap_ms)
    return 1 + int(np.count_nonzero(begins))


def rate(work: Callable[[Sequence[bytes]], int], messages: Sequence[bytes], total: int) -> float:
    """Detections a second of CPU time."""
    began = time.process_time()
    work(messages)
    return total / (time.process_time() - began)


def main() -> None:
    """Measure messages of 200 and of 2,000."""
    parser = bench_options(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    compile_kernels()
    figures = []
    for detections in (200, 2_000):
        count = int(DETECTIONS * options.scale) // detections
        messages = list(TOWN.deliveries(count, detections))
        if fold(messages) != sort_and_cut(messages):
            raise RuntimeError("the fold and the sort find different visits")
        found: dict[Callable[[Sequence[bytes]], int], list[float]] = {fold: [], decode: [], sort_and_cut: []}
        for number in range(options.rounds):
            for work, rates in found.items():
                rates.append(rate(work, messages, count * detections))
            say(f"messages of {detections}, round {number + 1}: {found[fold][-1]:,.0f} detections/s")
        what = f"the fold alone, messages of {detections:,}"
        unit = "detections/s"
        figures += [
            Figure(what, unit, found[fold], "decoded only", found[decode], (at_least(10e6),)),
            Figure(what, unit, found[fold], "the day sorted and cut in numpy", found[sort_and_cut]),
        ]
    keep("fold_alone", options, figures)


if __name__ == "__main__":
    main()
