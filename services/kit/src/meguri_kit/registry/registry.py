"""Tokens, keys, opt-out lists and the clocks of recording towns, in SQLite or PostgreSQL."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from meguri_proto.pseudonyms import KEY_BYTES, key_check
from sqlalchemy import create_engine, delete, event, func, insert, make_url, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from meguri_kit.registry.tables import (
    day_keys,
    day_rules,
    opt_out_keys,
    opt_outs,
    principals,
    town_times,
    webhooks,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, ColumnElement, Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

Role: TypeAlias = Literal["sensor", "replayer", "till", "counter"]
"""What a token opens. A replayer's may do in a recording town what all the others may, under their names, and
says what time it is there."""


class RegistryError(Exception):
    """The registry cannot be opened, or does not answer; the message says why."""


class KeyDestroyedError(Exception):
    """The day's key was destroyed: nobody can make or compare its pseudonyms any more."""


@dataclass(frozen=True)
class Principal:
    """Whom a token names."""

    town: str
    name: str
    """Of the sensor, of the shop whose till it is, of the counter, or what the replayer was called."""
    role: Role


class Registry:
    """Opens the database and brings its tables up to date. Thread-safe; blocking, so not for an event loop.

    SQLite runs with `secure_delete` (what is destroyed is overwritten with zeros in the file) and with a
    rollback journal that is deleted at each commit. Not with a write-ahead log: that file keeps the old
    pages, with the keys in them, until chance overwrites them. What the disk itself remembers (blocks of a
    deleted journal, cells of a flash drive) is out of reach; PostgreSQL drops destroyed keys at its next
    VACUUM.

    Args:
        url: an SQLAlchemy URL: `sqlite:////var/lib/meguri/registry.db` (made, for its owner alone) or
            `postgresql://user:password@host/database`.

    Raises:
        RegistryError: the database cannot be opened.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            _make_file(parsed)
        # An error of the database would show its parameters, which are keys and hashes.
        self._engine = create_engine(parsed, hide_parameters=True)
        if parsed.get_backend_name() == "sqlite":
            event.listen(self._engine, "connect", _set_pragmas)
        self._upgrade()

    def enrol(self, town: str, name: str, role: Role) -> str:
        """A new token; shown this once, since only its hash is kept."""
        token = secrets.token_urlsafe(32)
        with self.transaction() as connection:
            connection.execute(
                insert(principals).values(token_hash=_token_hash(token), town=town, name=name, role=role)
            )
        return token

    def authenticate(self, token: str) -> Principal | None:
        """Whom the token names, or None if nobody."""
        found = select(principals.c.town, principals.c.name, principals.c.role).where(
            principals.c.token_hash == _token_hash(token)
        )
        with self.transaction() as connection:
            row = connection.execute(found).one_or_none()
        return row and Principal(row.town, row.name, cast("Role", row.role))

    def day_key(self, town: str, key_day: int) -> bytes:
        """The town's key of the day (32 bytes); drawn at the first call, the same for every caller.

        Raises:
            KeyDestroyedError: it was destroyed.
        """
        this = (day_keys.c.town == town) & (day_keys.c.key_day == key_day)
        with self.transaction() as connection:
            row = connection.execute(select(day_keys.c.key).where(this)).one_or_none()
        if row is None:
            drawn = secrets.token_bytes(KEY_BYTES)
            try:
                with self.transaction() as connection:
                    connection.execute(
                        insert(day_keys).values(
                            town=town, key_day=key_day, key=drawn, key_check=key_check(drawn)
                        )
                    )
            except IntegrityError:  # another thread or process drew it first
                return self.day_key(town, key_day)
            return drawn
        if row.key is None:
            raise KeyDestroyedError(f"the key of {town} for key day {key_day} was destroyed")
        return bytes(row.key)

    def key_check(self, town: str, key_day: int) -> int | None:
        """The check value of the day's key, kept after its destruction; None if there never was a key."""
        this = (day_keys.c.town == town) & (day_keys.c.key_day == key_day)
        with self.transaction() as connection:
            return connection.execute(select(day_keys.c.key_check).where(this)).scalar_one_or_none()

    def destroy_keys(self, town: str, before_key_day: int) -> int:
        """Destroy the town's keys of all days before this one; how many there were."""
        with self.transaction() as connection:
            return connection.execute(
                update(day_keys)
                .where(
                    day_keys.c.town == town, day_keys.c.key_day < before_key_day, day_keys.c.key.is_not(None)
                )
                .values(key=None)
            ).rowcount

    def keep_day_rules(self, town: str, key_day: int, slices: int, rules: bytes) -> bytes:
        """Keep the rules of a key day if it has none yet; those that it has now.

        Args:
            town: its name.
            key_day: its number.
            slices: into how many these rules divide the day.
            rules: a meguri.log.v1.Rules.
        """
        this = (day_rules.c.town == town) & (day_rules.c.key_day == key_day)
        with self.transaction() as connection:
            kept = connection.execute(select(day_rules.c.rules).where(this)).scalar_one_or_none()
        if kept is not None:
            return bytes(kept)
        try:
            with self.transaction() as connection:
                connection.execute(
                    insert(day_rules).values(town=town, key_day=key_day, slices=slices, rules=rules)
                )
        except IntegrityError:  # another thread or process kept its own first
            return self.keep_day_rules(town, key_day, slices, rules)
        return rules

    def most_slices(self, town: str) -> int:
        """Into how many slices any key day of the town was divided; 0 before the first."""
        found = select(func.max(day_rules.c.slices)).where(day_rules.c.town == town)
        with self.transaction() as connection:
            return connection.execute(found).scalar_one_or_none() or 0

    def connect_webhook(self, town: str, shop: str, source: str, signature_key: str) -> None:
        """Take what the source posts for the shop, signed with this key; an earlier key is forgotten."""
        this = _webhook(town, shop, source)
        try:
            with self.transaction() as connection:
                connection.execute(delete(webhooks).where(this))
                connection.execute(
                    insert(webhooks).values(town=town, shop=shop, source=source, signature_key=signature_key)
                )
        except IntegrityError:  # another thread or process connected it meanwhile
            self.connect_webhook(town, shop, source, signature_key)

    def webhook_key(self, town: str, shop: str, source: str) -> str | None:
        """The key with which the source signs for the shop; None if it was never connected."""
        with self.transaction() as connection:
            return connection.execute(
                select(webhooks.c.signature_key).where(_webhook(town, shop, source))
            ).scalar_one_or_none()

    def opt_out_key(self, town: str) -> bytes:
        """The key of the town's opt-out list (32 bytes); drawn at the first call."""
        found = select(opt_out_keys.c.key).where(opt_out_keys.c.town == town)
        with self.transaction() as connection:
            key = connection.execute(found).scalar_one_or_none()
        if key is not None:
            return bytes(key)
        drawn = secrets.token_bytes(KEY_BYTES)
        try:
            with self.transaction() as connection:
                connection.execute(insert(opt_out_keys).values(town=town, key=drawn))
        except IntegrityError:  # another thread or process drew it first
            return self.opt_out_key(town)
        return drawn

    def opt_out(self, town: str, mark: bytes) -> bool:
        """Put a mark (16 bytes, see meguri_proto.pseudonyms) on the town's list; False if it stood there."""
        try:
            with self.transaction() as connection:
                connection.execute(insert(opt_outs).values(town=town, mark=mark))
        except IntegrityError:
            return False
        return True

    def take_back_opt_out(self, town: str, mark: bytes) -> bool:
        """Take a mark off the town's list; False if it did not stand there."""
        this = (opt_outs.c.town == town) & (opt_outs.c.mark == mark)
        with self.transaction() as connection:
            return bool(connection.execute(delete(opt_outs).where(this)).rowcount)

    def opt_out_marks(self, town: str) -> list[bytes]:
        """All marks of the town's list, in the order of their bytes."""
        found = select(opt_outs.c.mark).where(opt_outs.c.town == town).order_by(opt_outs.c.mark)
        with self.transaction() as connection:
            return [bytes(mark) for mark in connection.execute(found).scalars()]

    def town_time(self, town: str) -> int | None:
        """What the ticks of a recording town have said, in epoch milliseconds; None before the first."""
        with self.transaction() as connection:
            return connection.execute(
                select(town_times.c.town_time_ms).where(town_times.c.town == town)
            ).scalar_one_or_none()

    def advance_town_time(self, town: str, ms: int) -> int:
        """Move the town's clock to `ms`, never backwards; where it stands now."""
        with self.transaction() as connection:
            moved = connection.execute(
                update(town_times)
                .where(town_times.c.town == town, town_times.c.town_time_ms < ms)
                .values(town_time_ms=ms)
            ).rowcount
        if moved:
            return ms
        now = self.town_time(town)
        if now is not None:
            return now
        try:
            with self.transaction() as connection:
                connection.execute(insert(town_times).values(town=town, town_time_ms=ms))
        except IntegrityError:  # another thread or process ticked first
            return self.advance_town_time(town, ms)
        return ms

    def check(self) -> None:
        """Ask the database for nothing.

        Raises:
            RegistryError: it does not answer.
        """
        with self.transaction() as connection:
            connection.execute(select(1))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose statements hold all together or not at all.

        Raises:
            RegistryError: the database does not answer.
        """
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise RegistryError(f"the registry cannot be used: {error.orig}") from error

    def _upgrade(self) -> None:
        with as_file(files("meguri_kit.registry").joinpath("migrations")) as folder:
            config = Config()
            config.set_main_option("script_location", str(folder).replace("%", "%%"))
            with self.transaction() as connection:
                config.attributes["connection"] = connection
                try:
                    command.upgrade(config, "head")
                except CommandError as error:
                    raise RegistryError(
                        f"the registry was made by a newer Meguri ({error}); start that version"
                    ) from error


def _webhook(town: str, shop: str, source: str) -> ColumnElement[bool]:
    return (webhooks.c.town == town) & (webhooks.c.shop == shop) & (webhooks.c.source == source)


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _make_file(url: URL) -> None:
    """Make the database's file before SQLite does, so that only its owner can read it."""
    if not url.database:
        raise RegistryError("the registry's sqlite URL names no file; expected sqlite:////folder/registry.db")
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise RegistryError(f"the registry {path} cannot be opened: {error.strerror}") from error


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = DELETE")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.execute("PRAGMA temp_store = MEMORY")
    cursor.close()
