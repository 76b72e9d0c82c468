"""The tables as all migrations leave them; `schema.sql` shows them to readers, and a test compares.

python -m meguri_kit.clickhouse.schema          writes schema.sql after a new migration
"""

from __future__ import annotations

import re
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.migrations import migrate

if TYPE_CHECKING:
    from meguri_kit.clickhouse.store import Store

_HEAD = "-- The tables as the migrations leave them. Written by python -m meguri_kit.clickhouse.schema.\n"


def schema(store: Store) -> str:
    """Every table's CREATE statement, by name, without the database's name."""
    names = store.select("SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name")
    statements = []
    for row in names:
        (shown,) = store.select(f"SHOW CREATE TABLE `{row['name']}`")
        (text,) = shown.values()
        statements.append(re.sub(r"^CREATE TABLE \S+\.", "CREATE TABLE ", str(text)) + ";\n")
    return "\n".join([_HEAD, *statements])


def schema_file() -> str:
    """The committed text of `schema.sql`."""
    return files("meguri_kit.clickhouse").joinpath("schema.sql").read_text("utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        fresh = EmbeddedStore(Path(folder))
        migrate(fresh)
        Path(__file__).with_name("schema.sql").write_text(schema(fresh), "utf-8")
        fresh.close()
