"""The store: what a service may do with ClickHouse, whichever engine holds it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from numpy.typing import NDArray

if TYPE_CHECKING:
    from datetime import date

Column: TypeAlias = Sequence[object] | NDArray[Any]


class StoreError(Exception):
    """ClickHouse refused a statement or an insert; doing it again will not help."""


class StoreUnavailableError(StoreError):
    """ClickHouse cannot work now (away, disk full, out of memory); doing it again later may help."""


class Store(Protocol):
    """Tables and named queries of one database. Thread-safe; blocking, so not for an event loop.

    Every method raises `StoreUnavailableError` where trying again may help and `StoreError` where not.
    """

    def insert(self, table: str, columns: Mapping[str, Column]) -> None:
        """Append rows, given as columns of equal length; columns left out take the table's defaults.

        Numpy arrays and lists may be mixed. A `Date` column takes dates, `datetime64[D]` or int32 days
        since 1970-01-01. Nothing is cut or wrapped to fit: a value out of range is a `StoreError`.
        """

    def query(self, name: str, params: Mapping[str, object] | None = None) -> list[dict[str, object]]:
        """Rows of the query `package/name`, which is the file `queries/name.sql` of that package.

        Args:
            name: such as `meguri_dashboard/arrivals_by_hour`.
            params: values of the query's `%(name)s`: str, int, float, bool, date, None, or a list or
                tuple of them. A literal percent sign in the file is written `%%`.

        Returns:
            One dict a row; values are str, int, float, bool, date, None or lists of these. A query that
            selects another type (DateTime, Decimal, Tuple, ...) is a `StoreError`.
        """

    def select(self, sql: str, params: Mapping[str, object] | None = None) -> list[dict[str, object]]:
        """As `query`, with the statement itself: for migrations, the schema and inspection."""

    def execute(self, statement: str) -> None:
        """Run one statement that returns nothing (of a migration)."""

    def drop_partition(self, table: str, *values: str | int | date) -> None:
        """Drop a partition of a table, if it is there; given the values of what the table is partitioned by.

        Its rows are gone for readers at once, and in chDB their bytes are gone from the disk, those of
        merged parts too. An old server (18.16) keeps the bytes for its `old_parts_lifetime`, 8 minutes
        unless it is set.
        """

    def close(self) -> None:
        """Let go of the engine; a second call does nothing."""
