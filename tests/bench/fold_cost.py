"""What a detection costs in the fold with more sensors, more devices that are there, more towns.

    python tests/bench/fold_cost.py [--detections 2000] [--rounds 5]

In memory, CPU time of this process, rows taken at the end as a checkpoint does. Before the clock runs every
device was heard once, and its arrival is certain; all stay, so that as many visits are open the whole time as
there are devices. Messages are large by default: in small ones, what each message costs by itself hides what
grows.
"""

from __future__ import annotations

import time
from itertools import chain
from typing import NamedTuple

from figures import Figure, bench_options, keep, ratio_at_most, say
from made_town import MadeTown
from meguri_flow.domain.kernels import compile_kernels
from meguri_flow.domain.partition import Partition

TOTAL = 3_000_000
"""Detections of one measurement: about what a worker folds between two checkpoints."""
FIRST_MS, LAST_MS = 12 * 60_000, 22 * 60_000
"""When they are heard: after the lateness, so that arrivals are certain; before the gap, so that all stay."""
READ_BYTES = 4 << 20
"""What Kafka gives of a partition at once."""
PLACES = 10


class Case(NamedTuple):
    """How much there is, all towns together."""

    sensors: int = 100
    devices: int = 100_000
    towns: int = 1


CASES = {
    "sensors": [Case(sensors=1), Case(sensors=100), Case(sensors=1_000)],
    "devices": [Case(devices=10_000), Case(devices=100_000), Case(devices=1_000_000)],
    "towns": [Case(towns=1), Case(towns=10), Case(towns=100)],
}
"""What grows; the others stand beside the first."""


def nanoseconds(case: Case, detections: int, total: int) -> float:
    """Of CPU time a detection, of one more batch of messages."""
    sensors = max(1, case.sensors // case.towns)
    towns = [
        MadeTown(
            f"town{number}",
            sensors=sensors,
            places=min(PLACES, sensors),
            devices=case.devices // case.towns,
            around=1.0,
        )
        for number in range(case.towns)
    ]
    partition = Partition()
    observe(partition, [town.rules() for town in towns])
    observe(partition, list(chain.from_iterable(town.everybody(detections) for town in towns)))
    observe(partition, [town.tick(FIRST_MS) for town in towns])
    partition.take_rows()
    messages = total // detections // case.towns
    by_town = [town.deliveries(messages, detections, FIRST_MS, LAST_MS) for town in towns]
    batch = list(chain.from_iterable(zip(*by_town, strict=True)))
    began = time.process_time()
    observe(partition, batch)
    partition.take_rows()
    return (time.process_time() - began) * 1e9 / (len(batch) * detections)


def observe(partition: Partition, messages: list[bytes]) -> None:
    """Fold messages, as many at once as Kafka gives."""
    at_once = max(1, READ_BYTES // len(messages[0]))
    for start in range(0, len(messages), at_once):
        partition.observe(enumerate(messages[start : start + at_once], partition.next_offset))


def main() -> None:
    """Measure all cases in each round, so that a slow minute of the machine is in all of them."""
    parser = bench_options(__doc__)
    parser.add_argument("--detections", type=int, default=2_000, help="of a message")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    total = int(TOTAL * options.scale)
    compile_kernels()
    found: dict[Case, list[float]] = {case: [] for cases in CASES.values() for case in cases}
    for number in range(options.rounds):
        for case, costs in found.items():
            costs.append(nanoseconds(case, options.detections, total))
            say(f"round {number + 1}: {case}: {costs[-1]:.1f} ns a detection")
    figures = [
        Figure(
            f"a detection with {getattr(case, grows):,} {grows.replace('devices', 'open devices')}",
            "ns",
            found[case],
            f"with {getattr(least, grows):,}",
            found[least],
            (ratio_at_most(1.5),),
        )
        for grows, (least, *more) in CASES.items()
        for case in more
    ]
    keep("fold_cost", options, figures)


if __name__ == "__main__":
    main()
