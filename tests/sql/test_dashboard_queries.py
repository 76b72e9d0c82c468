"""The dashboard's queries: a golden result and an empty case each, and no more read than the day asked."""

from datetime import date

import pytest
from fakes.town_day import DAY, HOUR, MINUTE, TOWN, TownDay
from meguri_dashboard.suppression import publish
from meguri_kit.clickhouse.statements import query_text, substitute
from meguri_proto.key_days import day_date

OF_DAY = {"town": TOWN.town, "key_day": day_date(DAY), "folds": ((0, 0), (1, 3))}
"""Its second slice was folded again."""
HOURS = {**OF_DAY, "day_start_ms": TOWN.day_bounds_ms(DAY)[0]}
EDGES = {**OF_DAY, "edges_ms": [15 * MINUTE, 60 * MINUTE]}
OF_PERIOD = {"town": TOWN.town, "first": day_date(DAY - 40), "last": day_date(DAY - 1)}
FOLDS = (
    (day_date(DAY - 30), 0, 0),
    (day_date(DAY - 20), 0, 0),
    (day_date(DAY - 1), 0, 4),
    (day_date(DAY - 1), 1, 0),
)
OF_UNITS = {**OF_PERIOD, "folds": FOLDS, "first_whole": day_date(DAY - 33), "last_whole": day_date(DAY - 4)}
"""The whole month is September; the day before DAY is 3 October."""
KEY_DAYS = [day_date(DAY - 1), day_date(DAY - 8)]
PARAMS = {
    "days": {"town": TOWN.town},
    "sealed_days": {"town": TOWN.town},
    "left_out": {**OF_PERIOD, "folds": FOLDS},
    "left_out_running": OF_DAY,
    "day_versions": {"town": TOWN.town, "since": day_date(DAY)},
    "arrivals_by_hour": {"town": TOWN.town, "key_days": KEY_DAYS, "folds": FOLDS},
    "arrivals_by_day": {**OF_PERIOD, "folds": FOLDS, "step": 5},
    "arrivals_running": HOURS,
    "dwell": OF_UNITS,
    "dwell_running": EDGES,
    "moves": OF_UNITS,
    "moves_running": OF_DAY,
    "paths": {**OF_UNITS, "step": 5},
    "paths_running": {**OF_DAY, "step": 2},
    "sensor_hours": HOURS,
}


@pytest.fixture(scope="module")
def filled(store):
    """One day with every case, surrounded by another day, another town and another generation."""
    day = TownDay(store)
    day.stay("station", 0, 15 * MINUTE)
    day.stay("station", HOUR - 1, 15 * MINUTE - 1)
    day.stay("station", HOUR, 60 * MINUTE, device=77)
    day.stay("station", HOUR + 40 * MINUTE, device=77, random=1)
    day.stay("station", 23 * HOUR, 4 * HOUR)
    day.stay("hall", 0, 5 * HOUR, arrival=0)
    day.heard("shop", 2 * MINUTE, 10, version=1)
    day.heard("shop", 4 * MINUTE, 30, weak=3, late=2, duplicates=1, version=2)
    day.heard("shop", 7 * MINUTE, 5)
    day.heard("shop", 65 * MINUTE, 5)
    day.heard("gate", 65 * MINUTE, 0, duplicates=4)
    day.day(2 * HOUR, version=1)
    day.day(3 * HOUR, late=2, version=5)
    for device, chain in ((1, "hall station hall"), (2, "hall station hall"), (3, "hall station")):
        day.walk(device, chain.split())
    day.walk(1, ["station", "hall", "station"], at_ms=9 * HOUR)
    day.walk(4, ["hall", "station"], random=1)
    for staff in (900, 901):
        day.stay("station", 5 * HOUR, 20 * MINUTE, device=staff)
        day.walk(staff, ["hall", "station", "hall"])
    day.mark(900, 901)
    day.mark(901, mark=2)
    other_slice(store)
    for stranger in (
        TownDay(store, slice=1, generation=2),
        TownDay(store, DAY + 1),
        TownDay(store, town="elsewhere"),
        TownDay(store, generation=9, key_day=DAY - 2),
    ):
        stranger.stays(4, "station", HOUR, 5 * MINUTE)
        stranger.walk(1, ["station", "hall", "station"])
        stranger.heard("shop", HOUR)
        stranger.day(4 * HOUR, version=7)
    over(store)
    return store


