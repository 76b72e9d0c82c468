"""What a bench found: figures, each beside something of the same run; kept in a file, shown in a table.

A bench is a script of this folder:

    options = bench_options(__doc__).parse_args()
    keep("its_name", options, [Figure(...), ...])

It tells its progress by `say`; `python tests/bench` runs several and shows their figures in one table.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import statistics
import sys
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psutil
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

RESULTS = Path(__file__).parent / "results"
WIDTH = 150
"""Of a table that goes to a file."""
PACKAGES = ("aiokafka", "chdb", "faust-streaming", "numba", "numpy", "protobuf")


@dataclass(frozen=True)
class Bound:
    """What a figure has to be."""

    of: Literal["median", "ratio"]
    is_least: bool
    """Else it is the most."""
    value: float

    def holds(self, figure: Figure) -> bool:
        found = figure.median if self.of == "median" else figure.ratio
        return found >= self.value if self.is_least else found <= self.value

    def __str__(self) -> str:
        sign = "≥" if self.is_least else "≤"
        return f"{sign} {number(self.value)}" if self.of == "median" else f"ratio {sign} {number(self.value)}"


def at_least(value: float) -> Bound:
    """Of the median."""
    return Bound("median", True, value)


def at_most(value: float) -> Bound:
    """Of the median."""
    return Bound("median", False, value)


def ratio_at_least(value: float) -> Bound:
    """Of the medians' ratio."""
    return Bound("ratio", True, value)


def ratio_at_most(value: float) -> Bound:
    """Of the medians' ratio."""
    return Bound("ratio", False, value)


@dataclass(frozen=True)
class Figure:
    """One row of the table: what was measured, in rounds, beside what, in rounds of the same run."""

    work: str
    unit: str
    rounds: Sequence[float]
    beside: str
    beside_rounds: Sequence[float]
    """In the same unit."""
    bounds: Sequence[Bound] = ()

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    @property
    def ratio(self) -> float:
        """Of the medians."""
        return self.median / statistics.median(self.beside_rounds)

    @property
    def is_met(self) -> bool:
        return all(bound.holds(self) for bound in self.bounds)


def bench_options(description: str | None) -> argparse.ArgumentParser:
    """The options that every bench has."""
    options = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--scale", type=float, default=1.0, help="of the work; below 1 to try a bench")
    options.add_argument("--results", type=Path, default=RESULTS, help="the folder that takes the figures")
    return options


def say(text: str) -> None:
    """Tell how far a bench is; its figures go to standard output."""
    Console(stderr=True).print(text, highlight=False, markup=False, soft_wrap=True)


def keep(
    bench: str,
    options: argparse.Namespace,
    figures: Sequence[Figure],
    *,
    details: Mapping[str, object] | None = None,
    versions: Mapping[str, str] | None = None,
) -> None:
    """Write `bench`.json to the folder of results, and show the figures.

    Args:
        bench: the script's name.
        options: of `bench_options`.
        figures: in the table's order.
        details: what else is worth keeping, as JSON has it.
        versions: of what this environment's packages do not say.
    """
    options.results.mkdir(exist_ok=True)
    found = {
        "bench": bench,
        "command": _command(bench, options),
        "machine": machine(),
        "versions": {package: version(package) for package in PACKAGES} | dict(versions or {}),
        "figures": [_as_json(figure) for figure in figures],
        **({"details": details} if details else {}),
    }
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (options.results / f"{bench}.json").write_text(f"{text}\n", "utf-8")
    show(figures)


def kept(bench: str, results: Path) -> list[Figure]:
    """The figures that a bench kept."""
    found = json.loads((results / f"{bench}.json").read_text("utf-8"))
    for row in found["figures"]:
        row["bounds"] = tuple(Bound(**bound) for bound in row["bounds"])
    return [Figure(**{field.name: row[field.name] for field in fields(Figure)}) for row in found["figures"]]


def show(figures: Iterable[Figure]) -> None:
    """The table for people."""
    table = Table(title="Medians")
    for name in ("work", "measured", "beside, in the same run", "ratio", "asked", "met"):
        table.add_column(name, justify="right" if name in {"measured", "ratio"} else "left")
    for figure in figures:
        table.add_row(
            figure.work,
            f"{number(figure.median)} {figure.unit}",
            f"{figure.beside}: {number(statistics.median(figure.beside_rounds))}",
            number(figure.ratio),
            ", ".join(map(str, figure.bounds)),
            "" if not figure.bounds else "yes" if figure.is_met else "NO",
        )
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table, highlight=False)


def number(value: float) -> str:
    """With three digits, or with all of those before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> dict[str, object]:
    """On what it was measured; the load says whether the machine had something else to do."""
    return {
        "processor": _processor(),
        "cpus": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_1_minute": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")


def _command(bench: str, options: argparse.Namespace) -> str:
    """What to call for the same, wherever the figures went."""
    said = {name: value for name, value in vars(options).items() if name != "results"}
    words = ["python", f"tests/bench/{bench}.py"]
    for name, value in said.items():
        words += [f"--{name.replace('_', '-')}", *map(str, value if isinstance(value, list) else [value])]
    return shlex.join(words)


def _as_json(figure: Figure) -> dict[str, object]:
    return {**asdict(figure), "ratio": figure.ratio, "is_met": figure.is_met}
