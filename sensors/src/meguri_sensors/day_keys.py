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
HANDED_OUT_AHEAD_MS: Final = 8 * 24 * 3_600_000
"""Ingest hands out no key that is further ahead of town time."""
DESTROYED_AFTER_MS: Final = 15 * 60_000
"""After a day's end its key is not needed any more: what was captured before that has been read."""
_LOOK_AGAIN_MS: Final = 1_000
"""For how long it holds that there is no key."""
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


def no_key_at(time_ms: int) -> NoKey:
    """That there is no key for an instant, which is to be asked again soon."""
    return NoKey(time_ms, time_ms + _LOOK_AGAIN_MS, NOT_HANDED_OUT)


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


class KeysAhead:
    """The keys of the coming days, for a sensor that goes on while ingest is away.

    One thread asks for them, another looks them up. They are in memory only: a sensor that is carried away
    holds no key once it has no power.

    Args:
        ask: answers a question for the keys of the instants from the first (inclusive) to the second.
    """

    def __init__(self, ask: Callable[[int, int], KeysAnswer]) -> None:
        self._ask = ask
        self._keys: tuple[DayKey, ...] = ()

    def at(self, time_ms: int) -> DayKey | NoKey:
        """The key of the key day to which the instant belongs, or why there is none; asks nobody."""
        for key in self._keys:
            if key.start_ms <= time_ms < key.end_ms:
                return key
        return no_key_at(time_ms)

    @property
    def until_ms(self) -> int | None:
        """The end of the last day that has a key; None if none has."""
        return max((key.end_ms for key in self._keys), default=None)

    def refresh(self, now_ms: int) -> None:
        """Ask for the keys of now and of the next eight days.

        A key that ingest has replaced by another is replaced here; without an answer all stay.

        Raises:
            UplinkError: ingest did not answer.
        """
        answer = self._ask(now_ms, now_ms + HANDED_OUT_AHEAD_MS)
        known = {key: key for key in self._keys}
        fresh = [known.get(key, key) for key in answer.keys]
        ending = [key for key in self._keys if key.end_ms <= now_ms]
        self._keys = (*ending, *fresh)

    def forget(self, now_ms: int) -> None:
        """Destroy the keys of days that ended 15 minutes ago."""
        self._keys = tuple(key for key in self._keys if now_ms < key.end_ms + DESTROYED_AFTER_MS)
