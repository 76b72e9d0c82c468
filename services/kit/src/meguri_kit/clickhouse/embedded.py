"""The store in this process: chDB, which is ClickHouse as a library, with its data in a folder."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.ipc
from chdb.state.sqlitelike import connect

from meguri_kit.clickhouse.columns import arrow_table
from meguri_kit.clickhouse.pool import Pool
from meguri_kit.clickhouse.statements import drop_partition_statement, query_text, substitute
from meguri_kit.clickhouse.store import StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from chdb.state.sqlitelike import Connection

    from meguri_kit.clickhouse.store import Column

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_PASSING_CODES = frozenset({159, 202, 241, 243, 252, 439})
"""Timeout, too many queries, memory limit, no space, too many parts, no thread."""
_MIB = 1024 * 1024


class EmbeddedStore:
    """ClickHouse in this process, for one machine.

    What was inserted survives the end of this process, a kill -9 too; it does not survive a power cut,
    since the engine leaves the writing to the operating system (`fsync_after_insert` is off).

    A folder belongs to one process at a time, and a process has one folder; several stores may share it,
    each with its own database. Query logs are off: nothing of a statement is kept.

    Args:
        path: the data's folder; made if it is not there.
        database: the database that holds the tables; made if it is not there.
        kept_free_bytes: an insert is refused where the disk has less room than this. chDB 4.4 takes a write
            that fails on a full disk for done, and leaves a part that cannot be read; so it must not come
            near one, whoever fills the disk.

    Raises:
        StoreError: the folder cannot be used; the message says why.
    """

    def __init__(self, path: Path, database: str = "meguri", *, kept_free_bytes: int = 128 * _MIB) -> None:
        if not _IDENTIFIER.fullmatch(database):
            raise StoreError(f"{database!r} is no name for a database; expected a-z, 0-9 and underscores")
        self._path = path.resolve()
        self._database = database
        self._kept_free_bytes = kept_free_bytes
        self._types: dict[str, dict[str, str]] = {}
        _check_folder(self._path)
        self._pool: Pool[Connection] = Pool(self._connect, lambda connection: connection.close())
        with self._pool.borrow():
            pass

    def insert(self, table: str, columns: Mapping[str, Column]) -> None:
        """See `Store.insert`.

        The engine reads the Arrow table where it lies. Its streaming insert is not used: there, chDB 4.4
        also takes the engine's own refusal (no space to reserve) for done.
        """
        rows = arrow_table(table, columns, self._column_types(table))
        if not rows.num_rows:
            return
        self._check_disk()
        names = ", ".join(f"`{name}`" for name in rows.column_names)
        # The engine finds the table by the name of this frame's variable.
        statement = f"INSERT INTO `{table}` ({names}) SELECT {names} FROM Python(rows)"  # noqa: S608 - names that it has
        with self._pool.borrow() as connection:
            try:
                connection.query(statement)
            except RuntimeError as error:
                raise _store_error(f"the insert of {rows.num_rows} rows into {table}", error) from error

    def query(self, name: str, params: Mapping[str, object] | None = None) -> list[dict[str, object]]:
        """See `Store.query`."""
        return self._select(substitute(query_text(name), params or {}, f"query {name}"), f"query {name}")

    def select(self, sql: str, params: Mapping[str, object] | None = None) -> list[dict[str, object]]:
        """See `Store.select`."""
        return self._select(substitute(sql, params or {}, "the statement"), "the statement")

    def execute(self, statement: str) -> None:
        """See `Store.execute`."""
        self._run(statement, "the statement")
        self._types.clear()

    def drop_partition(self, table: str, *values: str | int | date) -> None:
        """See `Store.drop_partition`."""
        self._run(drop_partition_statement(table, values), f"dropping a partition of {table}")

    def close(self) -> None:
        """See `Store.close`. The folder is free for another process when its last store has closed."""
        self._pool.close()

    def _run(self, statement: str, what: str) -> None:
        with self._pool.borrow() as connection:
            try:
                connection.query(statement)
            except RuntimeError as error:
                raise _store_error(what, error) from error

    def _check_disk(self) -> None:
        free = shutil.disk_usage(self._path).free
        if free < self._kept_free_bytes:
            raise StoreUnavailableError(
                f"the disk that holds {self._path} is full: {free // _MIB} MiB are left, and ClickHouse "
                f"writes with {self._kept_free_bytes // _MIB} MiB at least; make room"
            )

    def _connect(self) -> Connection:
        try:
            connection = connect(str(self._path))
        except RuntimeError as error:
            message = str(error)
            if "already initialized with path" in message:
                raise StoreError(
                    f"this process already holds another chDB folder than {self._path}; "
                    "a process can hold one, so close the other store first"
                ) from error
            raise _store_error(f"opening the chDB folder {self._path}", error) from error
        connection.query("SET log_queries = 0, log_query_views = 0")
        connection.query("SET output_format_arrow_low_cardinality_as_dictionary = 0")
        connection.query(f"CREATE DATABASE IF NOT EXISTS `{self._database}`")
        connection.query(f"USE `{self._database}`")
        return connection

    def _select(self, sql: str, what: str) -> list[dict[str, object]]:
        with self._pool.borrow() as connection:
            try:
                body = connection.query(sql, "Arrow").bytes()
            except RuntimeError as error:
                raise _store_error(what, error) from error
        if not body:
            raise StoreError(f"{what} returns no rows and no columns; use execute for it")
        table = pa.ipc.open_file(body).read_all()
        for field in table.schema:
            if not _is_plain(field.type):
                raise StoreError(f"{what} selects {field.name} as {field.type}; select a plain type instead")
        rows: list[dict[str, object]] = table.to_pylist()
        return rows

    def _column_types(self, table: str) -> dict[str, str]:
        if table not in self._types:
            rows = self.select(
                "SELECT name, type FROM system.columns "
                "WHERE database = currentDatabase() AND table = %(table)s ORDER BY position",
                {"table": table},
            )
            self._types[table] = {str(row["name"]): str(row["type"]) for row in rows}
        return self._types[table]


def _is_plain(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind):
        return _is_plain(kind.value_type)
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_string(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_date32(kind)
        or pa.types.is_null(kind)
    )


def _check_folder(path: Path) -> None:
    """Make the folder, and find out whether another process holds it, before the engine writes to stderr."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the chDB folder {path} cannot be made: {error.strerror}") from error
    status = path / "status"
    if not status.exists():
        return
    with status.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = re.match(rb"PID: (\d+)", file.read())
            if holder and int(holder[1]) == os.getpid():
                return
            raise StoreError(
                f"the chDB folder {path} is in use by another process; stop that one, or use another folder"
            ) from error


def _store_error(what: str, error: RuntimeError) -> StoreError:
    """The engine's error as ours: its first line without a stack trace."""
    text = str(error).split(", Stack trace", 1)[0].strip().splitlines()[0]
    code = re.search(r"Code: (\d+)", text)
    passing = (code and int(code[1]) in _PASSING_CODES) or "No space left on device" in str(error)
    return (StoreUnavailableError if passing else StoreError)(f"{what} failed: {text}")
