"""What comes out of Meguri is what happened in the village, but for what the village itself lost."""

import csv

from command_line.processes import Meguri, rows

# Across the day's start at 04:00: two key days, two partitions, two keys.
EVENING_TO_MORNING = ("--from", "2026-04-01T15:00", "--until", "2026-04-02T11:00", "--seed", "3")
VISITS = "SELECT place, first_ms, last_ms, receptions FROM visits FINAL WHERE closed = 1"
DAYS = "SELECT key_day, late, complete FROM days FINAL ORDER BY key_day"


def truth(folder):
    """Every visit of which something was heard, and how many were heard less of than there was."""
    found, shortened = [], 0
    for path in sorted(folder.glob("visits-*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                if row["heard_first_ms"]:
                    heard = (row["heard_first_ms"], row["heard_last_ms"], row["heard_receptions"])
                    found.append((row["place"], *map(int, heard)))
                shortened += row["receptions"] != row["heard_receptions"]
    return sorted(found), shortened


def test_visits_and_dwell_equal_the_truth_but_for_recorded_losses(tmp_path):
    data = tmp_path / "village"
    with Meguri("demo", data, *EVENING_TO_MORNING, "--exit-when-filled") as run:
        assert run.wait() == 0, run.output
    visits, days = rows(data, VISITS, DAYS)
    expected, shortened = truth(data / "village")
    assert len(expected) > 200
    assert shortened > 0, "the village loses something, or this test is easier than it says"
    assert sorted(map(tuple, visits)) == expected
    assert [(late, complete) for _, late, complete in days] == [(0, 1), (0, 0)]
