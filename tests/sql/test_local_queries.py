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
