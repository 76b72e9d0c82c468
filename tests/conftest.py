"""The real parts that tests ask for by name: Kafka, Redis, ClickHouse (chDB), the shared data."""

import itertools
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


LONGEST_FIRST = ("integration", "browser", "replay", "sql", "contract", "property")


def pytest_collection_modifyitems(items):
    """Files that take long begin first: no process is to work alone while the others have ended."""
    items.sort(key=lambda item: _rank(item.path.relative_to(ROOT / "tests").parts[0]))


def _rank(folder):
    return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)


def pytest_terminal_summary(terminalreporter):
    """Figures that a test recorded are for people to read: they stand at the end."""
    for report in terminalreporter.getreports("passed"):
        for name, figures in report.user_properties:
            terminalreporter.write_line(f"{name}: {figures}")


def skip_or_fail(missing: str) -> None:
    """In CI what a test needs must be there; on a user's machine the test is skipped and says what is not."""
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder `data` of the recordings and tables that are shared beside the checkout."""
    data = SHARED / "data"
    if not data.is_dir():
        skip_or_fail("the folder ../shared/data (recordings and tables) is not beside this checkout")
    return data


@pytest.fixture(scope="module")
def kafka_bootstrap(tmp_path_factory):
    """The address of a real Kafka with an empty log, one for each test module; no topic exists in it."""
    from meguri.engines import Children, Kafka

    data = tmp_path_factory.mktemp("kafka")
    kafka = Kafka(data / "kafka", Children(data))
    kafka.start()
    kafka.wait_ready()
    yield kafka.bootstrap
    kafka.stop()


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    """The URL of an empty redis-server, one for each test module."""
    from meguri.engines import Children, Redis

    redis = Redis(Children(tmp_path_factory.mktemp("redis")))
    redis.start()
    redis.wait_ready()
    yield redis.url
    redis.stop()


@pytest.fixture(scope="session")
def clickhouse_path(tmp_path_factory):
    """The folder of this process's chDB: it opens one in its life, so databases are what tests have apart."""
    return tmp_path_factory.mktemp("clickhouse")


@pytest.fixture(scope="session")
def clickhouse_is_installed():
    """For tests that start ClickHouse servers of their own."""
    from engines.clickhouse_server import BINARY

    if BINARY is None:
        skip_or_fail("clickhouse-server is not installed; infra/test-needs installs it on Debian")


@pytest.fixture(scope="session")
def clickhouse_server(clickhouse_is_installed, tmp_path_factory):
    """A real ClickHouse server for all tests of this process; databases are what they have apart."""
    from engines.clickhouse_server import ClickHouseServer
    from meguri.engines import Children

    folder = tmp_path_factory.mktemp("clickhouse_server")
    server = ClickHouseServer(folder, Children(folder))
    server.start()
    server.wait_ready()
    yield server
    server.stop()


_databases = itertools.count()


@pytest.fixture(scope="session")
def empty_store(request):
    """Opens a store of a new empty database: `empty_store("embedded")`, `empty_store("server")`."""
    from meguri_kit.clickhouse.embedded import EmbeddedStore
    from meguri_kit.clickhouse.server import ServerStore

    def open_store(engine):
        database = f"meguri_test_{next(_databases)}"
        if engine == "embedded":
            return EmbeddedStore(request.getfixturevalue("clickhouse_path"), database)
        server = request.getfixturevalue("clickhouse_server")
        server.execute(f"CREATE DATABASE {database}")
        return ServerStore(f"{server.url}/{database}")

    return open_store


@pytest.fixture(scope="module")
def store(empty_store):
    """An EmbeddedStore with all migrations applied to a database of its own, one for each test module."""
    yield from _migrated(empty_store("embedded"))


@pytest.fixture(scope="module", params=["embedded", "server"])
def each_store(request, empty_store):
    """As `store`, on ClickHouse in this process and on a server: the module's tests run on both."""
    yield from _migrated(empty_store(request.param))


def _migrated(store):
    from meguri_kit.clickhouse.migrations import migrate

    migrate(store)
    yield store
    store.close()
