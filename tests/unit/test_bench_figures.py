import argparse
import json

import pytest
from bench.figures import Figure, at_least, at_most, keep, kept, number, ratio_at_least, ratio_at_most


def figure(rounds, beside_rounds, *bounds):
    return Figure("to fold", "detections/s", rounds, "to decode", beside_rounds, bounds)


def test_a_figure_is_the_median_of_its_rounds_beside_the_median_of_the_other():
    found = figure([4.0, 9.0, 5.0], [10.0, 100.0])
    assert found.median == 5.0
    assert found.ratio == 5.0 / 55.0


@pytest.mark.parametrize(
    ("bound", "met"),
    [
        (at_least(5), True),
        (at_least(5.1), False),
        (at_most(5), True),
        (at_most(4.9), False),
        (ratio_at_least(0.5), True),
        (ratio_at_least(0.51), False),
        (ratio_at_most(0.5), True),
        (ratio_at_most(0.49), False),
    ],
    ids=str,
)
def test_a_bound_is_met_up_to_its_value(bound, met):
    assert figure([5.0], [10.0], bound).is_met is met


def test_a_figure_is_met_when_all_its_bounds_are():
    assert not figure([5.0], [10.0], at_least(5), ratio_at_least(0.6)).is_met


def test_what_is_kept_is_read_again_and_names_machine_versions_and_command(tmp_path, capsys):
    options = argparse.Namespace(scale=1.0, per_second=[200, 300], results=tmp_path / "new")
    figures = [figure([5.0, 6.0], [10.0], at_least(5), ratio_at_most(0.6)), figure([1.0], [2.0])]
    keep("bench_name", options, figures, details={"visits": 7})
    assert kept("bench_name", tmp_path / "new") == figures
    text = json.loads((tmp_path / "new" / "bench_name.json").read_text("utf-8"))
    assert text["command"] == "python tests/bench/bench_name.py --scale 1.0 --per-second 200 300"
    assert text["details"] == {"visits": 7}
    assert {"processor", "cpus", "memory_gb", "system", "python"} <= text["machine"].keys()
    assert text["versions"]["numpy"]
    assert "to fold" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567.8, "1,234,568"), (100, "100"), (12.34, "12.3"), (0.01234, "0.0123"), (0, "0")],
)
def test_a_number_has_three_digits_or_those_before_the_point(value, text):
    assert number(value) == text
