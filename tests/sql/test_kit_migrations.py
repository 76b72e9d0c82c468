"""The migrations: numbered, forward only, and what they leave is what schema.sql shows."""

import re

import pytest
from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.migrations import Migration, migrate, migrations, numbered
from meguri_kit.clickhouse.schema import schema, schema_file
from meguri_kit.clickhouse.store import StoreError

FIRST = Migration(1, "first", "CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = MergeTree ORDER BY x;")
SECOND = Migration(2, "second", "ALTER TABLE a ADD COLUMN IF NOT EXISTS y UInt8")


@pytest.fixture
def empty(clickhouse_path, request):
    store = EmbeddedStore(clickhouse_path, re.sub(r"\W", "_", request.node.name.lower())[:60])
    yield store
    store.close()


def test_the_schema_file_shows_what_the_migrations_leave(store):
    assert schema(store) == schema_file(), "run python -m meguri_kit.clickhouse.schema and commit schema.sql"


def test_every_statement_may_be_run_again_and_suits_an_old_server():
    assert migrations()
    for migration in migrations():
        for statement in migration.statements:
            assert re.search(r"\bIF (NOT )?EXISTS\b", statement), f"{migration.name}: {statement[:60]}"
            assert not re.search(r"\b(LowCardinality|DateTime64|TTL)\b", statement), migration.name


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
    empty.insert("a", {"x": [1], "y": [2]})
    assert empty.select("SELECT x, y FROM a") == [{"x": 1, "y": 2}]


def test_a_released_migration_that_changed_is_refused(empty):
    migrate(empty, [FIRST])
    changed = Migration(1, "first", FIRST.text + "\n-- changed")
    with pytest.raises(StoreError, match="0001_first is not the one that made these tables"):
        migrate(empty, [changed, SECOND])


def test_tables_of_a_newer_version_are_refused(empty):
    migrate(empty, [FIRST, SECOND])
    with pytest.raises(StoreError, match="made by a newer Meguri"):
        migrate(empty, [FIRST])
