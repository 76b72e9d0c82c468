"""Town time: the wall clock's where the town is live, the replayer's where it is a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguri_proto.towns import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from meguri_kit.registry import Registry
    from meguri_proto.towns import Town

KEY_KEPT_MS = 15 * 60_000
"""How long after its day's end a key is kept, for the sensors whose clocks are behind."""


class Clocks:
    """What time it is in each town, and what follows for its keys. Blocking: it asks the registry.

    Args:
        registry: holds the time of recording towns.
        now_ms: the wall clock, epoch milliseconds.
    """

    def __init__(self, registry: Registry, now_ms: Callable[[], int]) -> None:
        self._registry = registry
        self._now_ms = now_ms
        self._destroyed_before: dict[str, int] = {}

    def town_time_ms(self, town: Town) -> int | None:
        """The town's time; None in a recording town before its first tick."""
        if town.clock is Clock.LIVE:
            return self._now_ms()
        return self._registry.town_time(town.town)

    def advance(self, town: Town, town_time_ms: int) -> int:
        """Move a recording town's clock, never backwards; where it stands now."""
        return self._registry.advance_town_time(town.town, town_time_ms)

    def destroy_keys(self, town: Town, town_time_ms: int) -> int:
        """Destroy the keys whose days ended 15 minutes before this town time; how many there were."""
        before = first_kept_day(town, town_time_ms)
        if self._destroyed_before.get(town.town) == before:
            return 0
        destroyed = self._registry.destroy_keys(town.town, before)
        self._destroyed_before[town.town] = before
        return destroyed


def first_kept_day(town: Town, town_time_ms: int) -> int:
    """The first key day whose key is not destroyed yet at this town time."""
    return town.key_day_at(town_time_ms - KEY_KEPT_MS)
