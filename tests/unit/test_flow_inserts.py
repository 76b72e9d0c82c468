"""Inserts of many days are cut where ClickHouse would refuse them, and lose no row."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from meguri_flow.stream.inserts import MOST_PARTITIONS, insert
from meguri_proto.key_days import day_date


class RecordingStore:
    def __init__(self):
        self.inserts = []

    def insert(self, _, columns):
        self.inserts.append(list(zip(*(list(column) for column in columns.values()), strict=True)))


def columns(towns, days):
    return {
        "town": np.array(towns, object),
        "key_day": np.array(days, np.int32),
        "number": np.arange(len(days)),
        "text": [f"row {number}" for number in range(len(days))],
    }


def inserts(table, towns, days):
    store = RecordingStore()
    insert(store, table, columns(towns, days))
    return store.inserts


def test_rows_of_a_few_days_are_one_insert():
    assert len(inserts("visits", ["a", "b"] * 10, [*range(10), *range(10)])) == 1


def test_a_year_of_days_is_cut_where_each_day_is_a_partition():
    found = inserts("visits", ["a"] * 365, range(20_000, 20_365))
    assert [len(rows) for rows in found] == [50] * 7 + [15]


def test_a_year_of_days_is_one_insert_where_each_month_is_a_partition():
    assert len(inserts("presence", ["a"] * 365, range(20_000, 20_365))) == 1


def test_no_rows_are_no_insert():
    assert inserts("visits", [], []) == []


@given(
    st.sampled_from(["visits", "moves", "sales", "days"]),
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 2_000)), max_size=300),
)
def test_every_row_is_inserted_once_and_no_insert_has_too_many_partitions(table, rows):
    towns, days = [town for town, _ in rows], [day for _, day in rows]
    found = inserts(table, towns, days)
    assert Counter(row for each in found for row in each) == Counter(
        zip(towns, days, range(len(days)), (f"row {n}" for n in range(len(days))), strict=True)
    )
    for each in found:
        dates = [(town, day_date(int(day))) for town, day, *_ in each]
        months = {(town, date.year, date.month) for town, date in dates}
        assert len(set(dates) if table in ("visits", "moves") else months) <= MOST_PARTITIONS
