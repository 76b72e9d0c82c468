"""The migrations: numbered, forward only, and what they leave is what schema.sql shows."""

from datetime import date

import pytest
from meguri_kit.clickhouse.migrations import Migration, migrate, migrations, numbered
from meguri_kit.clickhouse.schema import schema, schema_file
from meguri_kit.clickhouse.store import StoreError

FIRST = Migration(1, "first", "CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = MergeTree ORDER BY x;")
WITH_PSEUDONYMS = {"visits", "moves"}
"""Of these, migration 0009 leaves the days behind that were to be dropped long before."""
SECOND = Migration(2, "second", "CREATE TABLE IF NOT EXISTS b (y UInt8) ENGINE = MergeTree ORDER BY y")


@pytest.fixture(params=["embedded", "server"])
def empty(empty_store, request):
    store = empty_store(request.param)
    yield store
    store.close()


class InterruptionError(Exception):
    """The process ends here."""


class InterruptedStore:
    """Passes on as many statements as it is told, then ends the process."""

    def __init__(self, store, statements):
        self._store = store
        self._left = statements

    def execute(self, statement):
        if not self._left:
            raise InterruptionError
        self._left -= 1
        self._store.execute(statement)

    def insert(self, table, columns):
        self._store.insert(table, columns)

    def select(self, sql, params=None):
        return self._store.select(sql, params)


def test_the_schema_file_shows_what_the_migrations_leave(store):
    assert schema(store) == schema_file(), "run python -m meguri_kit.clickhouse.schema and commit schema.sql"


@pytest.mark.parametrize(
    "names", [["0001_a.sql", "0003_b.sql"], ["0002_a.sql"], ["0001_a.sql", "0001_b.sql"]]
)
def test_a_gap_in_the_numbers_is_refused(names):
    with pytest.raises(ValueError, match="without gaps"):
        numbered((name, "SELECT 1") for name in names)


def test_files_are_taken_by_number_and_others_are_left_alone():
    found = numbered([("0002_b.sql", "B"), ("__init__.py", ""), ("0001_a.sql", "A"), ("notes.sql", "")])
    assert [(each.number, each.name, each.text) for each in found] == [(1, "a", "A"), (2, "b", "B")]


def test_comments_are_no_statements():
    text = "-- one; two\nCREATE TABLE a (x UInt8);\n  -- three;\nDROP TABLE a;\n"
    assert Migration(1, "a", text).statements == ["CREATE TABLE a (x UInt8)", "DROP TABLE a"]


def test_later_migrations_are_added_to_earlier_ones(empty):
    assert migrate(empty, [FIRST]) == ["0001_first"]
    assert migrate(empty, [FIRST, SECOND]) == ["0002_second"]
    empty.insert("b", {"y": [2]})
    assert empty.select("SELECT y FROM b") == [{"y": 2}]


def test_a_released_migration_that_changed_is_refused(empty):
    migrate(empty, [FIRST])
    changed = Migration(1, "first", FIRST.text + "\n-- changed")
    with pytest.raises(StoreError, match="0001_first is not the one that made these tables"):
        migrate(empty, [changed, SECOND])


def test_tables_of_a_newer_version_are_refused(empty):
    migrate(empty, [FIRST, SECOND])
    with pytest.raises(StoreError, match="made by a newer Meguri"):
        migrate(empty, [FIRST])


def test_a_second_run_of_the_shipped_migrations_changes_nothing(empty):
    names = migrate(empty)
    made = schema(empty)
    assert len(names) == len(migrations())
    assert migrate(empty) == []
    assert schema(empty) == made


def dated_tables(store):
    """The names of each dated table's columns of text."""
    found = store.select("SELECT table, name, type FROM system.columns WHERE database = currentDatabase()")
    dated = {row["table"] for row in found if row["name"] == "key_day"}
    return {
        table: [row["name"] for row in found if row["table"] == table and row["type"] == "String"]
        for table in dated
    }


def days_in(store, table):
    return [row["key_day"] for row in store.select(f"SELECT key_day FROM {table} FINAL ORDER BY key_day")]


def test_a_migration_interrupted_anywhere_is_run_again_and_keeps_every_row_within_its_limit(empty):
    kept = {}
    for number, migration in enumerate(migrations(), 1):
        for table, texts in dated_tables(empty).items():  # a row comes to each table before each migration
            kept.setdefault(table, []).append(date(2024, 1, number))
            named = {text: [str(number)] for text in texts}
            empty.insert(table, {**named, "town": ["t"], "key_day": kept[table][-1:]})
        shipped = migrations()[:number]
        for statements in range(1, len(migration.statements) + 1):
            with pytest.raises(InterruptionError):
                migrate(InterruptedStore(empty, statements), shipped)
        assert migrate(empty, shipped) == [f"{migration.number:04}_{migration.name}"]
        within = {table: days[-4:] if table in WITH_PSEUDONYMS else days for table, days in kept.items()}
        assert {table: days_in(empty, table)[-len(days) :] for table, days in within.items()} == within
    assert set(dated_tables(empty)) >= set(kept) != set()


def test_a_store_of_more_days_than_an_insert_may_touch_is_migrated(empty_store):
    old = empty_store("embedded")
    migrate(old, migrations()[:8])
    first = date(2024, 1, 1).toordinal()
    for town in ("a", "b"):
        for day in range(first, first + 80):
            old.insert("visits", {"town": [town], "key_day": [date.fromordinal(day)], "place": ["p"]})
    migrate(old)
    newest = [
        {"town": town, "key_day": date.fromordinal(first + day)} for town in "ab" for day in range(76, 80)
    ]
    assert old.select("SELECT town, key_day FROM visits ORDER BY town, key_day") == newest
    old.close()


def test_an_events_id_alone_decides_whatever_month_a_second_delivery_is_estimated_in(empty):
    migrate(empty)
    event = {"town": ["t"], "event_id": ["e"], "kind": ["opened"]}
    first, second = date(2026, 10, 31), date(2026, 11, 1)
    for key_day, version in ((first, 2), (second, 1)):
        empty.insert("guide_events", {**event, "key_day": [key_day], "version": [version]})
    of_day = "SELECT key_day FROM guide_events FINAL WHERE key_day >= %(day)s AND key_day <= %(day)s"
    assert empty.select(of_day, {"day": first}) == [{"key_day": first}]
    assert empty.select(of_day, {"day": second}) == [], "the same event, in a month of its own"


def test_a_row_of_an_older_guide_is_estimated_at_its_own_time(empty):
    migrate(empty, migrations()[:9])
    empty.insert("guide_events", {"town": ["t"], "event_id": ["e"], "at_ms": [7]})
    empty.insert("survey_answers", {"town": ["t"], "sheet_id": ["s"], "question": ["q"], "at_ms": [8]})
    migrate(empty)
    assert empty.select("SELECT estimated_ms FROM guide_events FINAL") == [{"estimated_ms": 7}]
    answers = empty.select("SELECT estimated_ms, free_text FROM survey_answers FINAL")
    assert answers == [{"estimated_ms": 8, "free_text": ""}]
