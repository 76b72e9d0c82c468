"""What the sensors of a village hear on a day: every frame at every sensor, and what is lost on the way."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from meguri_village.habits import QUIET_GAP_SHARE
from meguri_village.people import Pace
from meguri_village.phones import Naming, made_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from meguri_village.draws import Integers
    from meguri_village.people import People, Stays
    from meguri_village.sensor_faults import Faults
    from meguri_village.village import Village

_STRONGEST_DBM: Final = -20
_WEAKEST_DBM: Final = -127
_STAMP_US: Final = 400
"""How far apart two sensors stamp the same frame at most."""
_BURST_PAUSE_US: Final = 90_000

KEPT: Final = 0
LOST: Final = 1
OUTAGE: Final = 2
CLOCK: Final = 3
CAUSES: Final = ("", "lost on the way", "outage of the sensor", "clock of the sensor")
"""Why a reception did not become part of what was found, by its `lost`."""


@dataclass(frozen=True)
class Receptions:
    """Frames at sensors, one entry each, in the order of sensor and time. All arrays have the same length."""

    sensor: Integers
    """Index into the town's sensors, in the file's order."""
    time_us: Integers
    """Epoch microseconds, as it was."""
    recorded_us: Integers
    """By the sensor's clock."""
    person: Integers
    """Index into the day's people."""
    address: Integers
    """Index into the day's addresses."""
    body: Integers
    """Which of the phone's bodies: 0 asks for any network."""
    sequence_number: Integers
    """0 to 4095."""
    rssi: Integers
    """dBm."""
    counts: NDArray[np.bool_]
    """The signal is at or above the sensor's minimum."""
    lost: Integers
    """KEPT, LOST, OUTAGE or CLOCK. What is of CLOCK reaches Meguri and is of no use to it: refused as ahead
    of the town's clock, or late."""

    def at(self, where: NDArray[np.bool_] | Integers | slice) -> Receptions:
        """Some of the receptions."""
        return Receptions(*(getattr(self, each.name)[where] for each in fields(self)))

    @property
    def was_sent(self) -> NDArray[np.bool_]:
        """What the sensor told, of use or not."""
        return np.isin(self.lost, (KEPT, CLOCK))


@dataclass(frozen=True)
class _Frames:
    """Frames as they are sent, one entry each, in the order of person and time."""

    stay: Integers
    person: Integers
    scan: Integers
    burst: Integers
    body: Integers
    sequence_number: Integers
    is_first: NDArray[np.bool_]
    """Of its scan."""
    time_us: Integers


def receptions_of(
    village: Village, key_day: int, people: People, stays: Stays, faults: Faults
) -> tuple[Receptions, NDArray[np.uint8]]:
    """What is heard of these people during these stays, on this key day and at no other time.

    Returns:
        The receptions, and the addresses (n, 6) that the phones used.
    """
    stays = stays.at(people.is_heard[stays.person])
    frames = _frames(village, key_day, people, stays)
    address, addresses = _addresses(village, key_day, people, frames)
    heard = _heard(village, key_day, stays, frames, faults)
    heard = replace(heard, address=address[heard.address])
    start_ms, end_ms = village.town.day_bounds_ms(key_day)
    within = (heard.time_us < end_ms * 1_000) & (heard.recorded_us >= start_ms * 1_000)
    heard = heard.at(within & (heard.recorded_us < end_ms * 1_000))
    return heard.at(np.lexsort((heard.recorded_us, heard.time_us, heard.sensor))), addresses


