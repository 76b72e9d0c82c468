"""How often somebody tried to sign in under a name, so that guessing takes longer than anybody has."""

from __future__ import annotations

from collections import OrderedDict

FREE = 3
"""Attempts that need not wait."""
LONGEST_WAIT_MS = 60_000
FORGOTTEN_AFTER_MS = 3_600_000
MOST_NAMES = 10_000
"""Names remembered at a time; the one not tried for the longest goes first."""


class Attempts:
    """Counts by name alone: whose attempt it was is not looked at. In memory: a restart forgets.

    After `FREE` attempts without success the next has to wait a second, then two, four, up to
    `LONGEST_WAIT_MS`: a name can be tried some 1,440 times a day, from however many places.
    """

    def __init__(self) -> None:
        self._tried: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def admit(self, name: str, now_ms: int) -> bool:
        """Whether the name may be tried now; then this counts as an attempt, until it `succeeded`."""
        count, last_ms = self._tried.get(name, (0, 0))
        if now_ms - last_ms > FORGOTTEN_AFTER_MS:
            count = 0
        if count >= FREE and now_ms < last_ms + min(LONGEST_WAIT_MS, 1_000 * 2 ** (count - FREE)):
            return False
        self._tried[name] = (count + 1, now_ms)
        self._tried.move_to_end(name)
        if len(self._tried) > MOST_NAMES:
            self._tried.popitem(last=False)
        return True

    def succeeded(self, name: str) -> None:
        """The name's attempts are forgotten."""
        self._tried.pop(name, None)
