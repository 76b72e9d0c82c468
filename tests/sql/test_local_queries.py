"""The local run's query: a golden result and an empty case."""

from datetime import date

ROW = {
    "key_day": [date(2026, 4, 1)],
    "place": ["hall"],
    "device": [1],
    "first_ms": [10],
    "rule_version": [1],
}


def visits_found(store, town):
    return store.query("meguri/visits_found", {"town": town})


def test_a_visit_counts_once_whether_begun_or_ended(store):
    for town, version, last_ms in (("here", 1, 10), ("here", 2, 20), ("elsewhere", 2, 20)):
        store.insert("visits", {**ROW, "town": [town], "version": [version], "last_ms": [last_ms]})
    store.insert("visits", {**ROW, "town": ["here"], "version": [1], "last_ms": [90], "first_ms": [90]})
    assert visits_found(store, "here") == [{"visits": 2}]


def test_a_town_without_a_visit_has_none(store):
    assert visits_found(store, "nowhere") == [{"visits": 0}]


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
