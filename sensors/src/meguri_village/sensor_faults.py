"""What is wrong with the sensors on a day: clocks that drift, a clock that is off for hours, an outage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from meguri_village.village import MINUTE_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from meguri_village.draws import Integers
    from meguri_village.village import Village

_NOBODY: Final = -1
_FAULTS_FROM: Final = 9 * 60
_FAULTS_TO: Final = 14 * 60
"""Minutes after midnight between which a fault begins: when somebody is there to be missed."""
_AHEAD_OF: Final = 4
"""One in so many clocks that are off is behind; the others are ahead."""
_LEAD_SHARE: Final = 3
"""A clock drifts at most by the lead that the town allows divided by this."""


@dataclass(frozen=True)
class Spell:
    """A time in which something is wrong with one sensor; epoch milliseconds."""

    sensor: int
    """Index into the town's sensors; -1 if nothing is wrong today."""
    from_ms: int
    to_ms: int

    def holds(self, sensor: Integers, time_ms: Integers) -> NDArray[np.bool_]:
        """Whether it is this sensor in this time, for each."""
        found: NDArray[np.bool_] = (sensor == self.sensor) & (time_ms >= self.from_ms)
        return found & (time_ms < self.to_ms)


@dataclass(frozen=True)
class Faults:
    """Everything that is wrong on a day."""

    wrong_us: Integers
    """By how much each sensor's clock is ahead when the day begins, in microseconds."""
    drift_ppm: Integers
    """By how much more with time: microseconds a second, for each sensor."""
    outage: Spell
    """In it the sensor hears nothing."""
    clock_off: Spell
    """In it the sensor's clock is off by `off_ms` more: nothing that it tells can be used."""
    off_ms: int

    def recorded_us(self, sensor: Integers, time_us: Integers, day_start_ms: int) -> Integers:
        """What each sensor's clock says at instants, epoch microseconds."""
        since_s = (time_us - day_start_ms * 1_000) // 1_000_000
        said = time_us + self.wrong_us[sensor] + self.drift_ppm[sensor] * since_s
        off = self.clock_off.holds(sensor, time_us // 1_000)
        return np.where(off, said + self.off_ms * 1_000, said)


def faults_of(village: Village, key_day: int) -> Faults:
    """What is wrong with the sensors on a key day."""
    town, habits = village.town, village.habits
    start_ms, end_ms = town.day_bounds_ms(key_day)
    draws = village.draws("faults", key_day)
    count = len(town.sensors)
    # Half of it from the beginning, half by drift until the end.
    most_ms = min(habits.drift_ms, town.clock_lead_ms // _LEAD_SHARE) // 2
    wrong_us = draws.between(-most_ms * 1_000, most_ms * 1_000 + 1, count)
    ppm = most_ms * 1_000 // max(1, (end_ms - start_ms) // 1_000)
    drift_ppm = draws.between(-ppm, ppm + 1, count)

    outage, clock_off = Spell(_NOBODY, 0, 0), Spell(_NOBODY, 0, 0)
    if draws.chances(habits.outage_per_mille, 1)[0]:
        minutes = int(draws.from_ranges(habits.outage_minutes, 1)[0])
        outage = _spell(village, start_ms, "outage", key_day, minutes)
    if draws.chances(habits.clock_off_per_mille, 1)[0]:
        minutes = int(draws.between(*habits.clock_off_minutes, 1)[0])
        clock_off = _spell(village, start_ms, "clock off", key_day, minutes)
    off_ms = int(draws.between(*habits.clock_off_by_minutes, 1)[0]) * MINUTE_MS
    off_ms += 2 * town.lateness_ms + town.clock_lead_ms
    is_behind = int(draws.below(_AHEAD_OF, 1)[0]) == 0
    return Faults(wrong_us, drift_ppm, outage, clock_off, -off_ms if is_behind else off_ms)


def _spell(village: Village, start_ms: int, name: str, key_day: int, minutes: int) -> Spell:
    draws = village.draws(name, key_day)
    begins = start_ms + int(
        draws.between(village.after_start_ms(_FAULTS_FROM), village.after_start_ms(_FAULTS_TO), 1)[0]
    )
    return Spell(int(draws.below(len(village.town.sensors), 1)[0]), begins, begins + minutes * MINUTE_MS)
