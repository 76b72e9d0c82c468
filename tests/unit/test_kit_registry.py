"""The registry: tokens, day keys that are forgotten for good, clocks that never go back."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from meguri_kit.registry import KeyDestroyedError, Principal, Registry, RegistryError
from meguri_kit.registry.registry import _token_hash
from meguri_kit.registry.tables import metadata
from meguri_proto.pseudonyms import key_check
from sqlalchemy import create_engine


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/registry.db"


@pytest.fixture
def registry(url):
    registry = Registry(url)
    yield registry
    registry.close()


def every_byte(folder):
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_a_token_names_its_sensor_and_another_names_nobody(registry):
    token = registry.enrol("village", "gate", "sensor")
    assert registry.authenticate(token) == Principal("village", "gate", "sensor")
    assert registry.authenticate(token[:-1]) is None
    assert registry.authenticate("") is None


@pytest.mark.parametrize("role", ["sensor", "replayer", "till", "counter"])
def test_a_token_says_what_its_holder_is(registry, role):
    assert registry.authenticate(registry.enrol("village", "gate", role)) == Principal(
        "village", "gate", role
    )


def test_tokens_of_before_tills_had_any_still_name_their_sensors(url, tmp_path):
    token = "a token of the first version"
    with sqlite3.connect(tmp_path / "registry.db") as old:
        old.executescript(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);"
            "INSERT INTO alembic_version VALUES ('0001');"
            "CREATE TABLE principals (token_hash BLOB PRIMARY KEY, town VARCHAR(64) NOT NULL,"
            " sensor VARCHAR(64) NOT NULL, role VARCHAR(16) NOT NULL);"
            "CREATE TABLE day_keys (town VARCHAR(64), key_day INTEGER, key BLOB, key_check BIGINT NOT NULL,"
            " PRIMARY KEY (town, key_day));"
            "CREATE TABLE town_times (town VARCHAR(64) PRIMARY KEY, town_time_ms BIGINT NOT NULL);"
        )
        old.execute("INSERT INTO principals VALUES (?, 'village', 'gate', 'sensor')", [_token_hash(token)])
    registry = Registry(url)
    assert registry.authenticate(token) == Principal("village", "gate", "sensor")
    registry.close()


def test_a_shops_webhook_has_the_key_that_was_given_last(registry):
    assert registry.webhook_key("village", "cafe", "square") is None
    registry.connect_webhook("village", "cafe", "square", "first")
    registry.connect_webhook("village", "cafe", "square", "second")
    registry.connect_webhook("village", "market", "square", "another")
    assert registry.webhook_key("village", "cafe", "square") == "second"
    assert registry.webhook_key("village", "cafe", "smaregi") is None
    assert registry.webhook_key("elsewhere", "cafe", "square") is None


def test_an_opt_out_list_has_a_key_of_its_own_that_stays(registry, url):
    keys = [registry.opt_out_key(town) for town in ("a", "b")]
    assert len(set(keys)) == 2
    assert {len(key) for key in keys} == {32}
    registry.destroy_keys("a", before_key_day=10**6)
    again = Registry(url)
    assert again.opt_out_key("a") == keys[0]
    again.close()


def test_a_mark_stands_on_its_towns_list_once_until_it_is_taken_back(registry):
    first, second = b"b" * 16, b"a" * 16
    assert [registry.opt_out("a", mark) for mark in (first, second, first)] == [True, True, False]
    assert registry.opt_out_marks("a") == [second, first]
    assert registry.opt_out_marks("b") == []
    assert [registry.take_back_opt_out("a", first) for _ in range(2)] == [True, False]
    assert registry.opt_out_marks("a") == [second]


def test_a_sensor_may_have_several_tokens_and_roles(registry):
    first = registry.enrol("village", "gate", "sensor")
    second = registry.enrol("village", "gate", "replayer")
    assert registry.authenticate(first) == Principal("village", "gate", "sensor")
    assert registry.authenticate(second) == Principal("village", "gate", "replayer")


def test_a_token_is_not_in_the_file(registry, tmp_path):
    token = registry.enrol("village", "gate", "sensor")
    found = every_byte(tmp_path)
    assert b"village" in found, "the search finds what is there"
    assert token.encode() not in found


def test_only_its_owner_may_read_the_file(registry, tmp_path):
    assert [oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()] == ["0o600"]


def test_a_day_has_one_key_and_other_days_and_towns_have_others(registry):
    keys = [registry.day_key(town, day) for town, day in [("a", 1), ("a", 2), ("b", 1)]]
    assert len(set(keys)) == 3
    assert {len(key) for key in keys} == {32}
    assert registry.day_key("a", 1) == keys[0]


def test_keys_tokens_and_clocks_survive_the_process(registry, url):
    token, key = registry.enrol("a", "s", "sensor"), registry.day_key("a", 1)
    registry.advance_town_time("a", 5)
    registry.close()
    again = Registry(url)
    assert again.authenticate(token) == Principal("a", "s", "sensor")
    assert (again.day_key("a", 1), again.town_time("a")) == (key, 5)
    again.close()


def test_threads_and_processes_that_ask_at_once_get_the_same_key(url):
    registries = [Registry(url) for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        for day in range(20):
            asked = [threads.submit(registries[n % 4].day_key, "a", day) for n in range(8)]
            assert len({each.result() for each in asked}) == 1
    for registry in registries:
        registry.close()


def test_a_destroyed_key_is_gone_and_its_check_value_stays(registry):
    key = registry.day_key("a", 10)
    assert registry.destroy_keys("a", before_key_day=11) == 1
    with pytest.raises(KeyDestroyedError, match="the key of a for key day 10 was destroyed"):
        registry.day_key("a", 10)
    assert registry.key_check("a", 10) == key_check(key)


def test_only_earlier_days_of_the_same_town_are_destroyed_and_only_once(registry):
    kept = {(town, day): registry.day_key(town, day) for town, day in [("a", 11), ("a", 12), ("b", 10)]}
    registry.day_key("a", 9)
    registry.day_key("a", 10)
    assert registry.destroy_keys("a", before_key_day=11) == 2
    assert registry.destroy_keys("a", before_key_day=11) == 0
    assert {which: registry.day_key(*which) for which in kept} == kept


def test_a_day_without_a_key_has_no_check_value(registry):
    assert registry.key_check("a", 1) is None


def test_after_the_destruction_no_file_holds_the_keys_bytes(registry, tmp_path):
    doomed = [registry.day_key("a", day) for day in range(200)]
    kept = registry.day_key("a", 500)
    assert all(key in every_byte(tmp_path) for key in doomed), "the search finds what is there"
    registry.destroy_keys("a", before_key_day=200)
    found = every_byte(tmp_path)
    assert kept in found
    assert not any(key in found for key in doomed)


def test_there_is_no_write_ahead_log_that_would_keep_them(registry, tmp_path):
    registry.day_key("a", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["registry.db"]


def test_a_town_has_no_time_before_its_first_tick(registry):
    assert registry.town_time("a") is None


def test_town_time_moves_forward_only(registry):
    assert [registry.advance_town_time("a", ms) for ms in (1_000, 3_000, 2_000, 3_000, 4_000)] == [
        1_000,
        3_000,
        3_000,
        3_000,
        4_000,
    ]
    assert registry.town_time("a") == 4_000
    assert registry.town_time("b") is None


def test_ticks_at_the_same_time_leave_the_latest(url):
    registries = [Registry(url) for _ in range(3)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda n: registries[n % 3].advance_town_time("a", n), range(60)))
    assert registries[0].town_time("a") == 59
    for registry in registries:
        registry.close()


def test_a_days_rules_are_those_that_were_kept_first(registry):
    assert registry.keep_day_rules("a", 1, 2, b"first") == b"first"
    assert registry.keep_day_rules("a", 1, 4, b"second") == b"first"
    assert registry.keep_day_rules("a", 2, 1, b"second") == b"second"
    assert registry.keep_day_rules("b", 1, 8, b"third") == b"third"
    assert [registry.most_slices(town) for town in ("a", "b", "c")] == [2, 8, 0]


def test_rules_kept_at_the_same_time_are_the_same_for_all(url):
    registries = [Registry(url) for _ in range(3)]
    with ThreadPoolExecutor(6) as threads:
        kept = set(threads.map(lambda n: registries[n % 3].keep_day_rules("a", 1, 1, b"%d" % n), range(30)))
    assert len(kept) == 1
    for registry in registries:
        registry.close()


def test_the_tables_are_what_the_migrations_make(registry, url):
    engine = create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_a_registry_that_cannot_be_had_is_an_error_with_a_sentence(tmp_path):
    (tmp_path / "text.db").write_text("no database, but quite long enough to be taken for one " * 50)
    with pytest.raises(RegistryError, match="cannot be used: file is not a database"):
        Registry(f"sqlite:///{tmp_path}/text.db")
    with pytest.raises(RegistryError, match=r"text\.db/sub/r\.db cannot be opened: "):
        Registry(f"sqlite:///{tmp_path}/text.db/sub/r.db")
    with pytest.raises(RegistryError, match="names no file"):
        Registry("sqlite://")


def test_a_registry_of_a_newer_version_is_refused(registry, url, tmp_path):
    registry.close()
    with sqlite3.connect(tmp_path / "registry.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(RegistryError, match="made by a newer Meguri"):
        Registry(url)


def test_an_error_of_the_database_shows_no_key_and_no_hash(registry, tmp_path):
    with sqlite3.connect(tmp_path / "registry.db") as connection:
        connection.execute("DROP TABLE day_keys")
    with pytest.raises(RegistryError) as raised:
        registry.day_key("a", 1)
    chain, error = "", raised.value
    while error:
        chain, error = chain + str(error), error.__cause__
    assert "no such table" in chain
    assert "parameters: (" not in chain


def test_check_passes_while_the_database_answers(registry):
    registry.check()
