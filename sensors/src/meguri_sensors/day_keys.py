"""The town's keys of the day, as ingest hands them out: which instant belongs to which key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from meguri_proto.pseudonyms import key_check

if TYPE_CHECKING:
    from collections.abc import Callable

_ASKED_AHEAD_MS: Final = 24 * 3_600_000
"""How far ahead keys are asked for: one request a day."""
_KEPT_MS: Final = 3_600_000
"""A key that ended longer ago than this before the instant asked for is forgotten."""
NOT_HANDED_OUT: Final = "not_handed_out"
"""The reason where ingest's answer names neither a key nor why there is none."""


@dataclass(frozen=True)
class DayKey:
    """The key of one key day, which lasts from `start_ms` to before `end_ms` (epoch milliseconds)."""

    key_day: int
    start_ms: int
    end_ms: int
    key: bytes = field(repr=False)

    @property
    def check(self) -> int:
        """The check value by which ingest sees that this key was used."""
        return key_check(self.key)


@dataclass(frozen=True)
class NoKey:
    """Why there is no key for the instants from `start_ms` to before `end_ms`."""

    start_ms: int
    end_ms: int
    reason: str


@dataclass(frozen=True)
class KeysAnswer:
    """What ingest answers to a question for keys: the town's rules, its keys, and what it has none for."""

    town: str
    gap_ms: int
    lateness_ms: int
    keys: tuple[DayKey, ...]
    unavailable: tuple[tuple[int, str], ...]
    """Key day and reason."""


class DayKeys:
    """The key of any instant; asks ingest when it does not know.

    Args:
        ask: answers a question for the keys of the instants from the first (inclusive) to the second.
    """

    def __init__(self, ask: Callable[[int, int], KeysAnswer]) -> None:
        self._ask = ask
        self._known: list[DayKey | NoKey] = []
        self._answer: KeysAnswer | None = None

    def at(self, time_ms: int) -> DayKey | NoKey:
        """The key of the key day to which the instant belongs, or why there is none.

        Raises:
            UplinkError: ingest did not answer.
        """
        return self._look_up(time_ms) or self._fetch(time_ms)

    def rules_at(self, time_ms: int) -> KeysAnswer:
        """The answer in which the town's gap and lateness stood last, asked for if there was none yet.

        Raises:
            UplinkError: ingest did not answer.
        """
        if self._answer is None:
            self.at(time_ms)
        assert self._answer is not None  # noqa: S101 - an instant is only known from an answer
        return self._answer

    def _look_up(self, time_ms: int) -> DayKey | NoKey | None:
        return next((known for known in self._known if known.start_ms <= time_ms < known.end_ms), None)

    def _fetch(self, time_ms: int) -> DayKey | NoKey:
        to_ms = time_ms + _ASKED_AHEAD_MS
        self._answer = answer = self._ask(time_ms, to_ms)
        self._known = [known for known in self._known if known.end_ms > time_ms - _KEPT_MS]
        self._known += [key for key in answer.keys if key not in self._known]
        found = self._look_up(time_ms)
        if found is None:
            # The answer gives no bounds of a day that has no key: it lasts until a day that has one begins.
            following = [known.start_ms for known in self._known if known.start_ms > time_ms]
            reason = answer.unavailable[0][1] if answer.unavailable else NOT_HANDED_OUT
            found = NoKey(time_ms, min([to_ms, *following]), reason)
            self._known.append(found)
        return found
