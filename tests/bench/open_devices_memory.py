"""Memory that a million open devices take in a worker, without its snapshots and with them.

    python tests/bench/open_devices_memory.py [--devices 1000000] [--rounds 3]

A process of its own folds messages from a file: every device is heard once, then again for a while. Its
resident memory stands beside what it had with kernels compiled and nothing folded.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from figures import Figure, at_most, bench_options, keep, say
from made_town import MadeTown
from meguri_flow.domain import open_visits, snapshot
from meguri_flow.domain.kernels import compile_kernels
from meguri_flow.domain.partition import Partition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from figures import Bound

MESSAGE_DETECTIONS = 2_000
READ_MESSAGES = 100
READS_A_CHECKPOINT = 16
HEARD_AGAIN = 3
"""Times that each device is heard, on average, after the first."""
LAST_MS = 25 * 60_000
"""Less than the gap: nobody leaves."""


def write_messages(path: Path, town: MadeTown) -> None:
    """The town's records, each after its length (uint32)."""
    again = HEARD_AGAIN * town.devices // MESSAGE_DETECTIONS
    with path.open("wb") as file:
        for records in (
            [town.rules()],
            town.everybody(MESSAGE_DETECTIONS),
            town.deliveries(again, MESSAGE_DETECTIONS, last_ms=LAST_MS),
        ):
            for record in records:
                file.write(len(record).to_bytes(4, "little") + record)


def reads(file: BinaryIO) -> Iterator[list[tuple[int, bytes]]]:
    """What was written, some messages at a time, with their offsets."""
    messages = []
    for offset, length in enumerate(iter(partial(file.read, 4), b"")):
        messages.append((offset, file.read(int.from_bytes(length, "little"))))
        if len(messages) == READ_MESSAGES:
            yield messages
            messages = []
    yield messages


def fold(path: Path, *, with_snapshots: bool) -> dict[str, float]:
    """Resident megabytes of this process: empty, at the end, and the most that there was meanwhile."""
    compile_kernels()
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # the most begins anew
    empty, largest = resident("VmRSS"), 0
    partition = Partition()
    with path.open("rb") as file:
        for number, messages in enumerate(reads(file), 1):
            partition.observe(messages)
            if number % READS_A_CHECKPOINT == 0:
                partition.take_rows()
                if with_snapshots:
                    largest = max(largest, len(snapshot.dump(partition)))
    (day,) = partition.days.values()
    return {
        "empty": empty,
        "end": resident("VmRSS"),
        "most": resident("VmHWM"),
        "open_visits": int(day.sizes[open_visits.OPEN]),
        "snapshot": largest / 1e6,
    }


def resident(field: str) -> float:
    """A line of this process's status, in megabytes."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1_024 / 1e6


def in_process_of_its_own(path: Path, *, with_snapshots: bool) -> dict[str, float]:
    """See `fold`."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        found = pool.submit(fold, path, with_snapshots=with_snapshots).result()
    say(f"{'with' if with_snapshots else 'without'} snapshots, megabytes: {found}")
    return found


def main() -> None:
    """Measure both."""
    parser = bench_options(__doc__)
    parser.add_argument("--devices", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    town = MadeTown(devices=int(options.devices * options.scale), around=1.0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "messages"
        write_messages(path, town)
        plain, saved = (
            [in_process_of_its_own(path, with_snapshots=each) for _ in range(options.rounds)]
            for each in (False, True)
        )
    what = f"{town.devices:,} open devices"
    figures = [
        figure(f"{what}: memory at the end", plain, "end", (at_most(150),)),
        figure(f"{what}: the most meanwhile", plain, "most"),
        figure(f"{what}: the most meanwhile, with snapshots", saved, "most"),
    ]
    keep("open_devices_memory", options, figures, details={"without_snapshots": plain, "with": saved})


def figure(work: str, found: list[dict[str, float]], name: str, bounds: tuple[Bound, ...] = ()) -> Figure:
    """Megabytes above the empty worker, beside what that has."""
    above = [each[name] - each["empty"] for each in found]
    return Figure(work, "MB more", above, "the empty worker, MB", [each["empty"] for each in found], bounds)


if __name__ == "__main__":
    main()
