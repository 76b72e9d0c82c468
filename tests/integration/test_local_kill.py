"""kill -9 of the whole local run, again and again, in the middle of the filling."""

import json

from command_line.processes import Meguri, eventually_gone, rows

TOWNS = ("minamiyamashiro", "mine")
# A village is delivered day by day, so a kill falls into a day, or between two.
DAYS = ("--from", "2026-04-01T04:00", "--until", "2026-04-04T11:00", "--seed", "7", "--size", "0.1")
START_MS, DAY_MS, WHOLE_DAYS = 1_774_983_600_000, 86_400_000, 3
KILLS = 3
CHILDREN = 4
"""Kafka, Redis and the two villages."""
# Pseudonyms are of keys that every registry draws for itself; what a kill repeats is a duplicate, and takes
# offsets of the log, and an event's version is when it was first delivered.
LEFT_OUT = {
    "visits": "device",
    "presence": "",
    "moves": "device",
    "days": "duplicates, version",
    "day_arrivals": "version",
    "day_dwell": "version",
    "day_moves": "version",
    "day_paths": "version",
    "sales": "",
    "counts": "",
    "guide_events": "version",
    "survey_answers": "",
}
ROWS = [
    f"SELECT *{f' EXCEPT ({columns})' if columns else ''} FROM {table} FINAL ORDER BY ALL"
    for table, columns in LEFT_OUT.items()
]


def days_done(data):
    """How many whole days every town has."""
    done = []
    for town in TOWNS:
        try:
            progress = json.loads((data / "village" / town / "progress.json").read_text())
        except FileNotFoundError:
            return 0
        done.append((progress["done_ms"] - START_MS) // DAY_MS)
    return min(done)


def test_kills_in_the_middle_of_the_filling_change_no_row(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    with Meguri("demo", whole, *DAYS, "--exit-when-filled") as reference:
        for kill in range(KILLS):
            with Meguri("demo", killed, *DAYS, "--exit-when-filled") as run:
                run.until(lambda kill=kill: days_done(killed) >= kill and len(run.children()) == CHILDREN)
                children = run.children()
                run.kill()
                assert eventually_gone(children.values())
                assert (kill > 0) == ("Going on with the village that is there." in run.output)
            assert days_done(killed) < WHOLE_DAYS, "it was filled before it was killed"
        assert reference.wait() == 0, reference.output
    with Meguri("demo", killed, *DAYS, "--exit-when-filled") as last:
        assert last.wait() == 0, last.output
    expected = dict(zip(LEFT_OUT, rows(whole, *ROWS), strict=True))
    assert {table for table, each in expected.items() if len(each) < 8} == set()
    found = dict(zip(LEFT_OUT, rows(killed, *ROWS), strict=True))
    assert [table for table, each in expected.items() if found[table] != each] == []
