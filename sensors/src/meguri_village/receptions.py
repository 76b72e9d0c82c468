"""What the sensors of a village hear on a day: every frame at every sensor, and what is lost on the way."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import numpy as np

from meguri_village.habits import OUTAGE_GAP_SHARE, QUIET_GAP_SHARE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from meguri_village.draws import Integers
    from meguri_village.people import Stays, Village, Visitor

_MINUTE_MS: Final = 60_000
_STRONGEST_DBM: Final = -20
_WEAKEST_DBM: Final = -127
_STAMP_US: Final = 400
"""How far apart two sensors stamp the same frame at most."""

KEPT: Final = 0
LOST: Final = 1
OUTAGE: Final = 2
CAUSES: Final = ("", "lost on the way", "outage of the sensor")
"""Why a reception was lost, by its `lost`."""


@dataclass(frozen=True)
class Receptions:
    """Frames at sensors, one entry each, in the order of sensor and time. All arrays have the same length."""

    sensor: Integers
    """Index into the town's sensors, in the file's order."""
    time_us: Integers
    """Epoch microseconds at the sensor."""
    stay: Integers
    """Index into the day's stays."""
    visitor: Integers
    """Index into the day's visitors."""
    body: Integers
    """Which of the phone's bodies: 0 asks for any network."""
    sequence_number: Integers
    """0 to 4095."""
    rssi: Integers
    """dBm."""
    counts: NDArray[np.bool_]
    """The signal is at or above the sensor's minimum."""
    lost: Integers
    """KEPT, LOST or OUTAGE: what is lost reaches nobody."""

    def at(self, where: NDArray[np.bool_] | Integers | slice) -> Receptions:
        """Some of the receptions."""
        return Receptions(*(getattr(self, each.name)[where] for each in fields(self)))


@dataclass(frozen=True)
class _Frames:
    """Frames as they are sent, one entry each, in the order of stay and time."""

    stay: Integers
    ordinal: Integers
    """Within its scan, from 0."""
    time_us: Integers


def receptions_of(village: Village, key_day: int, visitors: list[Visitor], stays: Stays) -> Receptions:
    """What is heard of these visitors during these stays, on this key day and at no other time."""
    frames = _frames(village, key_day, stays)
    heard = _heard(village, key_day, visitors, stays, frames)
    start_ms, end_ms = village.town.day_bounds_ms(key_day)
    heard = heard.at((heard.time_us >= start_ms * 1_000) & (heard.time_us < end_ms * 1_000))
    return heard.at(np.lexsort((heard.time_us, heard.sensor)))


