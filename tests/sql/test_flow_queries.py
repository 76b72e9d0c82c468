"""The flow's queries: a golden result and an empty case each, in the process and on a server."""

from datetime import date
from importlib.resources import files

import pytest

MINUTE = 60_000
HOUR = 60 * MINUTE
START = 479_995 * HOUR
DAY = date(2024, 10, 4)
OF_DAY = {"town": "village", "key_day": DAY, "slice": 0, "generation": 7}
OF_OTHER_SLICE = {**OF_DAY, "slice": 1, "generation": 9}
"""It was folded again at another time."""
NEXT_DAY = date(2024, 10, 5)
DAY_NUMBER = 20_000
OF_DAYS = {
    "town": "village",
    "folds": ((DAY, 0, 7), (DAY, 1, 9), (NEXT_DAY, 0, 7)),
    "key_days": (DAY, NEXT_DAY),
}
NEXT_START = START + 25 * HOUR
"""The first day has 25 hours, as where the clocks are set back."""
PARAMS = {
    "day_arrivals": {**OF_DAYS, "days": [DAY_NUMBER, DAY_NUMBER + 1], "starts_ms": [START, NEXT_START]},
    "day_dwell": {**OF_DAYS, "edges_ms": [15 * MINUTE, 60 * MINUTE]},
    "day_moves": OF_DAYS,
    "day_paths": OF_DAYS,
    "day_marks": OF_DAYS,
    "snapshots": {"log": "detections", "partition": 3},
}
VISITS = [
    # place, device, random, from and to (minutes after the day's start), arrival, closed
    ("hall", 1, 0, 59, 74, 1, 1),
    ("hall", 2, 0, 60, 74, 1, 1),
    ("hall", 2, 0, 90, 150, 1, 1),
    ("hall", 3, 1, 61, 61, 1, 1),
    ("hall", 4, 0, 0, 100, 0, 1),
    ("shop", 1, 0, 23 * 60, 23 * 60 + 59, 1, 1),
    ("shop", 5, 0, 23 * 60, 23 * 60, 1, 0),
]
MOVES = [
    # device, random, minute, from, to, ordinal
    (1, 0, 100, "hall", "shop", 1),
    (1, 0, 200, "shop", "hall", 2),
    (1, 0, 900, "hall", "shop", 1),
    (2, 0, 50, "hall", "shop", 1),
    # Two visits that began in one instant: the ordinal says which came first.
    (3, 0, 70, "hall", "shop", 1),
    (3, 0, 70, "shop", "cave", 2),
    (4, 1, 70, "hall", "shop", 1),
]


STAFF, BOTH = 90, 91
"""Marked in each generation of the day's first slice; in the other slice they are visitors."""


def insert(store, table, **columns):
    length = max(len(column) for column in columns.values() if isinstance(column, list))
    store.insert(table, {n: c if isinstance(c, list) else [c] * length for n, c in columns.items()})


def insert_visits(store, visits, start_ms=START, **of_day):
    place, device, random, begin, end, arrival, closed = map(list, zip(*visits, strict=True))
    common = {
        **of_day,
        "place": place,
        "device": device,
        "random": random,
        "arrival": arrival,
        "first_ms": [start_ms + minute * MINUTE for minute in begin],
    }
    insert(store, "visits", **common, last_ms=common["first_ms"], closed=0, version=1)
    last = [start_ms + minute * MINUTE for minute in end]
    insert(store, "visits", **common, last_ms=last, closed=closed, version=[1 + each for each in closed])


def insert_moves(store, moves, **of_day):
    device, random, minute, source, place, ordinal = map(list, zip(*moves, strict=True))
    insert(
        store,
        "moves",
        **of_day,
        device=device,
        random=random,
        first_ms=[START + each * MINUTE for each in minute],
        from_place=source,
        place=place,
        ordinal=ordinal,
        version=1,
    )


def insert_marks(store, **of_day):
    insert(store, "marked_devices", **of_day, device=[STAFF, BOTH, BOTH], mark=[1, 1, 2], version=1)


