"""Statements: named query files, and parameters in clickhouse-driver's own escaping for both engines."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from clickhouse_driver.util.escape import escape_params

from meguri_kit.clickhouse.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAME = re.compile(r"(?P<package>[a-z_]+)/(?P<file>[a-z0-9_]+)")
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@cache
def query_text(name: str) -> str:
    """The text of the query `package/name`: the resource `queries/name.sql` of that package.

    Raises:
        StoreError: there is no such query.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise StoreError(f"{name!r} names no query; expected package/name, such as meguri_dashboard/arrivals")
    resource = files(match["package"]).joinpath("queries", f"{match['file']}.sql")
    if not resource.is_file():
        raise StoreError(f"query {name} has no file queries/{match['file']}.sql in {match['package']}")
    return resource.read_text("utf-8")


def substitute(sql: str, params: Mapping[str, object], source: str) -> str:
    """The statement with its `%(name)s` replaced by escaped values, `%%` by `%`.

    Raises:
        StoreError: a parameter is missing, too many, or of a type that has no spelling here.
    """
    wanted = set(_PLACEHOLDER.findall(sql))
    if wanted != params.keys():
        raise StoreError(
            f"{source} takes the parameters {sorted(wanted) or 'none'}, got {sorted(params) or 'none'}"
        )
    spelled = {name: _plain(name, value, source) for name, value in params.items()}
    try:
        text: str = sql % escape_params(spelled, context=None)
    except ValueError as error:
        raise StoreError(f"{source} holds a single percent sign; write %% for a literal one") from error
    return text


def drop_partition_statement(table: str, values: Sequence[str | int | date]) -> str:
    """The statement that drops the partition of these values from a table."""
    names = [f"value_{number}" for number in range(len(values))]
    placeholders = ", ".join(f"%({name})s" for name in names)
    partition = placeholders if len(values) == 1 else f"({placeholders})"
    return substitute(
        f"ALTER TABLE `{table}` DROP PARTITION {partition}",
        dict(zip(names, values, strict=True)),
        f"dropping from {table}",
    )


def _plain(name: str, value: object, source: str) -> object:
    if isinstance(value, list | tuple):
        return type(value)(_plain(name, item, source) for item in value)
    if isinstance(value, bool):
        return int(value)
    if value is None or (isinstance(value, str | int | float | date) and not isinstance(value, datetime)):
        return value
    raise StoreError(
        f"parameter {name} of {source} is a {type(value).__name__}; "
        "expected str, int, float, bool, date, None, or a list or tuple of them"
    )
