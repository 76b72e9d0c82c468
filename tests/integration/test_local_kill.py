"""kill -9 of the whole local run, again and again, in the middle of the filling."""

import json

from command_line.processes import Meguri, eventually_gone, rows

# From one key day into the next: a kill may fall on either side of 04:00.
DAY = ("--from", "2026-04-01T16:00", "--until", "2026-04-02T11:00", "--seed", "7")
START_MS, END_MS = 1_775_026_800_000, 1_775_095_200_000
KILLS = 5
# Pseudonyms are of keys that every registry draws for itself.
VISITS = (
    "SELECT key_day, place, first_ms, last_ms, receptions, closed, arrival, rule_version, version "
    "FROM visits FINAL ORDER BY ALL"
)
PRESENCE = "SELECT key_day, place, bin_ms, visits, rule_version, version FROM presence FINAL ORDER BY ALL"
DAYS = "SELECT key_day, detections, late, complete, watermark_ms FROM days FINAL ORDER BY ALL"


def done_ms(data):
    try:
        return json.loads((data / "village" / "progress.json").read_text())["done_ms"]
    except FileNotFoundError:
        return START_MS


def test_five_kills_in_the_middle_of_the_filling_change_no_row(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    with Meguri("demo", whole, *DAY, "--exit-when-filled") as reference:
        for kill in range(KILLS):
            with Meguri("demo", killed, *DAY, "--exit-when-filled") as run:
                due_ms = START_MS + (kill + 1) * (END_MS - START_MS) // (KILLS + 2)
                run.until(lambda due_ms=due_ms: done_ms(killed) >= due_ms)
                children = run.children()
                run.kill()
                assert eventually_gone(children.values())
                assert (kill > 0) == ("Going on with the village that is there." in run.output)
            assert done_ms(killed) < END_MS, "it was filled before it was killed"
        assert reference.wait() == 0, reference.output
    with Meguri("demo", killed, *DAY, "--exit-when-filled") as last:
        assert last.wait() == 0, last.output
    expected = rows(whole, VISITS, PRESENCE, DAYS)
    assert len(expected[0]) > 100
    assert all(late == 0 for _, _, late, *_ in expected[2])
    assert rows(killed, VISITS, PRESENCE, DAYS) == expected
