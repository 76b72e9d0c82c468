"""Rounds of chaos: whatever is killed or stopped and when, what is found in the end is the truth to the row.

`make chaos` plays more of them. A round is a process with engines of its own, and mostly waits; all rounds of
this file are played together.
"""

import pytest
from chaos.faults import VICTIMS
from chaos.rounds import Asked, play

SEEDS = range(1, 6)
AT_ONCE = 3
ROUNDS = [Asked(seed) for seed in SEEDS]
BROKEN = Asked(1, flow="chaos.broken_flow")
"""Its workers write the snapshot before the rows, and one of them dies between the two."""


@pytest.fixture(scope="module")
def results(clickhouse_is_installed, tmp_path_factory):
    """The result of each round."""
    return dict(play([BROKEN, *ROUNDS], AT_ONCE, tmp_path_factory.mktemp("chaos")))


@pytest.mark.parametrize("asked", ROUNDS, ids=[f"seed {seed}" for seed in SEEDS])
def test_after_kills_and_stops_at_random_instants_what_is_found_is_the_truth(results, asked):
    assert results[asked].is_right, results[asked].report()


def test_no_kind_of_process_is_spared_and_much_is_late_and_comes_twice(results, record_property):
    rounds = [results[asked] for asked in ROUNDS]
    faults = {kind: _sum(rounds, "kills", kind) + _sum(rounds, "stops", kind) for kind in VICTIMS}
    assert min(faults.values()) > 0, faults
    assert sum(each.late for each in rounds) > 0
    assert sum(each.duplicates for each in rounds) > 0
    compared = sum(sum(each.rows.values()) for each in rounds)
    record_property(
        "Chaos",
        f"{len(rounds)} rounds with {sum(faults.values())} kills and stops, {compared:,} rows compared.",
    )


def test_a_worker_that_writes_the_snapshot_before_the_rows_is_caught(results):
    assert results[BROKEN].failure is None, results[BROKEN].report()
    assert results[BROKEN].wrong["orderly"]["visits"]["lost"] > 0


def _sum(rounds, what, kind):
    return sum(getattr(each, what).get(kind, 0) for each in rounds)
