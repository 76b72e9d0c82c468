"""The queries of sealing and of the sweep: a golden result and an empty case each, on both engines."""

from datetime import date

import pytest

DAY, NEXT_DAY = date(2024, 10, 4), date(2024, 10, 5)
NUMBER = 20_000
"""Of the first day."""
OF_DAYS = {"towns": ("village", "town"), "key_days": (DAY, NEXT_DAY)}
NOWHERE = {"towns": ("nowhere",), "key_days": (DAY,)}
MARKS = [
    # town, day, slice, generation, dropped, version
    ("village", DAY, 0, 7, 0, 1),
    ("village", DAY, 0, 7, 1, 2),
    ("village", DAY, 1, 9, 0, 1),
    ("village", NEXT_DAY, 0, 7, 0, 1),
    ("town", DAY, 0, 0, 1, 2),
    ("elsewhere", DAY, 0, 0, 1, 2),
]
DAYS = [
    # town, day, slice, generation, complete, version
    ("village", DAY, 0, 0, 1, 5),
    ("village", DAY, 0, 7, 1, 9),
    ("village", DAY, 1, 9, 0, 9),
    ("village", NEXT_DAY, 0, 7, 0, 9),
    ("village", NEXT_DAY, 1, 0, 0, 9),
]


def columns(names, rows):
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


@pytest.fixture(scope="module")
def filled(each_store):
    """Two days, of the second of which a slice is not sealed; a town that wrote no row in `days`."""
    names = ("town", "key_day", "slice", "generation")
    marked = columns((*names, "dropped", "version"), MARKS)
    each_store.insert("sealed_days", {**marked, "sealed_ms": [1_000] * len(MARKS)})
    each_store.insert("days", columns((*names, "complete", "version"), DAYS))
    of_tables = [
        ("visits", "b", DAY),
        ("visits", "a", DAY),
        ("moves", "a", DAY),
        ("marked_devices", "c", DAY),
    ]
    for table, town, day in of_tables:
        each_store.insert(table, {"town": [town, town], "key_day": [day, day], "device": [1, 2]})
    slots = [
        ("detections", 3, 0),
        ("detections", 3, 4),
        ("detections", 3, 5),
        ("detections", 2, 1),
        ("x", 3, 9),
    ]
    each_store.insert("snapshots", columns(("log", "partition", "slot"), slots))
    return each_store


def ask(store, query, params=None):
    return [tuple(row.values()) for row in store.query(f"meguri_flow/{query}", params)]


def test_a_slice_is_sealed_once_it_is_marked(filled):
    assert ask(filled, "sealed_slices", OF_DAYS) == [
        ("town", NUMBER, 0),
        ("village", NUMBER, 0),
        ("village", NUMBER, 1),
        ("village", NUMBER + 1, 0),
    ]
    assert ask(filled, "sealed_slices", NOWHERE) == []


def test_a_day_is_sealed_when_no_slice_that_wrote_a_row_is_left(filled):
    assert ask(filled, "sealed_whole_days", OF_DAYS) == [("town", NUMBER), ("village", NUMBER)]
    assert ask(filled, "sealed_whole_days", NOWHERE) == []


def test_of_each_mark_the_highest_version_says_whether_all_is_dropped(filled):
    assert ask(filled, "sealed_not_dropped") == [
        ("village", NUMBER, 1, 9, 1_000),
        ("village", NUMBER + 1, 0, 7, 1_000),
    ]


def test_a_day_has_pseudonyms_if_one_of_the_tables_holds_rows_of_it(filled):
    assert ask(filled, "days_with_pseudonyms") == [("a", NUMBER), ("b", NUMBER), ("c", NUMBER)]


def test_each_slice_of_a_day_has_its_newest_generation_and_whether_one_was_complete(filled):
    of_village = {"town": "village", "key_day": DAY}
    assert ask(filled, "slices_of_day", of_village) == [(0, 7, 1), (1, 9, 0)]
    assert ask(filled, "slices_of_day", {**of_village, "town": "nowhere"}) == []


def test_the_slots_of_a_partition_are_those_of_its_topic(filled):
    assert ask(filled, "snapshot_slots", {"log": "detections", "partition": 3}) == [(0,), (4,), (5,)]
    assert ask(filled, "snapshot_slots", {"log": "detections", "partition": 0}) == []


def test_of_each_partition_the_newest_slot_is_the_highest(filled):
    assert ask(filled, "newest_slots", {"log": "detections"}) == [(2, 1), (3, 5)]
    assert ask(filled, "newest_slots", {"log": "nosuch"}) == []


@pytest.mark.parametrize("query", ["sealed_not_dropped", "days_with_pseudonyms"])
@pytest.mark.parametrize("engine", ["embedded", "server"])
def test_of_empty_tables_nothing_is_found(empty_store, engine, query):
    from meguri_kit.clickhouse.migrations import migrate

    store = empty_store(engine)
    migrate(store)
    assert ask(store, query) == []
    store.close()
