"""The whole way of a town in slices, on more than four partitions: what is found is the same as in one."""

from itertools import product

import pytest
from command_line.processes import Meguri, rows
from meguri.checkout import ROOT

FILE = ROOT / "infra/towns/minamiyamashiro.yaml"
TWO_DAYS = ("--from", "2026-05-02T04:00", "--until", "2026-05-04T04:00", "--size", "0.2", "--seed", "2")
STABLE = ("--addresses", "stable", "--exit-when-filled")
FOUND = (
    "SELECT place, first_ms, last_ms, receptions, random FROM visits FINAL WHERE closed = 1",
    "SELECT from_place, from_first_ms, place, first_ms, ordinal, random FROM moves FINAL",
    "SELECT place, bin_ms, sum(visits) AS all FROM presence FINAL GROUP BY place, bin_ms HAVING all > 0",
    "SELECT key_day, path, random, sum(paths) FROM day_paths FINAL GROUP BY key_day, path, random",
    "SELECT key_day, sum(visits), min(complete) FROM days FINAL GROUP BY key_day",
)
SLICES = "SELECT key_day, slice FROM days FINAL"
SEALED = "SELECT key_day, slice, lost FROM sealed_days FINAL"


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """The data folders of the same two days, by how many slices and shards there were."""
    folder = tmp_path_factory.mktemp("slices")
    found = {}
    for slices, shards in ((1, 1), (3, 2)):
        town = folder / f"town-{slices}.yaml"
        town.write_text(f"{FILE.read_text('utf-8')}slices: {slices}\n", "utf-8")
        found[slices] = folder / f"data-{slices}"
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("MEGURI_SHARDS", str(shards))
            with Meguri("demo", found[slices], "--town", town, *TWO_DAYS, *STABLE) as run:
                assert run.wait() == 0, run.output
    return found


def test_the_same_is_found_in_three_slices_as_in_one(lived):
    whole, sliced = (
        [sorted(map(tuple, answer)) for answer in rows(lived[slices], *FOUND)] for slices in (1, 3)
    )
    assert all(whole)
    assert sliced == whole


def test_every_slice_of_every_day_is_folded_and_sealed(lived):
    folded, sealed = rows(lived[3], SLICES, SEALED)
    days = {day for day, _ in folded}
    assert len(days) == 3
    assert sorted(map(tuple, folded)) == sorted(product(days, range(3)))
    assert sorted(map(tuple, sealed)) == [("2026-05-02", slice_, 0) for slice_ in range(3)]
