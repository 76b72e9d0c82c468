"""What every store promises, on ClickHouse in the process and on a server."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import numpy as np
import pytest
from meguri_kit.clickhouse import statements
from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.migrations import Migration, migrate
from meguri_kit.clickhouse.server import ServerStore
from meguri_kit.clickhouse.store import StoreError, StoreUnavailableError

_names = itertools.count()


@pytest.fixture(params=["embedded", "server"])
def opened(request):
    """Opens a store of an empty database, again and again the same one."""
    name = f"store_suite_{next(_names)}"
    stores = []
    if request.param == "server":
        server = request.getfixturevalue("clickhouse_server")
        server.execute(f"CREATE DATABASE {name}")
    else:
        path = request.getfixturevalue("clickhouse_path")

    def open_store():
        is_server = request.param == "server"
        stores.append(ServerStore(f"{server.url}/{name}") if is_server else EmbeddedStore(path, name))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()


@pytest.fixture
def store(opened):
    return opened()


@pytest.fixture
def things(store):
    """A store with a table of every type that tables may have."""
    store.execute(
        "CREATE TABLE things (name String, day Date, big UInt64, small UInt8, signed Int64, int32 Int32, "
        "short UInt16, word UInt32, real Float64) ENGINE = MergeTree ORDER BY name"
    )
    return store


THINGS = {
    "name": ["巡り", "", 'it\'s 100% \\ "quoted"\n'],
    "day": [date(2024, 2, 29), date(1970, 1, 1), date(2100, 12, 31)],
    "big": np.array([2**64 - 1, 0, 1], np.uint64),
    "small": np.array([255, 0, 1], np.uint8),
    "signed": np.array([-(2**63), 2**63 - 1, 0]),
    "int32": np.array([-(2**31), 2**31 - 1, 0], np.int32),
    "short": np.array([2**16 - 1, 0, 1], np.uint16),
    "word": np.array([2**32 - 1, 0, 1], np.uint32),
    "real": np.array([0.1, -0.0, 1e300]),
}


def as_rows(columns):
    plain = {name: c.tolist() if isinstance(c, np.ndarray) else c for name, c in columns.items()}
    return [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]


def with_types(rows):
    return [{name: (type(value), value) for name, value in row.items()} for row in rows]


def test_what_was_inserted_comes_back_with_its_value_and_plain_type(things):
    things.insert("things", THINGS)
    found = things.select("SELECT * FROM things ORDER BY name")
    assert with_types(found) == with_types(sorted(as_rows(THINGS), key=lambda row: row["name"].encode()))


def test_lists_and_arrays_of_any_fitting_type_may_be_mixed(things):
    columns = {
        "name": np.array(["a", "b"]),
        "day": np.array(["2024-01-02", "2024-01-03"], "datetime64[D]"),
        "big": [2**64 - 1, 5],
        "small": np.array([1, 2], np.int64),
        "signed": [1, 2],
    }
    things.insert("things", columns)
    found = things.select("SELECT name, day, big, small, signed, word FROM things ORDER BY name")
    assert found == [
        {"name": "a", "day": date(2024, 1, 2), "big": 2**64 - 1, "small": 1, "signed": 1, "word": 0},
        {"name": "b", "day": date(2024, 1, 3), "big": 5, "small": 2, "signed": 2, "word": 0},
    ]


def test_days_may_be_given_as_numbers_since_1970(things):
    things.insert("things", {"name": ["a"], "day": np.array([19_000], np.int32)})
    assert things.select("SELECT day FROM things") == [{"day": date(2022, 1, 8)}]


def test_columns_may_be_given_in_any_order(things):
    things.insert("things", {"word": [7], "name": ["a"], "small": [3]})
    assert things.select("SELECT name, small, word FROM things") == [{"name": "a", "small": 3, "word": 7}]


def test_no_rows_are_no_insert(things):
    things.insert("things", {"name": [], "word": np.array([], np.uint32)})
    assert things.select("SELECT count() AS n FROM things") == [{"n": 0}]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"small": [256]}, "column small of things holds a value that is no UInt8"),
        ({"small": np.array([-1])}, "column small of things holds a value that is no UInt8"),
        ({"word": np.array([1.5])}, "column word of things holds a value that is no UInt32"),
        ({"word": ["x"]}, "column word of things holds a value that is no UInt32"),
        ({"name": [None]}, "column name of things holds None"),
        ({"nosuch": [1]}, "table things has no column nosuch; it has name, day"),
        ({"name": ["a"], "word": [1, 2]}, "the columns for things are not of one length"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_inserted(things, columns, said):
    with pytest.raises(StoreError, match=said):
        things.insert("things", columns)
    assert things.select("SELECT count() AS n FROM things") == [{"n": 0}]


def test_an_insert_into_no_table_is_refused(store):
    with pytest.raises(StoreError, match="there is no table nosuch; run the migrations"):
        store.insert("nosuch", {"a": [1]})


def test_a_column_added_by_a_statement_can_be_inserted(things):
    things.insert("things", {"name": ["a"]})
    things.execute("ALTER TABLE things ADD COLUMN extra UInt8")
    things.insert("things", {"name": ["b"], "extra": [9]})
    assert things.select("SELECT name, extra FROM things ORDER BY name") == [
        {"name": "a", "extra": 0},
        {"name": "b", "extra": 9},
    ]


@pytest.mark.parametrize(
    ("value", "expression"),
    [
        ("O'Brien \\ %s %(x)s \0 \t 巡り", "%(value)s"),
        (2**63, "%(value)s"),
        (-5, "%(value)s"),
        (0.25, "%(value)s"),
        (date(2024, 2, 29), "toDate(%(value)s)"),
        (None, "%(value)s"),
        (["a", "'", "巡"], "%(value)s"),
        ([1, 2, 300], "%(value)s"),
    ],
)
def test_a_parameter_comes_back_as_it_went(store, value, expression):
    ((found,),) = (row.values() for row in store.select(f"SELECT {expression} AS v", {"value": value}))
    assert (type(found), found) == (type(value), value)


def test_true_and_false_are_one_and_zero(store):
    assert store.select("SELECT %(t)s AS t, %(f)s AS f", {"t": True, "f": False}) == [{"t": 1, "f": 0}]


def test_a_tuple_is_what_in_compares_with(things):
    things.insert("things", {"name": ["a", "b", "c"]})
    found = things.select(
        "SELECT name FROM things WHERE name IN %(names)s ORDER BY name", {"names": ("a", "c")}
    )
    assert found == [{"name": "a"}, {"name": "c"}]


def test_an_injected_quote_stays_text(things):
    things.insert("things", {"name": ["a"]})
    attack = "' OR 1 = 1 OR name = '"
    assert things.select("SELECT name FROM things WHERE name = %(name)s", {"name": attack}) == []


def test_an_expression_yields_plain_types(store):
    (row,) = store.select(
        "SELECT 1 = 1 AS truth, count() AS n, avg(number) AS mean, toNullable(3) AS maybe, "
        "NULL AS nothing, groupArray(number) AS numbers, max(toDate('2024-02-29')) AS day, 'x' AS text "
        "FROM (SELECT number FROM system.numbers LIMIT 3)"
    )
    assert with_types([row]) == with_types(
        [
            {
                "truth": 1,
                "n": 3,
                "mean": 1.0,
                "maybe": 3,
                "nothing": None,
                "numbers": [0, 1, 2],
                "day": date(2024, 2, 29),
                "text": "x",
            }
        ]
    )


@pytest.mark.parametrize("expression", ["(1, 'a')", "toDecimal64(1, 2)", "toFixedString('ab', 4)"])
def test_a_type_that_is_not_plain_is_refused(store, expression):
    with pytest.raises(StoreError, match=r"the statement selects v as .*; select a plain type instead"):
        store.select(f"SELECT {expression} AS v")


def test_no_rows_are_an_empty_list(things):
    assert things.select("SELECT name FROM things") == []


@pytest.mark.parametrize(
    ("sql", "params", "said"),
    [
        ("SELECT %(a)s", {}, r"the statement takes the parameters \['a'\], got none"),
        ("SELECT 1", {"a": 1}, r"takes the parameters none, got \['a'\]"),
        ("SELECT 5 % 2", {}, "write %% for a literal one"),
        ("SELECT %(a)s", {"a": b"x"}, "parameter a of the statement is a bytes"),
        ("SELECT %(a)s", {"a": datetime(2024, 1, 1, tzinfo=UTC)}, "is a datetime"),
        ("SELECT %(a)s", {"a": [object()]}, "is a object"),
    ],
)
def test_wrong_parameters_are_refused_by_name(store, sql, params, said):
    with pytest.raises(StoreError, match=said):
        store.select(sql, params)


def test_two_percent_signs_are_one(store):
    assert store.select("SELECT 5 %% 3 AS rest, 'a%%' AS text") == [{"rest": 2, "text": "a%"}]


def test_a_named_query_is_the_file_of_its_package(store, tmp_path, monkeypatch):
    package = tmp_path / "meguri_suite"
    (package / "queries").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "queries" / "twice.sql").write_text("-- doubles\nSELECT %(n)s * 2 AS twice", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    statements.query_text.cache_clear()
    assert store.query("meguri_suite/twice", {"n": 21}) == [{"twice": 42}]
    with pytest.raises(StoreError, match=r"query meguri_suite/twice takes the parameters \['n'\]"):
        store.query("meguri_suite/twice")
    with pytest.raises(StoreError, match=r"query meguri_suite/thrice has no file queries/thrice\.sql"):
        store.query("meguri_suite/thrice")
    with pytest.raises(StoreError, match="names no query"):
        store.query("../twice")


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT * FROM nosuch", "SELECT nosuch"])
def test_a_refused_statement_is_an_error_of_one_line_and_the_store_goes_on(store, sql):
    with pytest.raises(StoreError, match="the statement failed") as raised:
        store.select(sql)
    assert not isinstance(raised.value, StoreUnavailableError)
    assert "\n" not in str(raised.value)
    assert store.select("SELECT 1 AS one") == [{"one": 1}]


def test_the_highest_version_of_a_row_is_the_row(store):
    migrate(store)
    presence = {"town": ["t"], "key_day": [date(2024, 1, 1)], "place": ["p"], "bin_ms": [0]}
    for version, visits in [(2, 20), (1, 10), (2, 20)]:
        store.insert("presence", {**presence, "visits": [visits], "version": [version]})
    assert store.select("SELECT visits FROM presence FINAL") == [{"visits": 20}]


def stays(store, name, values):
    """A table that is partitioned by some of its columns, with a row for each of two towns and days."""
    columns = {"town": ["it's", "b", "b"], "day": [date(2024, 1, 1), date(2024, 1, 1), date(2024, 1, 2)]}
    store.execute(
        f"CREATE TABLE {name} (town String, day Date, month UInt32) ENGINE = MergeTree "
        f"PARTITION BY {values} ORDER BY town"
    )
    store.insert(name, {**columns, "month": [202_401, 202_401, 202_402]})


def left(store, table):
    return [
        (row["town"], row["day"].day) for row in store.select(f"SELECT * FROM {table} ORDER BY town, day")
    ]


def test_a_partition_is_dropped_by_the_values_of_its_key(store):
    stays(store, "by_two", "(town, day)")
    store.drop_partition("by_two", "b", date(2024, 1, 1))
    assert left(store, "by_two") == [("b", 2), ("it's", 1)]
    store.drop_partition("by_two", "it's", date(2024, 1, 1))
    assert left(store, "by_two") == [("b", 2)]
    stays(store, "by_one", "month")
    store.drop_partition("by_one", 202_401)
    assert left(store, "by_one") == [("b", 2)]


def test_dropping_what_is_not_there_changes_nothing_and_what_was_dropped_may_be_filled_again(store):
    stays(store, "by_two", "(town, day)")
    for _ in range(2):
        store.drop_partition("by_two", "b", date(2024, 1, 2))
    store.drop_partition("by_two", "nosuch", date(2024, 1, 1))
    assert left(store, "by_two") == [("b", 1), ("it's", 1)]
    store.insert("by_two", {"town": ["b"], "day": [date(2024, 1, 2)]})
    assert left(store, "by_two") == [("b", 1), ("b", 2), ("it's", 1)]


def test_dropping_from_a_table_that_is_not_there_is_an_error_that_names_it(store):
    with pytest.raises(StoreError, match="dropping a partition of nosuch failed"):
        store.drop_partition("nosuch", "b")


def test_migrations_run_once_and_in_order(opened):
    names = migrate(opened())
    assert names == sorted(names)
    assert names[0].startswith("0001_")
    assert migrate(opened()) == []


def test_a_migration_that_was_interrupted_is_run_again(store):
    broken = Migration(1, "two_tables", "CREATE TABLE IF NOT EXISTS a (x UInt8) ENGINE = Log; SELEC")
    whole = Migration(1, "two_tables", broken.text.replace("SELEC", "CREATE TABLE b (x UInt8) ENGINE = Log"))
    with pytest.raises(StoreError):
        migrate(store, [broken])
    assert migrate(store, [whole]) == ["0001_two_tables"]


def test_threads_share_a_store(things):
    def work(number):
        seen = []
        for turn in range(10):
            things.insert("things", {"name": [f"{number}-{turn}"], "word": [number]})
            seen += things.select("SELECT count() AS n FROM things WHERE word = %(w)s", {"w": number})
        return seen

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(work, range(4)))
    assert found == [[{"n": turn + 1} for turn in range(10)]] * 4


def test_a_hundred_thousand_rows_are_one_insert(things):
    numbers = np.arange(100_000, dtype=np.uint32)
    things.insert("things", {"name": np.full(100_000, "x"), "word": numbers})
    assert things.select("SELECT count() AS n, sum(word) AS s FROM things") == [
        {"n": 100_000, "s": int(numbers.sum(dtype=np.int64))}
    ]


def test_a_closed_store_says_so(store):
    store.close()
    store.close()
    with pytest.raises(StoreError, match="the store is closed"):
        store.select("SELECT 1 AS one")
