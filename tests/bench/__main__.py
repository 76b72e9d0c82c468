"""Every figure that the flow has to show, in one table: `python tests/bench [--only NAME ...]`.

Each bench is a process of its own, so that none finds the memory, the caches or the threads of another.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from figures import bench_options, kept, say, show

FOLDER = Path(__file__).parent
BENCHES = {
    "flow_throughput": "Kafka to visits in ClickHouse",
    "beside_others": "beside ClickHouse's SQL and other stream processors",
    "fold_alone": "the fold alone, in memory, on one core",
    "fold_cost": "what a detection costs with more sensors, devices, towns",
    "open_devices_memory": "memory of a million open devices",
    "worker_ready": "a worker starts, and one is killed, with a million open devices",
    "refold_day": "a day of 100 million detections folded again",
    "latency": "from an append to live numbers and to rows",
    "guide_pages": "a sight's page at 500 requests a second on one core",
    "guide_bus": "45 phones on a bus store the guide over one line",
    "guide_logs": "10,000 phones hand their logs in within a minute",
    "ingest_messages": "what ingest makes of small deliveries",
}
"""In the table's order: the script and what it measures."""


def main() -> int:
    """Run them one after the other; exit status 1 if one failed (not if a figure misses its bound)."""
    parser = bench_options(__doc__)
    parser.add_argument("--only", nargs="+", choices=BENCHES, default=list(BENCHES), metavar="NAME")
    options = parser.parse_args()
    began, failed = time.monotonic(), []
    for position, bench in enumerate(options.only, 1):
        say(f"[{position}/{len(options.only)}] {bench}: {BENCHES[bench]}")
        if run(bench, options.scale, options.results):
            failed.append(bench)
    show(figure for bench in options.only if bench not in failed for figure in kept(bench, options.results))
    say(f"{time.monotonic() - began:.0f} s; the figures of each bench are in {options.results}")
    if failed:
        say(f"failed, as it stands above: {', '.join(failed)}")
    return 1 if failed else 0


def run(bench: str, scale: float, results: Path) -> int:
    """The exit status of one bench; its own table is not shown."""
    command = [sys.executable, str(FOLDER / f"{bench}.py"), "--scale", str(scale), "--results", str(results)]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
