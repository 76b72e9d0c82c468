"""One key day of the village: its people, what is heard of them, what they buy and what they read."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from meguri_village.captures import Airwaves
from meguri_village.gate_counts import counts_of
from meguri_village.guide_use import guide_use
from meguri_village.people import people_of
from meguri_village.receptions import receptions_of
from meguri_village.sensor_faults import faults_of
from meguri_village.shops import tellings_of
from meguri_village.village import MINUTE_MS

if TYPE_CHECKING:
    from meguri_village.gate_counts import Count
    from meguri_village.guide_use import Answer, Use
    from meguri_village.receptions import Receptions
    from meguri_village.shops import Telling
    from meguri_village.village import Village

_WATCHED_MS: Final = 10 * MINUTE_MS
"""While a clock is off, what is heard is delivered in spans of at most this (or the town's lateness)."""


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
        self.people, self.stays, self.company = people_of(village, key_day)
        self.faults = faults_of(village, key_day)
        self.receptions, self.addresses = receptions_of(
            village, key_day, self.people, self.stays, self.faults
        )
        """All of them, the lost ones too, in the order of sensor and time; and the addresses they show."""

    @cached_property
    def tellings(self) -> list[Telling]:
        """What the tills tell, in the order of telling."""
        return tellings_of(self.village, self.key_day, self.company)

    @cached_property
    def counts(self) -> list[Count]:
        """What the counting sensors count, in the order of counter and time."""
        return counts_of(self.village, self.key_day, self.people, self.stays)

    @property
    def uses(self) -> list[Use]:
        """The uses of the guide, in the order of time."""
        return self._guide[0]

    @property
    def answers(self) -> list[Answer]:
        """The answers to its questions, in the order of time."""
        return self._guide[1]

    def capture(self, sensor: str, from_ms: int, to_ms: int) -> bytes:
        """What this sensor told of what it heard from `from_ms` to before `to_ms`, as a pcap file.

        The file's times are those of the sensor's clock.
        """
        number = list(self.village.town.sensors).index(sensor)
        first, after = self._sent_from[number], self._sent_from[number + 1]
        times = self._sent.time_us[first:after]
        within = first + np.searchsorted(times, (from_ms * 1_000, to_ms * 1_000))
        return self._air.capture(self._sent.at(slice(*within.tolist())), number)

    @cached_property
    def cuts(self) -> list[int]:
        """Instants that no delivery may span, in order, the day's end the last (epoch milliseconds).

        While a sensor's clock is off, its detections are refused or late for sure only if they are delivered
        soon: the town's clock must not have gone on to where the sensor's is.
        """
        spell = self.faults.clock_off
        first, last = max(spell.from_ms, self.start_ms), min(spell.to_ms, self.end_ms)
        step = max(1_000, min(_WATCHED_MS, self.village.town.lateness_ms))
        return [*range(first, last, step), *([last] if first < last else []), self.end_ms]

    @cached_property
    def _sent(self) -> Receptions:
        return self.receptions.at(self.receptions.was_sent)

    @cached_property
    def _sent_from(self) -> list[int]:
        """Where each sensor's receptions begin, and behind the last where they end."""
        numbers = np.arange(len(self.village.town.sensors) + 1)
        found: list[int] = np.searchsorted(self._sent.sensor, numbers).tolist()
        return found

    @cached_property
    def _air(self) -> Airwaves:
        return Airwaves(self.people.phones, self.addresses)

    @cached_property
    def _guide(self) -> tuple[list[Use], list[Answer]]:
        return guide_use(self.village, self.key_day, self.company)
