"""Migrations of the tables: `NNNN_name.sql`, numbered from 0001 without gaps, forward only.

A file that was released is never changed: its checksum is recorded with it. It uses only what every
ClickHouse has since 18.16 (no LowCardinality, DateTime64, TTL, ADD COLUMN IF NOT EXISTS). A file that was
interrupted between any two statements is run again from its start and has to lead to the same end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from typing import TYPE_CHECKING

from meguri_kit.clickhouse.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguri_kit.clickhouse.store import Store

_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
_RECORD = """
CREATE TABLE IF NOT EXISTS migrations (number UInt32, name String, checksum String)
ENGINE = ReplacingMergeTree ORDER BY number
"""


@dataclass(frozen=True)
class Migration:
    """One file: its number, its name and what it runs."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """Of the text, by which a changed file is noticed."""
        return blake2b(self.text.encode(), digest_size=16).hexdigest()

    @property
    def statements(self) -> list[str]:
        """The file's statements, without comments."""
        parts = _COMMENT.sub("", self.text).split(";")
        return [part.strip() for part in parts if part.strip()]


def migrations() -> list[Migration]:
    """The migrations that ship with this package, in order.

    Raises:
        ValueError: the numbers are not 1, 2, 3...
    """
    return numbered((entry.name, entry.read_text("utf-8")) for entry in files(__package__).iterdir())


def numbered(entries: Iterable[tuple[str, str]]) -> list[Migration]:
    """The migrations among files given as (name, text), in order.

    Raises:
        ValueError: the numbers are not 1, 2, 3...
    """
    found = [
        Migration(int(match[1]), match[2], text) for name, text in entries if (match := _FILE.fullmatch(name))
    ]
    found.sort(key=lambda migration: migration.number)
    numbers = [migration.number for migration in found]
    if numbers != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations are numbered 1, 2, 3... without gaps; found {numbers}")
    return found


def migrate(store: Store, shipped: list[Migration] | None = None) -> list[str]:
    """Run the migrations that the store has not seen; the names of those run.

    Args:
        store: a store whose database is there.
        shipped: the migrations, by default the package's.

    Raises:
        StoreError: a migration failed, a recorded one has changed since, or the store knows more of them
            than this version of Meguri.
    """
    shipped = migrations() if shipped is None else shipped
    store.execute(_RECORD)
    rows = store.select("SELECT number, name, checksum FROM migrations FINAL ORDER BY number")
    for row, migration in zip(rows, shipped, strict=False):
        if (row["number"], row["checksum"]) != (migration.number, migration.checksum):
            raise StoreError(
                f"migration {migration.number:04}_{migration.name} is not the one that made these tables "
                f"({row['name']}); a released migration never changes, write a new one"
            )
    if len(rows) > len(shipped):
        raise StoreError(
            f"these tables were made by a newer Meguri, {len(rows)} migrations against {len(shipped)}; "
            "start that version, or use another data folder"
        )
    done = []
    for migration in shipped[len(rows) :]:
        for statement in migration.statements:
            store.execute(statement)
        store.insert(
            "migrations",
            {"number": [migration.number], "name": [migration.name], "checksum": [migration.checksum]},
        )
        done.append(f"{migration.number:04}_{migration.name}")
    return done
