"""Why the office's pages do not do what was asked: a sentence in the reader's language."""

from __future__ import annotations


class RefusedError(Exception):
    """What was asked is not done.

    Args:
        key: of the sentence, in `messages/`.
        status: of HTTP.
        values: of the sentence's `{name}`s.
    """

    def __init__(self, key: str, status: int = 422, **values: object) -> None:
        super().__init__(f"{key} {values}" if values else key)
        self.key = key
        self.status = status
        self.values = values


class SignInNeededError(Exception):
    """Nobody is signed in."""