def _frames(village: Village, key_day: int, stays: Stays) -> _Frames:
    """Scans with pauses between them, and the frames of each.

    This is where phones that change their address come in: with each scan's frames.
    """
    habits = village.habits
    draws = village.draws("scans", key_day)
    longest = village.town.gap_ms // QUIET_GAP_SHARE
    in_use, quiet = habits.pause_ms, habits.quiet_pause_ms
    least = np.minimum(np.where(stays.is_quiet, quiet[0], in_use[0]), longest // 2)
    most = np.minimum(np.where(stays.is_quiet, quiet[1], in_use[1]), longest)

    # As many scans as fit if every pause were the shortest; those past the stay's end fall away.
    fitting = (stays.to_ms - stays.from_ms) // least + 1
    stay = np.repeat(np.arange(fitting.size), fitting)
    is_first = np.zeros(stay.size, np.bool_)
    first = np.cumsum(fitting) - fitting
    is_first[first] = True
    pauses = draws.between(least[stay], most[stay] + 1, stay.size)
    elapsed = np.cumsum(np.where(is_first, 0, pauses))
    time_ms = stays.from_ms[stay] + elapsed - elapsed[first][stay]
    within = time_ms < stays.to_ms[stay]
    stay, time_ms = stay[within], time_ms[within]

    count = draws.from_ranges(habits.burst_frames, stay.size)
    scan = np.repeat(np.arange(stay.size), count)
    ordinal = np.arange(scan.size) - np.repeat(np.cumsum(count) - count, count)
    spacing = draws.between(*habits.frame_spacing_us, stay.size)
    time_us = time_ms[scan] * 1_000 + draws.below(1_000, stay.size)[scan] + ordinal * spacing[scan]
    return _Frames(stay[scan], ordinal, time_us)


def _heard(
    village: Village, key_day: int, visitors: list[Visitor], stays: Stays, frames: _Frames
) -> Receptions:
    habits = village.habits
    sensors = list(village.town.sensors.values())
    sensor_numbers = {sensor.sensor: number for number, sensor in enumerate(sensors)}
    minimum = np.array([sensor.minimum_rssi for sensor in sensors], np.int64)
    of_place = [[sensor_numbers[s.sensor] for s in village.sensors_of(place)] for place in village.places]
    how_many = np.array([len(numbers) for numbers in of_place], np.int64)
    table = np.zeros((len(of_place), max(map(len, of_place), default=0)), np.int64)
    for row, numbers in enumerate(of_place):
        table[row, : len(numbers)] = numbers

    draws = village.draws("hearing", key_day)
    place = stays.place[frames.stay]
    copies = how_many[place]
    nearest = draws.below(how_many[stays.place], stays.place.size)
    frame = np.repeat(np.arange(place.size), copies)
    which = np.arange(frame.size) - np.repeat(np.cumsum(copies) - copies, copies)
    sensor = table[place[frame], which]
    stay, ordinal = frames.stay[frame], frames.ordinal[frame]
    is_nearest = which == nearest[stay]
    is_certain = is_nearest & (ordinal == 0)

    hears = np.where(is_nearest, habits.nearest_hears_per_mille, habits.other_hears_per_mille)
    heard = is_certain | (draws.below(1_000, frame.size) < hears)
    above = np.where(
        is_nearest,
        draws.between(*habits.nearest_signal, frame.size),
        draws.between(*habits.other_signal, frame.size),
    )
    strongest = np.maximum(_STRONGEST_DBM, minimum)
    rssi = np.clip(minimum[sensor] + above, _WEAKEST_DBM, strongest[sensor])
    time_us = frames.time_us[frame] + draws.below(_STAMP_US, frame.size)

    lost = np.where(~is_certain & draws.chances(habits.lost_per_mille, frame.size), LOST, KEPT)
    silent_from_us, silent_to_us, silent = _outage(village, key_day, len(sensors))
    lost[(sensor == silent) & (time_us >= silent_from_us) & (time_us < silent_to_us)] = OUTAGE

    visitor = stays.visitor[frames.stay]
    bodies = np.array([1 + len(each.phone.network_names) for each in visitors], np.int64)
    first_numbers = np.array([each.phone.first_sequence_number for each in visitors], np.int64)
    body = frames.ordinal % bodies[visitor]
    # Frames lie in the order of visitor and time: a phone's first frame is where its visitor begins.
    running = np.arange(visitor.size) - np.searchsorted(visitor, visitor)
    sequence_number = (first_numbers[visitor] + running) % 4_096
    return Receptions(
        sensor,
        time_us,
        stay,
        visitor[frame],
        body[frame],
        sequence_number[frame],
        rssi,
        rssi >= minimum[sensor],
        lost,
    ).at(heard)


def _outage(village: Village, key_day: int, sensors: int) -> tuple[int, int, int]:
    """From when until when (epoch microseconds) which sensor hears nothing."""
    habits = village.habits
    draws = village.draws("outage", key_day)
    start_ms, _ = village.town.day_bounds_ms(key_day)
    least, bound = habits.outage_from_minutes
    begins_ms = start_ms + int(draws.between(least * _MINUTE_MS, bound * _MINUTE_MS, 1)[0])
    lasts_ms = min(habits.outage_minutes * _MINUTE_MS, village.town.gap_ms // OUTAGE_GAP_SHARE)
    silent = int(draws.below(sensors, 1)[0])
    return begins_ms * 1_000, (begins_ms + lasts_ms) * 1_000, silent
