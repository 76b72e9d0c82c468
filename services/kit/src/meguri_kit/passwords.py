"""Passwords as argon2id hashes, so slow and so large that guessing them is dear."""

from __future__ import annotations

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

SHORTEST = 12
"""Characters. There is no other rule: length is what counts (NIST SP 800-63B)."""
LONGEST = 1_024
_AT_ONCE = 2
"""Hashings at a time: each takes 64 MiB, and whoever is not signed in may ask for one."""


class Passwords:
    """Hashes and checks passwords. Thread-safe; takes some 50 ms of a core, so not for an event loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._nobodys = self._hasher.hash(secrets.token_urlsafe(32))

    def hash(self, password: str) -> str:
        """What to keep of a password: salt, cost and hash in PHC string format."""
        with self._turns:
            return self._hasher.hash(password)

    def fits(self, password: str, kept: str | None) -> bool:
        """Whether it is the password; takes as long where nothing is kept, since there is no such user."""
        with self._turns:
            try:
                return self._hasher.verify(kept or self._nobodys, password) and kept is not None
            except (VerificationError, InvalidHashError):
                return False

    def is_too_cheap(self, kept: str) -> bool:
        """Whether the kept hash was made at another cost than passwords are hashed at now."""
        return self._hasher.check_needs_rehash(kept)
