"""ClickHouse in the process: its folder, its disk, and what survives the process."""

import contextlib
import signal
import subprocess
import sys
import textwrap

import pytest
from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.store import StoreError, StoreUnavailableError

OPEN = """
import os, signal, subprocess, sys
from pathlib import Path
import numpy as np
from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.store import StoreError
folder = Path(sys.argv[1])
store = EmbeddedStore(folder)
"""
"""A process has one chDB folder in its life, and the test's own process lends it to other tests."""


def in_a_process(body, folder):
    """Run Python that has opened `store` over the folder, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", OPEN + textwrap.dedent(body), str(folder), OPEN],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_rows_survive_a_kill_of_the_process(tmp_path):
    killed = in_a_process(
        """
        store.execute("CREATE TABLE a (x UInt32) ENGINE = MergeTree ORDER BY x")
        store.insert("a", {"x": np.arange(1000)})
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        tmp_path,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    found = in_a_process('print(store.select("SELECT count() AS n FROM a"))', tmp_path)
    assert found.stdout == "[{'n': 1000}]\n", found.stderr


def test_an_insert_near_a_full_disk_is_refused_and_may_be_tried_again(clickhouse_path):
    with contextlib.closing(EmbeddedStore(clickhouse_path, "full_disk", kept_free_bytes=2**62)) as store:
        store.execute("CREATE TABLE IF NOT EXISTS a (x UInt64) ENGINE = MergeTree ORDER BY x")
        with pytest.raises(StoreUnavailableError, match=r"is full: \d+ MiB are left, .* make room"):
            store.insert("a", {"x": [1]})
        assert store.select("SELECT x FROM a") == []


def test_a_folder_of_another_process_is_named(tmp_path):
    ran = in_a_process(
        """
        held = subprocess.run([sys.executable, "-c", sys.argv[2], folder], capture_output=True, text=True)
        print(held.stderr)
        """,
        tmp_path,
    )
    assert f"the chDB folder {tmp_path} is in use by another process; stop that one" in ran.stdout


def test_a_process_has_one_folder_and_many_databases_in_it(tmp_path):
    ran = in_a_process(
        """
        try:
            EmbeddedStore(folder / "second")
        except StoreError as error:
            print(error)
        print(EmbeddedStore(folder, "other").select("SELECT currentDatabase() AS d"))
        """,
        tmp_path,
    )
    assert "this process already holds another chDB folder" in ran.stdout
    assert "[{'d': 'other'}]" in ran.stdout


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file cannot be made: File exists"):
        EmbeddedStore(tmp_path / "file")


def test_a_database_has_a_plain_name(tmp_path):
    with pytest.raises(StoreError, match="is no name for a database"):
        EmbeddedStore(tmp_path, "a`; DROP")


def test_no_statement_is_kept(store):
    store.select("SELECT 'a needle in the log' AS text")
    assert store.select("SELECT value FROM system.settings WHERE name = 'log_queries'") == [{"value": "0"}]
    tables = store.select(
        "SELECT name FROM system.tables WHERE database = 'system' AND name LIKE '%%log%%' AND total_rows > 0"
    )
    assert tables == []
