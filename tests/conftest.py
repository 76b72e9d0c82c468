"""The real parts that tests ask for by name: Kafka, Redis, ClickHouse (chDB), the shared data."""

import itertools
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


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


_databases = itertools.count()


@pytest.fixture(scope="module")
def store(clickhouse_path):
    """An EmbeddedStore with all migrations applied to a database of its own, one for each test module."""
    from meguri_kit.clickhouse.embedded import EmbeddedStore
    from meguri_kit.clickhouse.migrations import migrate

    store = EmbeddedStore(clickhouse_path, database=f"meguri_test_{next(_databases)}")
    migrate(store)
    yield store
    store.close()