def _frames(village: Village, key_day: int, people: People, stays: Stays) -> _Frames:
    """Scans with pauses between them, the bursts of each, and the frames of each burst."""
    habits = village.habits
    draws = village.draws("scans", key_day)
    longest = village.town.gap_ms // QUIET_GAP_SHARE
    is_quiet = stays.pace == Pace.QUIET
    least = np.minimum(np.where(is_quiet, habits.quiet_pause_ms[0], habits.pause_ms[0]), longest // 2)
    most = np.minimum(np.where(is_quiet, habits.quiet_pause_ms[1], habits.pause_ms[1]), longest)

    # As many scans as fit if every pause were the shortest; those past the stay's end fall away.
    fitting = (stays.to_ms - stays.from_ms) // least + 1
    stay = np.repeat(np.arange(fitting.size), fitting)
    first = np.cumsum(fitting) - fitting
    pauses = draws.between(least[stay], most[stay] + 1, stay.size)
    # The first scan comes within a shortest pause of the beginning: nobody scans because he arrives.
    short = np.minimum(least, stays.to_ms - stays.from_ms) // 2 + 1
    pauses[first] = draws.below(short, first.size)
    elapsed = np.cumsum(pauses)
    time_ms = stays.from_ms[stay] + elapsed - (elapsed[first] - pauses[first])[stay]
    within = time_ms < stays.to_ms[stay]
    stay, time_ms = stay[within], time_ms[within]

    bursts = draws.from_ranges(habits.bursts, stay.size)
    scan = np.repeat(np.arange(stay.size), bursts)
    burst_ordinal = _ordinals(bursts)
    many = draws.from_ranges(habits.burst_frames, scan.size)
    burst = np.repeat(np.arange(scan.size), many)
    ordinal = _ordinals(many)
    spacing = draws.between(*habits.frame_spacing_us, scan.size)
    within_ms = draws.below(1_000, stay.size)
    scan = scan[burst]
    time_us = time_ms[scan] * 1_000 + within_ms[scan]
    time_us += burst_ordinal[burst] * _BURST_PAUSE_US + ordinal * spacing[burst]
    is_first = (burst_ordinal[burst] == 0) & (ordinal == 0)
    person = stays.person[stay[scan]]
    bodies = np.array([1 + len(names) for names in people.phones.networks.tolist()], np.int64)
    body = np.where(is_first, 0, np.arange(person.size) % bodies[person])
    # Frames lie in the order of person and time: a phone's first frame is where its person begins.
    running = np.arange(person.size) - np.searchsorted(person, person)
    number = (people.phones.first_sequence_number[person] + running) % 4_096
    return _Frames(stay[scan], person, scan, burst, body, number, is_first, time_us)


def _addresses(
    village: Village, key_day: int, people: People, frames: _Frames
) -> tuple[Integers, NDArray[np.uint8]]:
    """The address of each frame, as an index into the addresses that come with it.

    First come those that phones keep, then those that they made up for a scan or a burst.
    """
    own = frames.person
    kept = people.phones.address
    if village.addresses == "stable":
        return own, kept
    naming = people.phones.naming[own]
    by_scan, by_burst = naming == Naming.SCAN, naming == Naming.BURST
    address = own.copy()
    scans, scan = np.unique(frames.scan[by_scan], return_inverse=True)
    bursts, burst = np.unique(frames.burst[by_burst], return_inverse=True)
    address[by_scan] = len(kept) + scan
    address[by_burst] = len(kept) + scans.size + burst
    invented = made_up(village.draws("made up", key_day), scans.size + bursts.size)
    return address, np.concatenate([kept, invented])


def _heard(village: Village, key_day: int, stays: Stays, frames: _Frames, faults: Faults) -> Receptions:
    """What is heard of frames; an address is the frame's number."""
    habits = village.habits
    draws = village.draws("hearing", key_day)
    minimum = np.array([sensor.minimum_rssi for sensor in village.town.sensors.values()], np.int64)
    how_many, table = _sensors_of_places(village)

    place = stays.place[frames.stay]
    passing_stay = stays.pace == Pace.PASSING
    nearest = draws.below(how_many[stays.place], stays.place.size)
    nearest = np.where(passing_stay, how_many[stays.place] - 1, nearest)
    copies = how_many[place]
    frame = np.repeat(np.arange(place.size), copies)
    which = _ordinals(copies)
    sensor = table[place[frame], which]
    stay = frames.stay[frame]
    is_nearest, is_passing = which == nearest[stay], passing_stay[stay]
    is_certain = is_nearest & frames.is_first[frame]

    hears = np.where(is_nearest, habits.nearest_hears_per_mille, habits.other_hears_per_mille)
    heard = is_certain | (draws.chances(hears, frame.size) & ~(is_passing & ~is_nearest))
    above = np.where(
        is_nearest,
        draws.between(*habits.nearest_signal, frame.size),
        draws.between(*habits.other_signal, frame.size),
    )
    is_far = is_passing & ~draws.chances(habits.passing_strong_per_mille, frame.size)
    above = np.where(is_far, draws.between(*habits.passing_signal, frame.size), above)
    strongest = np.maximum(_STRONGEST_DBM, minimum)
    rssi = np.clip(minimum[sensor] + above, _WEAKEST_DBM, strongest[sensor])

    time_us = frames.time_us[frame] + draws.below(_STAMP_US, frame.size)
    start_ms, _ = village.town.day_bounds_ms(key_day)
    lost = np.where(draws.chances(habits.lost_per_mille, frame.size), LOST, KEPT)
    lost[faults.clock_off.holds(sensor, time_us // 1_000) & (lost == KEPT)] = CLOCK
    lost[faults.outage.holds(sensor, time_us // 1_000)] = OUTAGE

    return Receptions(
        sensor,
        time_us,
        faults.recorded_us(sensor, time_us, start_ms),
        frames.person[frame],
        frame,
        frames.body[frame],
        frames.sequence_number[frame],
        rssi,
        rssi >= minimum[sensor],
        lost,
    ).at(heard)


def _sensors_of_places(village: Village) -> tuple[Integers, Integers]:
    """How many sensors each place has, and (places, most) their numbers."""
    numbers = {sensor: number for number, sensor in enumerate(village.town.sensors)}
    of_place = [[numbers[each.sensor] for each in village.sensors_of(place)] for place in village.places]
    how_many = np.array([len(each) for each in of_place], np.int64)
    table = np.zeros((len(of_place), max(map(len, of_place), default=0)), np.int64)
    for row, each in enumerate(of_place):
        table[row, : len(each)] = each
    return how_many, table


def _ordinals(counts: Integers) -> Integers:
    """0, 1, ... within each run of so many."""
    return np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