def other_slice(store):
    """The same day's other slice, in its own generation; nobody who is in one slice is in the other."""
    day = TownDay(store, slice=1, generation=3)
    day.stay("station", HOUR, 60 * MINUTE, device=501)
    day.stay("station", HOUR, 60 * MINUTE, device=502)
    day.walk(501, ["hall", "station", "hall"])
    day.walk(502, ["hall", "station", "hall"])
    day.mark(502)
    day.heard("shop", 7 * MINUTE, 5, weak=1)
    day.heard("gate", 12 * MINUTE, 2)
    day.day(2 * HOUR, late=1, lost=4, version=6)


def over(store):
    """Findings: two days of September, one of October in two generations, a third one unfinished; and of that
    day another slice."""
    for back, count in ((30, 12), (20, 7), (1, 21)):
        found = TownDay(store, DAY - back)
        found.found(
            "day_arrivals", place="station", hour=6, random=[0, 1], arrivals=[count, 3], devices=[count, 2]
        )
        found.found("day_arrivals", place="station", hour=7, random=0, arrivals=4, devices=4)
        found.found("day_arrivals", place="hall", hour=7, random=1, arrivals=9, devices=1)
        found.found(
            "day_dwell", place="station", bin=2, random=[0, 1], stays=[count, 50], devices=[count - 1, 50]
        )
        found.found(
            "day_moves",
            from_place="hall",
            place="station",
            random=[0, 1],
            moves=[count, 50],
            devices=[count - 1, 50],
        )
        paths = ["hall>station>hall", "hall>station", "station>hall>station"]
        found.found("day_paths", path=paths, random=0, paths=[count, 90, 40], devices=[count - 1, 90, 4])
        found.day(24 * HOUR, complete=1)
        found.found("day_marks", mark=[1, 2], devices=[2, count])
        found.seal()
    TownDay(store, DAY - 50).seal(lost=1)
    again = TownDay(store, DAY - 1, generation=4)
    again.found("day_arrivals", place="hall", hour=2, random=0, arrivals=13, devices=13)
    again.found("day_dwell", place="hall", bin=0, random=0, stays=13, devices=13)
    again.found("day_moves", from_place="station", place="hall", random=0, moves=13, devices=13)
    again.found("day_paths", path="hall>station>hall", random=0, paths=13, devices=13)
    again.found("day_marks", mark=1, devices=6)
    again.day(24 * HOUR, complete=1)
    beside = TownDay(store, DAY - 1, slice=1)
    beside.found("day_arrivals", place="hall", hour=2, random=0, arrivals=4, devices=4)
    beside.found("day_dwell", place="hall", bin=0, random=0, stays=4, devices=4)
    beside.found("day_moves", from_place="station", place="hall", random=0, moves=4, devices=4)
    beside.found("day_paths", path="hall>station>hall", random=0, paths=4, devices=4)
    beside.found("day_marks", mark=1, devices=1)
    beside.day(24 * HOUR, complete=1)
    unfinished = TownDay(store, DAY - 1, generation=6)
    unfinished.found("day_arrivals", place="hall", hour=2, random=0, arrivals=99, devices=99)
    unfinished.day(HOUR)


def ask(store, query, params):
    return [tuple(row.values()) for row in store.query(f"meguri_dashboard/{query}", params)]


def test_arrivals_running_counts_visits_and_devices_and_leaves_out_those_that_the_start_cut(filled):
    assert ask(filled, "arrivals_running", HOURS) == [
        ("station", 0, 2, 2, 0),
        ("station", 1, 3, 2, 1),
        ("station", 23, 1, 1, 0),
    ]


