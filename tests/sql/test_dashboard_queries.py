"""The dashboard's queries: a golden result and an empty case each, and no more read than the day asked."""

from datetime import date

import pytest
from fakes.town_day import DAY, HOUR, MINUTE, TOWN, TownDay
from meguri_kit.clickhouse.statements import query_text, substitute
from meguri_proto.key_days import day_date

OF_DAY = {"town": TOWN.town, "key_day": day_date(DAY), "generation": 0}
HOURS = {**OF_DAY, "day_start_ms": TOWN.day_bounds_ms(DAY)[0]}
EDGES = {**OF_DAY, "edges_ms": [15 * MINUTE, 60 * MINUTE]}
PARAMS = {
    "days": {"town": TOWN.town},
    "day_versions": {"town": TOWN.town, "since": day_date(DAY)},
    "arrivals_by_hour": HOURS,
    "dwell": EDGES,
    "sensors": OF_DAY,
    "sensor_hours": HOURS,
}


@pytest.fixture(scope="module")
def filled(store):
    """One day with every case, surrounded by another day, another town and another generation."""
    day = TownDay(store)
    day.stay("station", 0, 15 * MINUTE)
    day.stay("station", HOUR - 1, 15 * MINUTE - 1)
    day.stay("station", HOUR, 60 * MINUTE, device=77)
    day.stay("station", HOUR + 40 * MINUTE, device=77)
    day.stay("station", 23 * HOUR, 4 * HOUR)
    day.stay("hall", 0, 5 * HOUR, arrival=0)
    day.heard("shop", 2 * MINUTE, 10, version=1)
    day.heard("shop", 4 * MINUTE, 30, weak=3, late=2, duplicates=1, version=2)
    day.heard("shop", 7 * MINUTE, 5)
    day.heard("shop", 65 * MINUTE, 5)
    day.heard("gate", 65 * MINUTE, 0, duplicates=4)
    day.day(2 * HOUR, version=1)
    day.day(3 * HOUR, late=2, version=5)
    for stranger in (
        TownDay(store, DAY + 1),
        TownDay(store, town="elsewhere"),
        TownDay(store, generation=9, key_day=DAY - 1),
    ):
        stranger.stays(4, "station", HOUR, 5 * MINUTE)
        stranger.heard("shop", HOUR)
        stranger.day(4 * HOUR, version=7)
    TownDay(store, DAY - 1).day(9 * HOUR, version=99)
    return store


def ask(store, query, params):
    return [tuple(row.values()) for row in store.query(f"meguri_dashboard/{query}", params)]


def test_arrivals_by_hour_counts_visits_and_devices_and_leaves_out_those_that_the_start_cut(filled):
    assert ask(filled, "arrivals_by_hour", HOURS) == [
        ("station", 0, 2, 2),
        ("station", 1, 2, 1),
        ("station", 23, 1, 1),
    ]


def test_dwell_counts_closed_stays_and_an_edge_belongs_to_the_longer_bin(filled):
    assert ask(filled, "dwell", EDGES) == [("station", 0, 1, 1), ("station", 1, 1, 1), ("station", 2, 2, 2)]


def test_sensors_sums_the_newest_row_of_each_bin(filled):
    start = HOURS["day_start_ms"]
    assert ask(filled, "sensors", OF_DAY) == [
        ("gate", 0, 0, 0, 4, 0, start + 65 * MINUTE),
        ("shop", 40, 3, 2, 1, 0, start + 65 * MINUTE),
    ]


def test_sensor_hours_counts_the_bins_in_which_something_was_heard(filled):
    assert ask(filled, "sensor_hours", HOURS) == [("shop", 0, 2), ("shop", 1, 1)]


def test_days_gives_the_newest_row_of_the_highest_generation_newest_day_first(filled):
    start = HOURS["day_start_ms"]
    rows = ask(filled, "days", {"town": TOWN.town})
    assert [row[:2] for row in rows] == [(day_date(DAY + 1), 0), (day_date(DAY), 0), (day_date(DAY - 1), 9)]
    assert rows[1][2:] == (start + 3 * HOUR - 10 * MINUTE, start + 3 * HOUR, 2, 0)


def test_day_versions_looks_back_no_further_than_asked(filled):
    assert ask(filled, "day_versions", PARAMS["day_versions"]) == [
        (day_date(DAY + 1), 0, 7),
        (day_date(DAY), 0, 5),
    ]


@pytest.mark.parametrize("query", PARAMS)
def test_of_a_town_without_rows_every_query_gives_none(filled, query):
    assert ask(filled, query, {**PARAMS[query], "town": "nowhere"}) == []


@pytest.mark.parametrize("query", ["arrivals_by_hour", "dwell", "sensors", "sensor_hours"])
def test_a_query_of_one_day_reads_the_parts_of_that_day_alone(filled, query):
    table = "visits" if query in ("arrivals_by_hour", "dwell") else "sensor_health"
    of_day = filled.select(
        "SELECT count() AS n FROM system.parts WHERE database = currentDatabase() AND table = %(table)s "
        "AND active AND partition = %(partition)s",
        {"table": table, "partition": f"('{TOWN.town}','{day_date(DAY)}')"},
    )[0]["n"]
    text = substitute(query_text(f"meguri_dashboard/{query}"), PARAMS[query], query)
    read = filled.select("EXPLAIN ESTIMATE " + text.replace("%", "%%"))
    assert [row["parts"] for row in read] == [of_day]
    every = filled.select(f"SELECT uniqExact(partition) AS n FROM system.parts WHERE table = '{table}'")
    assert every[0]["n"] > 1


def test_each_query_file_says_its_question_its_parameters_and_its_columns():
    from importlib.resources import files

    found = {
        file.name.removesuffix(".sql"): file.read_text("utf-8")
        for file in files("meguri_dashboard").joinpath("queries").iterdir()
    }
    assert found.keys() == PARAMS.keys()
    for name, text in found.items():
        head = [line for line in text.splitlines() if line.startswith("--")]
        assert head[0].endswith("?"), name
        assert any(line.startswith("-- params: ") for line in head), name
        assert any(line.startswith("-- columns: ") for line in head), name


def test_key_days_come_back_as_dates(filled):
    assert isinstance(filled.query("meguri_dashboard/days", {"town": TOWN.town})[0]["key_day"], date)
