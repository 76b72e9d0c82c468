"""One key day of the village: its people, what is heard of them, and that as captures."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from meguri_village.captures import Airwaves
from meguri_village.people import people_of
from meguri_village.receptions import KEPT, receptions_of

if TYPE_CHECKING:
    from meguri_village.people import Village
    from meguri_village.receptions import Receptions


class Day:
    """Everything that happens in the village on a key day; it follows from village and key day alone.

    Args:
        village: the village.
        key_day: its number.
    """

    def __init__(self, village: Village, key_day: int) -> None:
        self.village = village
        self.key_day = key_day
        self.start_ms, self.end_ms = village.town.day_bounds_ms(key_day)
        self.visitors, self.stays = people_of(village, key_day)
        self.receptions = receptions_of(village, key_day, self.visitors, self.stays)
        """All of them, the lost ones too, in the order of sensor and time."""

    def capture(self, sensor: str, from_ms: int, to_ms: int) -> bytes:
        """What reached this sensor from `from_ms` to before `to_ms`, as a pcap file."""
        number = list(self.village.town.sensors).index(sensor)
        first, after = self._delivered_from[number], self._delivered_from[number + 1]
        times = self._delivered.time_us[first:after]
        within = first + np.searchsorted(times, (from_ms * 1_000, to_ms * 1_000))
        return self._air.capture(self._delivered.at(slice(*within.tolist())), number)

    @cached_property
    def _delivered(self) -> Receptions:
        return self.receptions.at(self.receptions.lost == KEPT)

    @cached_property
    def _delivered_from(self) -> list[int]:
        """Where each sensor's receptions begin, and behind the last where they end."""
        numbers = np.arange(len(self.village.town.sensors) + 1)
        found: list[int] = np.searchsorted(self._delivered.sensor, numbers).tolist()
        return found

    @cached_property
    def _air(self) -> Airwaves:
        return Airwaves(self.visitors)
