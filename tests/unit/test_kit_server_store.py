"""A ClickHouse server that is away: an error that may pass, without the address or the password in it."""

import contextlib

import pytest
from meguri_kit.clickhouse.server import ServerStore
from meguri_kit.clickhouse.store import StoreError, StoreUnavailableError


def test_making_a_store_connects_to_nothing_and_using_it_says_that_nobody_answers():
    with contextlib.closing(ServerStore("clickhouse://me:secret@127.0.0.1:1/town")) as store:
        for use in (
            lambda: store.select("SELECT 1 AS one"),
            lambda: store.execute("SELECT 1"),
            lambda: store.insert("visits", {"town": ["t"]}),
        ):
            with pytest.raises(
                StoreUnavailableError, match="the ClickHouse server does not answer"
            ) as raised:
                use()
            assert "secret" not in str(raised.value)
            assert "127.0.0.1" not in str(raised.value)


def test_a_closed_store_says_so():
    store = ServerStore("clickhouse://127.0.0.1:1/town")
    store.close()
    with pytest.raises(StoreError, match="the store is closed"):
        store.select("SELECT 1 AS one")