@pytest.fixture(scope="module")
def filled(each_store):
    """A day with every case, written twice, a second one and another slice; beside another day, town and
    generation."""
    for of_day in (
        OF_DAY,
        OF_DAY,
        {**OF_DAY, "town": "elsewhere"},
        {**OF_DAY, "generation": 6},
        {**OF_DAY, "key_day": date(2024, 10, 6)},
    ):
        insert_visits(each_store, VISITS, **of_day)
        insert_moves(each_store, MOVES, **of_day)
        for device in (STAFF, BOTH):
            insert_visits(each_store, [("hall", device, 0, 60, 900, 1, 1)], **of_day)
            insert_moves(each_store, [(device, 0, 100, "hall", "shop", 1)], **of_day)
        insert_marks(each_store, **of_day)
    insert_visits(each_store, VISITS[:1], NEXT_START, **{**OF_DAY, "key_day": NEXT_DAY})
    insert_moves(each_store, MOVES[:2], **{**OF_DAY, "key_day": NEXT_DAY})
    for of_slice in (OF_OTHER_SLICE, {**OF_OTHER_SLICE, "generation": 7}):
        insert_visits(each_store, [("hall", STAFF, 0, 59, 74, 1, 1)], **of_slice)
        insert_moves(each_store, [(STAFF, 0, 100, "hall", "shop", 1)], **of_slice)
    snapshot = {"log": "detections", "format": 1, "checksum": "c"}
    insert(each_store, "snapshots", **snapshot, partition=3, slot=0, next_offset=[10, 30], body=["a", "c"])
    insert(each_store, "snapshots", **snapshot, partition=3, slot=1, next_offset=[20], body=["b"])
    insert(each_store, "snapshots", **snapshot, partition=2, slot=0, next_offset=[99], body=["d"])
    return each_store


def ask(store, query):
    return [tuple(row.values()) for row in store.query(f"meguri_flow/{query}", PARAMS[query])]


def test_arrivals_are_counted_by_place_hour_and_randomness_without_those_that_the_start_cut(filled):
    assert ask(filled, "day_arrivals") == [
        (DAY_NUMBER, 0, "hall", 0, 0, 1, 1),
        (DAY_NUMBER, 0, "hall", 1, 0, 2, 1),
        (DAY_NUMBER, 0, "hall", 1, 1, 1, 1),
        (DAY_NUMBER, 0, "shop", 23, 0, 2, 2),
        (DAY_NUMBER, 1, "hall", 0, 0, 1, 1),
        (DAY_NUMBER + 1, 0, "hall", 0, 0, 1, 1),
    ]


def test_an_edge_of_dwell_belongs_to_the_longer_bin_and_what_has_no_end_or_no_beginning_has_no_dwell(filled):
    assert ask(filled, "day_dwell") == [
        (DAY_NUMBER, 0, "hall", 0, 0, 1, 1),
        (DAY_NUMBER, 0, "hall", 0, 1, 1, 1),
        (DAY_NUMBER, 0, "hall", 1, 0, 1, 1),
        (DAY_NUMBER, 0, "hall", 2, 0, 1, 1),
        (DAY_NUMBER, 0, "shop", 1, 0, 1, 1),
        (DAY_NUMBER, 1, "hall", 1, 0, 1, 1),
        (DAY_NUMBER + 1, 0, "hall", 1, 0, 1, 1),
    ]


def test_moves_are_counted_with_their_devices(filled):
    assert ask(filled, "day_moves") == [
        (DAY_NUMBER, 0, "hall", "shop", 0, 4, 3),
        (DAY_NUMBER, 0, "hall", "shop", 1, 1, 1),
        (DAY_NUMBER, 0, "shop", "cave", 0, 1, 1),
        (DAY_NUMBER, 0, "shop", "hall", 0, 1, 1),
        (DAY_NUMBER, 1, "hall", "shop", 0, 1, 1),
        (DAY_NUMBER + 1, 0, "hall", "shop", 0, 1, 1),
        (DAY_NUMBER + 1, 0, "shop", "hall", 0, 1, 1),
    ]


def test_a_path_is_an_unbroken_chain_of_moves_in_order(filled):
    assert ask(filled, "day_paths") == [
        (DAY_NUMBER, 0, "hall>shop", 0, 2, 2),
        (DAY_NUMBER, 0, "hall>shop", 1, 1, 1),
        (DAY_NUMBER, 0, "hall>shop>cave", 0, 1, 1),
        (DAY_NUMBER, 0, "hall>shop>hall", 0, 1, 1),
        (DAY_NUMBER, 1, "hall>shop", 0, 1, 1),
        (DAY_NUMBER + 1, 0, "hall>shop>hall", 0, 1, 1),
    ]


def test_a_marked_device_counts_once_at_its_highest_mark(filled):
    assert ask(filled, "day_marks") == [(DAY_NUMBER, 0, 1, 1), (DAY_NUMBER, 0, 2, 1)]


def test_of_each_slot_the_highest_snapshot_is_found_the_newest_slot_first(filled):
    assert ask(filled, "snapshots") == [(0, 30, 1, "c", "c"), (1, 20, 1, "c", "b")]


@pytest.mark.parametrize("query", sorted(PARAMS))
def test_of_a_day_that_is_not_there_nothing_is_found(each_store, query):
    params = {**PARAMS[query], **({"log": "x"} if query == "snapshots" else {"town": "nowhere"})}
    assert each_store.query(f"meguri_flow/{query}", params) == []


def test_every_query_is_tested(request):
    tests = "".join(path.read_text("utf-8") for path in request.path.parent.glob("test_flow_*.py"))
    for file in files("meguri_flow").joinpath("queries").iterdir():
        assert f'"{file.name.removesuffix(".sql")}"' in tests, file.name