def test_arrivals_by_hour_adds_both_kinds_of_addresses_in_the_highest_complete_generation(filled):
    days = [day_date(DAY - 1), day_date(DAY - 20)]
    assert ask(filled, "arrivals_by_hour", {**PARAMS["arrivals_by_hour"], "key_days": days}) == [
        (day_date(DAY - 20), "hall", 7, 9, 1, 9),
        (day_date(DAY - 20), "station", 6, 10, 9, 3),
        (day_date(DAY - 20), "station", 7, 4, 4, 0),
        (day_date(DAY - 1), "hall", 2, 17, 17, 0),
    ]


def test_arrivals_by_day_adds_up_what_the_hours_show(filled):
    assert ask(filled, "arrivals_by_day", PARAMS["arrivals_by_day"]) == [
        (day_date(DAY - 30), "hall", 0, 9),
        (day_date(DAY - 30), "station", 15, 3),
        (day_date(DAY - 20), "hall", 0, 9),
        (day_date(DAY - 20), "station", 10, 3),
        (day_date(DAY - 1), "hall", 15, 0),
    ]


def test_arrivals_by_day_shows_an_hour_as_the_pages_do(filled):
    counts = [(arrivals, devices) for arrivals in range(24) for devices in range(24)]
    day = TownDay(filled, DAY - 300, town="counting")
    places = [f"{arrivals}-{devices}" for arrivals, devices in counts]
    arrivals, devices = map(list, zip(*counts, strict=True))
    day.found("day_arrivals", place=places, hour=0, random=0, arrivals=arrivals, devices=devices)
    day.day(24 * HOUR, complete=1)
    for step in (5, 7, 10):
        key_day = day_date(DAY - 300)
        of_day = {"town": "counting", "first": key_day, "last": key_day, "folds": ((key_day, 0, 0),)}
        shown = {row[1]: row[2] for row in ask(filled, "arrivals_by_day", {**of_day, "step": step})}
        assert shown == {
            place: publish(*pair, step).shown or 0 for place, pair in zip(places, counts, strict=True)
        }


def test_dwell_of_a_running_day_counts_closed_stays_and_an_edge_belongs_to_the_longer_bin(filled):
    assert ask(filled, "dwell_running", EDGES) == [
        ("station", 0, 1, 1),
        ("station", 1, 1, 1),
        ("station", 2, 3, 3),
    ]


def test_dwell_takes_stable_addresses_and_a_whole_month_as_one_unit(filled):
    assert ask(filled, "dwell", OF_UNITS) == [
        (date(2024, 9, 1), "station", 2, 19, 11),
        (day_date(DAY - 1), "hall", 0, 17, 17),
    ]


def test_moves_of_a_running_day_are_those_of_stable_addresses(filled):
    assert ask(filled, "moves_running", OF_DAY) == [("hall", "station", 5, 4), ("station", "hall", 4, 3)]


def test_moves_take_a_whole_month_as_one_unit(filled):
    assert ask(filled, "moves", OF_UNITS) == [
        (date(2024, 9, 1), "hall", "station", 19, 11),
        (day_date(DAY - 1), "station", "hall", 17, 17),
    ]


def test_a_way_of_a_running_day_begins_where_a_chain_does(filled):
    assert ask(filled, "paths_running", {**OF_DAY, "step": 1}) == [
        ("hall>station>hall", 3, 3),
        ("station>hall>station", 1, 1),
    ]
    assert ask(filled, "paths_running", {**OF_DAY, "step": 2}) == [("hall>station>hall", 3, 3)]


def test_paths_have_two_moves_at_least_and_enough_devices(filled):
    assert ask(filled, "paths", PARAMS["paths"]) == [
        (date(2024, 9, 1), "hall>station>hall", 19, 11),
        (day_date(DAY - 1), "hall>station>hall", 17, 17),
    ]


def test_sensor_hours_counts_the_bins_in_which_something_was_heard(filled):
    assert ask(filled, "sensor_hours", HOURS) == [("gate", 0, 1), ("shop", 0, 2), ("shop", 1, 1)]


