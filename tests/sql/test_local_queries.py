"""The local run's query: a golden result and an empty case."""

from datetime import date


def visits_found(store, town):
    return store.query("meguri/visits_found", {"town": town})


def test_visits_are_those_of_every_slice_of_every_day_in_its_highest_generation(each_store):
    first, second = date(2026, 4, 1), date(2026, 4, 2)
    for town, key_day, slice_, generation, version, visits in (
        ("here", first, 0, 0, 5, 200),
        ("here", first, 0, 7, 9, 11),
        ("here", first, 0, 7, 8, 9),
        ("here", first, 1, 0, 5, 3),
        ("here", second, 0, 0, 6, 40),
        ("elsewhere", first, 0, 0, 5, 500),
    ):
        row = {"slice": slice_, "generation": generation, "version": version, "visits": visits}
        columns = {"town": town, "key_day": key_day, **row}
        each_store.insert("days", {name: [value] for name, value in columns.items()})
    assert visits_found(each_store, "here") == [{"visits": 54}]


def test_a_town_without_a_visit_has_none(each_store):
    assert visits_found(each_store, "nowhere") == [{"visits": 0}]


def day_slices(store, town):
    return store.query("meguri/day_slices", {"town": town, "key_day": date(2026, 4, 1)})


def test_a_slice_is_seen_by_its_highest_generation_and_its_last_row(each_store):
    of_day = {"town": ["folded"], "key_day": [date(2026, 4, 1)]}
    for slice_, generation, version, visits, late in (
        (0, 0, 5, 20, 3),
        (0, 9, 12, 17, 0),
        (0, 9, 11, 16, 1),
        (1, 0, 5, 8, 0),
    ):
        columns = {
            "slice": slice_,
            "generation": generation,
            "version": version,
            "visits": visits,
            "late": late,
        }
        each_store.insert("days", {**of_day, **{name: [value] for name, value in columns.items()}})
    each_store.insert("days", {**of_day, "key_day": [date(2026, 4, 2)], "slice": [2], "version": [1]})
    each_store.insert("sealed_days", {**of_day, "slice": [1], "version": [1]})
    assert day_slices(each_store, "folded") == [
        {"slice": 0, "generation": 9, "visits": 17, "late": 0, "sealed": 0},
        {"slice": 1, "generation": 0, "visits": 8, "late": 0, "sealed": 1},
    ]


def test_a_day_of_which_nothing_is_known_has_no_slice(each_store):
    assert day_slices(each_store, "nowhere") == []
