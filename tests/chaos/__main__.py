"""Meguri under chaos: rounds in which random processes are killed or stopped, and the truth is to be found.

    make chaos                     CHAOS_ROUNDS rounds (100), of random seeds
    make chaos ARGS="--seed N"     the one of this seed again

Prints each round's seed; of one that is not right what is wrong and its schedule, and where its files are.
Writes tests/bench/results/chaos.json. Ends with status 1 if a round was not right.
"""

import argparse
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from bench.figures import RESULTS, machine
from chaos.faults import VICTIMS
from chaos.rounds import Asked, play
from engines.clickhouse_server import BINARY
from rich.console import Console
from rich.table import Table

_ROUNDS = 100
_AT_ONCE = 5
_PACKAGES = ("aiokafka", "clickhouse-driver", "faust-streaming", "kafka-python", "numba", "numpy")
_console = Console(highlight=False, markup=False, soft_wrap=True)


def main():
    """Play what the command line asks for; the exit status."""
    options = argparse.ArgumentParser(
        prog="make chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seed", type=int, help="play the round of this seed alone")
    options.add_argument(
        "--at-once", type=int, default=_AT_ONCE, help="rounds at a time (default: %(default)s)"
    )
    asked = options.parse_args()
    if BINARY is None:
        sys.exit("clickhouse-server is not installed; on Debian: apt-get install clickhouse-server")
    seeds = [asked.seed]
    if asked.seed is None:
        rounds = int(os.environ.get("CHAOS_ROUNDS", _ROUNDS))
        seeds = [secrets.randbelow(1_000_000) for _ in range(rounds)]
    folder = Path(tempfile.mkdtemp(prefix="meguri-chaos-"))
    results = []
    for played, result in play(list(map(Asked, seeds)), asked.at_once, folder):
        results.append(result)
        _tell(result, played.folder(folder))
    _keep(results, asked)
    if not all(result.is_right for result in results):
        return 1
    shutil.rmtree(folder)
    return 0


def _tell(result, folder):
    if not result.is_right:
        _console.print(result.report())
        _console.print(f'Its files are in {folder}; again: make chaos ARGS="--seed {result.seed}"')
        return
    rows = ", ".join(f"{number:,} {table}" for table, number in result.rows.items())
    _console.print(
        f"seed {result.seed}: right, {len(result.faults)} faults, {rows}, {result.late:,} late, "
        f"{result.duplicates:,} duplicates, {result.seconds:.0f} s"
    )


def _keep(results, asked):
    """Show the sums and write them."""
    judged = [result for result in results if result.failure is None]
    rows = _sum(result.rows for result in judged)
    lost, added = (_wrong_rows(judged, which) for which in ("lost", "added"))
    table = Table(title=f"{len(results)} rounds, {sum(result.is_right for result in results)} of them right")
    for column in ("process", "killed", "stopped"):
        table.add_column(column, justify="left" if column == "process" else "right")
    kills, stops = _sum(result.kills for result in results), _sum(result.stops for result in results)
    for kind in VICTIMS:
        table.add_row(kind, f"{kills[kind]:,}", f"{stops[kind]:,}")
    _console.print(table)
    compared = ", ".join(f"{number:,} {name}" for name, number in rows.items())
    _console.print(f"Compared: {compared}; lost: {lost}, added: {added}")
    if asked.seed is not None:
        return
    figures = {
        "command": f"CHAOS_ROUNDS={len(results)} make chaos",
        "machine": machine(),
        "versions": {package: version(package) for package in _PACKAGES},
        "rounds": len(results),
        "right": sum(result.is_right for result in results),
        "killed": kills,
        "stopped": stops,
        "rows_compared": rows,
        "rows_lost": lost,
        "rows_added": added,
        "late_detections": sum(result.late for result in results),
        "duplicate_detections": sum(result.duplicates for result in results),
        "seeds": [result.seed for result in results],
        "seeds_not_right": [result.seed for result in results if not result.is_right],
    }
    (RESULTS / "chaos.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def _sum(counts):
    total = Counter()
    for each in counts:
        total.update(each)
    return total


def _wrong_rows(results, which):
    return sum(
        table[which] for result in results for tables in result.wrong.values() for table in tables.values()
    )


if __name__ == "__main__":
    sys.exit(main())
