"""How long a page's figures take for a day, 60 days and a year, from a store that holds two years of a town.

    python tests/bench/page_periods.py [--town mine] [--rounds 5]

Reading the blocks from chDB and saying them, each the least CPU time of some rounds, and the slowest block;
then the whole answer over HTTP by the clock, the first time with its charts and again. A longer period stands
beside a day. Rows are those of tests/fakes/town_weeks.py.
"""

from __future__ import annotations

import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.testclient import TestClient
from figures import Figure, bench_options, keep
from meguri_dashboard.app import create_app
from meguri_dashboard.asked import Asked
from meguri_dashboard.catalogue import catalogue
from meguri_dashboard.days import read_days
from meguri_dashboard.page import BLOCKS, page_view, read_page
from meguri_dashboard.periods import Period
from meguri_dashboard.wording import Wording
from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.migrations import migrate
from meguri_proto.towns import parse_town

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from fakes.town_weeks import weeks  # noqa: E402  # the tests' folder is no package

if TYPE_CHECKING:
    from collections.abc import Callable

    from meguri_proto.towns import Town

TODAY = 20_000
LENGTHS = {"a day": 1, "60 days": 60, "a year": 365}
KINDS = {
    "read_s": "a page's blocks read (CPU)",
    "say_s": "and said (CPU)",
    "http_again_s": "the page over HTTP, again",
}
"""What of the measurements stands in the table."""
NO_REDIS = "redis://127.0.0.1:1/0"


def main() -> None:
    """Fill, measure, keep."""
    parser = bench_options(__doc__)
    parser.add_argument("--town", default="mine")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    town = parse_town((ROOT / "infra" / "towns" / f"{options.town}.yaml").read_text("utf-8"), options.town)
    with tempfile.TemporaryDirectory() as folder:
        store = EmbeddedStore(Path(folder) / "clickhouse")
        migrate(store)
        weeks(store, town, TODAY, before=2 * 364 + 7)
        measured = {name: measure(store, town, days, options.rounds) for name, days in LENGTHS.items()}
        with TestClient(create_app(towns={town.town: town}, store=store, redis_url=NO_REDIS)) as client:
            client.get(f"/towns/{town.town}?day=2000-01-01")
            for name, days in LENGTHS.items():
                query = Period(TODAY - days + 1, TODAY).query
                page = partial(client.get, f"/towns/{town.town}?{query}")
                measured[name]["http_first_s"] = timed(page)
                measured[name]["http_again_s"] = min(timed(page) for _ in range(options.rounds))
        store.close()
    day, *longer = measured.items()
    figures = [
        Figure(f"{what}, {name}", "s", [of[key]], day[0], [day[1][key]])
        for name, of in longer
        for key, what in KINDS.items()
    ]
    keep("page_periods", options, figures, details=measured)


def measure(store: EmbeddedStore, town: Town, days: int, rounds: int) -> dict[str, object]:
    """CPU seconds of the parts of one period, the least of the rounds."""
    known = read_days(store, town.town)
    asked = Asked(town, Period(TODAY - days + 1, TODAY), known)
    words = Wording(catalogue("ja"), town)
    figures = read_page(store, asked)
    blocks = {
        read.__module__.rpartition(".")[2]: least(partial(read, store, asked), rounds) for read in BLOCKS
    }
    slowest = max(blocks, key=lambda name: blocks[name])
    return {
        "days_s": least(lambda: read_days(store, town.town), rounds),
        "read_s": least(lambda: read_page(store, asked), rounds),
        "say_s": least(lambda: page_view(figures, words), rounds),
        "slowest_block": slowest,
        "slowest_block_s": blocks[slowest],
    }


def least(work: Callable[[], object], rounds: int) -> float:
    """CPU seconds of this process, chDB's threads included: other work on the machine does not count."""
    return min(timed(work, time.process_time) for _ in range(rounds))


def timed(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    began = clock()
    work()
    return round(clock() - began, 4)


if __name__ == "__main__":
    main()