def test_days_gives_of_each_slice_the_highest_complete_generation_else_the_highest_newest_day_first(filled):
    start = HOURS["day_start_ms"]
    rows = ask(filled, "days", {"town": TOWN.town})
    assert [row[:3] for row in rows] == [
        (day_date(DAY + 1), 0, 0),
        (day_date(DAY), 0, 0),
        (day_date(DAY), 1, 3),
        (day_date(DAY - 1), 0, 4),
        (day_date(DAY - 1), 1, 0),
        (day_date(DAY - 2), 0, 9),
        (day_date(DAY - 20), 0, 0),
        (day_date(DAY - 30), 0, 0),
    ]
    assert rows[1][3:] == (start + 3 * HOUR - 10 * MINUTE, start + 3 * HOUR, 2, 0, 0)
    assert rows[2][3:] == (start + 2 * HOUR - 10 * MINUTE, start + 2 * HOUR, 1, 4, 0)


def test_day_versions_rises_with_any_slice_and_generation_and_looks_back_no_further_than_asked(filled):
    assert ask(filled, "day_versions", PARAMS["day_versions"]) == [
        (day_date(DAY + 1), 7),
        (day_date(DAY), 5 + 6 + 7),
    ]


def test_sealed_days_tells_those_that_were_lost_from_those_that_were_found(filled):
    assert ask(filled, "sealed_days", PARAMS["sealed_days"]) == [
        (day_date(DAY - 50), 1),
        (day_date(DAY - 30), 0),
        (day_date(DAY - 20), 0),
        (day_date(DAY - 1), 0),
    ]


def test_left_out_adds_up_marks_and_slices_of_the_day_in_its_generation(filled):
    assert ask(filled, "left_out", PARAMS["left_out"]) == [
        (day_date(DAY - 30), 2 + 12),
        (day_date(DAY - 20), 2 + 7),
        (day_date(DAY - 1), 6 + 1),
    ]


def test_left_out_running_counts_a_device_of_both_marks_once(filled):
    assert ask(filled, "left_out_running", OF_DAY) == [(day_date(DAY), 3)]


@pytest.mark.parametrize("query", PARAMS)
def test_of_a_town_without_rows_every_query_gives_none(filled, query):
    assert ask(filled, query, {**PARAMS[query], "town": "nowhere"}) == []


@pytest.mark.parametrize("query", ["arrivals_running", "dwell_running", "moves_running", "paths_running"])
def test_a_query_of_a_running_day_reads_the_parts_of_that_day_alone(filled, query):
    table = "visits" if query in ("arrivals_running", "dwell_running") else "moves"
    of_day = filled.select(
        "SELECT count() AS n FROM system.parts WHERE database = currentDatabase() AND table = %(table)s "
        "AND active AND partition = %(partition)s",
        {"table": table, "partition": f"('{TOWN.town}','{day_date(DAY)}')"},
    )[0]["n"]
    text = substitute(query_text(f"meguri_dashboard/{query}"), PARAMS[query], query)
    read = filled.select("EXPLAIN ESTIMATE " + text.replace("%", "%%"))
    (parts,) = (row["parts"] for row in read)
    assert 1 <= parts <= of_day  # parts may have been merged meanwhile
    every = filled.select(f"SELECT uniqExact(partition) AS n FROM system.parts WHERE table = '{table}'")
    assert every[0]["n"] > 1


def test_each_query_file_says_its_question_its_parameters_and_its_columns():
    for name in PARAMS:
        head = [line for line in query_text(f"meguri_dashboard/{name}").splitlines() if line.startswith("--")]
        assert any(line.endswith("?") for line in head), name
        assert any(line.startswith("-- params: ") for line in head), name
        assert any(line.startswith("-- columns: ") for line in head), name


def test_every_query_file_is_tested(request):
    from importlib.resources import files

    tests = "".join(path.read_text("utf-8") for path in request.path.parent.glob("test_dashboard_*.py"))
    for file in files("meguri_dashboard").joinpath("queries").iterdir():
        assert f'"{file.name.removesuffix(".sql")}"' in tests, file.name


def test_key_days_come_back_as_dates(filled):
    assert isinstance(filled.query("meguri_dashboard/days", {"town": TOWN.town})[0]["key_day"], date)
