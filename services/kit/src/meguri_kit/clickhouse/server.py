"""The store on a ClickHouse server, over its native protocol."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clickhouse_driver import Client
from clickhouse_driver.errors import Error, NetworkError, ServerException, SocketTimeoutError
from clickhouse_driver.util.helpers import parse_url

from meguri_kit.clickhouse.columns import arrow_table
from meguri_kit.clickhouse.pool import Pool
from meguri_kit.clickhouse.statements import drop_partition_statement, query_text, substitute
from meguri_kit.clickhouse.store import StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from meguri_kit.clickhouse.store import Column

_PASSING_CODES = frozenset({159, 160, 202, 209, 210, 241, 242, 243, 252, 319, 425, 439})
"""Timeouts, too many queries, network, memory limit, read-only replica, no space, too many parts."""
_ANSWER_SECONDS = 60
"""After so long without a byte the server does not answer. The driver's own 300 s are as long as Kafka waits
for a worker that does not poll."""
_PLAIN = re.compile(r"(U?Int(8|16|32|64)|Float(32|64)|String|Bool|Date|Nothing)")
_WRAPPED = re.compile(r"(Nullable|Array|LowCardinality)\((.*)\)")


class ServerStore:
    """ClickHouse on a server; connects at the first use and again whenever the connection was lost.

    Args:
        url: `clickhouse://user:password@host:9000/database`; the database exists. Never shown in errors.
            `?send_receive_timeout=60` are the seconds after which the server counts as away.
    """

    def __init__(self, url: str) -> None:
        self._types: dict[str, dict[str, str]] = {}
        self._pool: Pool[Client] = Pool(lambda: _client(url), lambda client: client.disconnect())

    def insert(self, table: str, columns: Mapping[str, Column]) -> None:
        """See `Store.insert`."""
        rows = arrow_table(table, columns, self._column_types(table))
        if not rows.num_rows:
            return
        names = ", ".join(f"`{name}`" for name in rows.column_names)
        values = [column.to_numpy().tolist() for column in rows.columns]
        what = f"the insert of {rows.num_rows} rows into {table}"
        with self._pool.borrow() as client:
            try:
                client.execute(f"INSERT INTO `{table}` ({names}) VALUES", values, columnar=True)
            except (Error, OSError, EOFError) as error:
                raise _store_error(what, error) from error

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
        """See `Store.close`."""
        self._pool.close()

    def _run(self, statement: str, what: str) -> None:
        with self._pool.borrow() as client:
            try:
                client.execute(statement)
            except (Error, OSError, EOFError) as error:
                raise _store_error(what, error) from error

    def _select(self, sql: str, what: str) -> list[dict[str, object]]:
        with self._pool.borrow() as client:
            try:
                rows, names_and_types = client.execute(sql, with_column_types=True)
            except (Error, OSError, EOFError) as error:
                raise _store_error(what, error) from error
        for name, kind in names_and_types:
            if not _is_plain(kind):
                raise StoreError(f"{what} selects {name} as {kind}; select a plain type instead")
        names = [name for name, _ in names_and_types]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _column_types(self, table: str) -> dict[str, str]:
        if table not in self._types:
            rows = self.select(
                "SELECT name, type FROM system.columns "
                "WHERE database = currentDatabase() AND table = %(table)s",
                {"table": table},
            )
            self._types[table] = {str(row["name"]): str(row["type"]) for row in rows}
        return self._types[table]


def _client(url: str) -> Client:
    host, options = parse_url(url)
    client = Client(host, **{"send_receive_timeout": _ANSWER_SECONDS, **options})
    client.settings = {**(client.settings or {}), "log_queries": 0}
    return client


def _is_plain(kind: str) -> bool:
    wrapped = _WRAPPED.fullmatch(kind)
    return _is_plain(wrapped[2]) if wrapped else _PLAIN.fullmatch(kind) is not None


def _store_error(what: str, error: Exception) -> StoreError:
    """The driver's error as ours: without the server's stack trace, and without the address."""
    if isinstance(error, ServerException):
        text = str(error.message).split("Stack trace", 1)[0].strip()
        passing = error.code in _PASSING_CODES
        return (StoreUnavailableError if passing else StoreError)(f"{what} failed: code {error.code}, {text}")
    if isinstance(error, NetworkError | SocketTimeoutError | OSError | EOFError):
        return StoreUnavailableError(f"{what} failed: the ClickHouse server does not answer")
    return StoreError(f"{what} failed: {type(error).__name__}")
