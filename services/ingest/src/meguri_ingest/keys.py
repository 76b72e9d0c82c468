"""Which key days' keys a sensor may have. Blocking: it asks the registry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meguri_kit.registry import KeyDestroyedError

from meguri_ingest.clocks import first_kept_day

if TYPE_CHECKING:
    from meguri_kit.registry import Registry
    from meguri_proto.towns import Town

DAY_MS = 24 * 3_600_000
AHEAD_MS = 8 * DAY_MS
"""How far ahead of town time a key is handed out: what a sensor without a connection can live on."""
LONGEST_MS = 40 * DAY_MS
"""The longest span of one question."""
LATEST_MS = 253_370_764_800_000
"""The year 9999: no instant after it has a date."""

DESTROYED = "destroyed"
TOO_FAR_AHEAD = "too_far_ahead"


class SpanError(Exception):
    """The span asked for cannot be answered; the message says why."""


@dataclass(frozen=True)
class DayKey:
    """The key of one key day, from its first instant to the next day's."""

    key_day: int
    start_ms: int
    end_ms: int
    key: bytes = field(repr=False)


@dataclass(frozen=True)
class Keys:
    """What may be handed out of a span, and why the rest may not (key day, reason)."""

    keys: list[DayKey]
    unavailable: list[tuple[int, str]]


def hand_out(
    registry: Registry, town: Town, town_time_ms: int | None, from_ms: int | None, to_ms: int | None
) -> Keys:
    """The keys of the key days that overlap the instants from `from_ms` to before `to_ms`.

    Args:
        registry: holds the keys and draws those that nobody asked for yet.
        town: whose keys.
        town_time_ms: None in a recording town before its first tick; then any day's key is handed out.
        from_ms: by default town time.
        to_ms: by default eight days after `from_ms`.

    Raises:
        SpanError: the span is empty, longer than 40 days or outside of the calendar, or there is no town
            time to begin with.
        RegistryError: the registry does not answer.
    """
    first_ms = town_time_ms if from_ms is None else from_ms
    if first_ms is None:
        raise SpanError("The town has no time yet; say from_ms.")
    end_ms = first_ms + AHEAD_MS if to_ms is None else to_ms
    if not 0 <= first_ms < end_ms <= LATEST_MS:
        raise SpanError("from_ms is to be before to_ms, both in epoch milliseconds.")
    if end_ms - first_ms > LONGEST_MS:
        raise SpanError("One question may span 40 days at most.")
    keys, unavailable = [], []
    for day in range(town.key_day_at(first_ms), town.key_day_at(end_ms - 1) + 1):
        if town_time_ms is not None and day < first_kept_day(town, town_time_ms):
            unavailable.append((day, DESTROYED))
        elif town_time_ms is not None and day > town.key_day_at(town_time_ms + AHEAD_MS):
            unavailable.append((day, TOO_FAR_AHEAD))
        else:
            try:
                keys.append(DayKey(day, *town.day_bounds_ms(day), registry.day_key(town.town, day)))
            except KeyDestroyedError:
                unavailable.append((day, DESTROYED))
    return Keys(keys, unavailable)
