"""People who sign in to pages: users, the one-time links that make them, their sessions."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from meguri_kit.registry.tables import one_time_links, sessions, users

if TYPE_CHECKING:
    from meguri_kit.registry.registry import Registry

LINK_MS = 24 * 3_600_000
"""How long a one-time link is good."""
IDLE_MS = 12 * 3_600_000
"""After so long without a request a session is over."""
LONGEST_NAME = 64
OFFICE = "office"
"""The role that may edit the guides. A role is any string of 16 characters: other pages bring their own."""
_SEEN_STEP_MS = 60_000
"""A session's last request is noted this coarsely, so that not every page writes."""


@dataclass(frozen=True)
class User:
    """Who is signed in, or is about to be."""

    name: str
    role: str


class UserNameError(ValueError):
    """Nobody can have this name; the message says why."""


def user_name(typed: str) -> str:
    """A name as it is kept: the same for every way to type it (NFKC, case folded, one space between words).

    Raises:
        UserNameError: it is empty, too long, or holds what cannot be seen.
    """
    name = " ".join(unicodedata.normalize("NFKC", typed).casefold().split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise UserNameError(f"A user's name has 1 to {LONGEST_NAME} printable characters.")
    return name


class Users:
    """Reads and writes them in the registry. Thread-safe; blocking, so not for an event loop.

    Times are epoch milliseconds. Names are as `user_name` gives them. Tokens are 256 random bits, of which
    only SHA-256 is kept; a password comes as its hash and is never seen here.

    Every method raises RegistryError where the database does not answer.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def everybody(self) -> list[User]:
        """By name."""
        with self._registry.transaction() as connection:
            rows = connection.execute(select(users.c.name, users.c.role).order_by(users.c.name))
            return [User(row.name, row.role) for row in rows]

    def invite(self, name: str, role: str, now_ms: int) -> str:
        """The token of a one-time link by which the name gets a password; earlier ones of it are void."""
        token = secrets.token_urlsafe(32)
        with self._registry.transaction() as connection:
            connection.execute(
                delete(one_time_links).where(
                    (one_time_links.c.name == name) | (one_time_links.c.expires_ms <= now_ms)
                )
            )
            connection.execute(
                insert(one_time_links).values(
                    token_hash=_token_hash(token), name=name, role=role, expires_ms=now_ms + LINK_MS
                )
            )
        return token

    def invited(self, token: str, now_ms: int) -> User | None:
        """Whom the link is for; None if it was used, replaced, is too old or never was."""
        found = select(one_time_links.c.name, one_time_links.c.role).where(
            one_time_links.c.token_hash == _token_hash(token), one_time_links.c.expires_ms > now_ms
        )
        with self._registry.transaction() as connection:
            row = connection.execute(found).one_or_none()
        return row and User(row.name, row.role)

    def accept(self, token: str, password_hash: str, now_ms: int) -> User | None:
        """Use the link up: its user has this password from now on, and no session of before.

        None if the link is no good any more; then nothing is changed.
        """
        invited = self.invited(token, now_ms)
        if invited is None:
            return None
        with self._registry.transaction() as connection:
            used = connection.execute(
                delete(one_time_links).where(one_time_links.c.token_hash == _token_hash(token))
            ).rowcount
            if not used:  # another request was first
                return None
            connection.execute(delete(sessions).where(sessions.c.name == invited.name))
            connection.execute(delete(users).where(users.c.name == invited.name))
            connection.execute(
                insert(users).values(name=invited.name, role=invited.role, password_hash=password_hash)
            )
        return invited

    def remove(self, name: str) -> bool:
        """Take the user away with sessions and links; False if there was none."""
        with self._registry.transaction() as connection:
            connection.execute(delete(sessions).where(sessions.c.name == name))
            connection.execute(delete(one_time_links).where(one_time_links.c.name == name))
            return bool(connection.execute(delete(users).where(users.c.name == name)).rowcount)

    def password_hash(self, name: str) -> str | None:
        """As it was handed over; None if there is no such user."""
        with self._registry.transaction() as connection:
            return connection.execute(
                select(users.c.password_hash).where(users.c.name == name)
            ).scalar_one_or_none()

    def keep_password_hash(self, name: str, password_hash: str) -> None:
        """Keep another hash of the same password, such as a costlier one."""
        with self._registry.transaction() as connection:
            connection.execute(update(users).where(users.c.name == name).values(password_hash=password_hash))

    def open_session(self, name: str, now_ms: int) -> str:
        """A session's token; sessions that are over are forgotten meanwhile."""
        token = secrets.token_urlsafe(32)
        with self._registry.transaction() as connection:
            connection.execute(delete(sessions).where(sessions.c.seen_ms <= now_ms - IDLE_MS))
            connection.execute(
                insert(sessions).values(token_hash=_token_hash(token), name=name, seen_ms=now_ms)
            )
        return token

    def of_session(self, token: str, now_ms: int) -> User | None:
        """Whose session it is, which goes on with this; None if it is over, was closed or never was."""
        this = sessions.c.token_hash == _token_hash(token)
        found = (
            select(users.c.name, users.c.role, sessions.c.seen_ms)
            .join(sessions, sessions.c.name == users.c.name)
            .where(this, sessions.c.seen_ms > now_ms - IDLE_MS)
        )
        with self._registry.transaction() as connection:
            row = connection.execute(found).one_or_none()
        if row is None:
            return None
        if now_ms >= row.seen_ms + _SEEN_STEP_MS:
            with self._registry.transaction() as connection:
                connection.execute(update(sessions).where(this).values(seen_ms=now_ms))
        return User(row.name, row.role)

    def close_session(self, token: str) -> None:
        """Forget the session, if there is one."""
        with self._registry.transaction() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == _token_hash(token)))


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
