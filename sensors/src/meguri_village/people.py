"""Who is where in the village on a day: visitors, staff, people who sleep in their cars, and their stays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from meguri_proto.key_days import day_date

from meguri_village.draws import Draws
from meguri_village.habits import Habits
from meguri_village.phones import Phone, phone

if TYPE_CHECKING:
    from meguri_proto.towns import Sensor, Town

    from meguri_village.draws import Integers

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_SATURDAY: Final = 5
_WOKEN_MS: Final = 4 * _MINUTE_MS
"""Phones of people who slept here scan for the first time within so long of the day's start."""


@dataclass(frozen=True)
class Village:
    """A town as it is simulated. Everything that happens in it follows from these four values.

    Args:
        town: its places and sensors; a place without a sensor has no visitors that could be heard.
        seed: of all that is random.
        size: how many people there are, as a multiple of the habits' figures.
        habits: how they behave.
    """

    town: Town
    seed: int
    size: float = 1.0
    habits: Habits = field(default_factory=Habits)

    def __post_init__(self) -> None:
        """Refuse a size that is no size."""
        if not 0 < self.size <= 100:  # noqa: PLR2004 - said in the message
            raise ValueError(f"The village's size is {self.size}; it is a number above 0 and at most 100.")

    @property
    def places(self) -> list[str]:
        """The places that are heard, in the town file's order."""
        return [place for place in self.town.places if self.sensors_of(place)]

    def sensors_of(self, place: str) -> list[Sensor]:
        """The place's sensors, in the town file's order."""
        return [sensor for sensor in self.town.sensors.values() if sensor.place == place]

    def draws(self, *name: str | int) -> Draws:
        """The village's stream of random numbers of this name."""
        return Draws(self.town.town, self.seed, *name)

    def many(self, figure: int) -> int:
        """How many of something there are in a village of this size; at least one."""
        return max(1, round(figure * self.size))


@dataclass(frozen=True)
class Visitor:
    """Somebody with a phone. The name stands in the truth; it is no address."""

    name: str
    phone: Phone


@dataclass(frozen=True)
class Stays:
    """Somebody's times at places, one entry each; a visitor's stays follow each other in time.

    All arrays have the same length; times are epoch milliseconds.
    """

    visitor: Integers
    """Index into the day's visitors."""
    place: Integers
    """Index into the village's places."""
    from_ms: Integers
    to_ms: Integers
    """The first instant at which the visitor is gone."""
    is_quiet: Integers
    """1 if the phone is hardly used: at night, or in a staff room."""


def people_of(village: Village, key_day: int) -> tuple[list[Visitor], Stays]:
    """Everybody who is in the village on a key day, and where they stay when."""
    plan = _Plan(village, key_day)
    if village.places:
        plan.staff()
        plan.overnight(key_day - 1)
        plan.visitors()
        plan.overnight(key_day)
    return plan.people()


class _Plan:
    def __init__(self, village: Village, key_day: int) -> None:
        self._village = village
        self._key_day = key_day
        self._start_ms, self._end_ms = village.town.day_bounds_ms(key_day)
        self._names: list[str] = []
        self._stays: list[Integers] = []

    def staff(self) -> None:
        habits = self._village.habits
        places = self._village.places
        each = self._village.many(habits.staff)
        count = each * len(places)
        draws = self._village.draws("staff", self._key_day)
        members = self._add([f"staff-{place}-{number:02}" for place in places for number in range(each)])
        from_ms = draws.between(*_minutes(habits.staff_from_minutes), count)
        to_ms = draws.between(*_minutes(habits.staff_to_minutes), count)
        self._stay(members, np.repeat(np.arange(len(places)), each), from_ms, to_ms, quiet=1)

    def overnight(self, evening: int) -> None:
        """The people who come in the evening of this key day and leave in the morning of the next."""
        habits = self._village.habits
        count = self._village.many(habits.overnight)
        draws = self._village.draws("overnight", evening)
        members = self._add([f"{day_date(evening)}-night-{number:03}" for number in range(count)])
        first_place = np.zeros(count, np.int64)
        arrival = draws.between(*_minutes(habits.overnight_from_minutes), count)
        departure = draws.between(*_minutes(habits.overnight_to_minutes), count)
        if evening == self._key_day:
            length = np.full(count, self._end_ms - self._start_ms)
            self._stay(members, first_place, arrival, length, quiet=1)
        else:
            self._stay(members, first_place, draws.below(_WOKEN_MS, count), departure, quiet=1)

    def visitors(self) -> None:
        village, habits = self._village, self._village.habits
        date = day_date(self._key_day)
        figure = habits.visitors
        if date.weekday() >= _SATURDAY:
            figure = figure * habits.weekend_percent // 100
        count = village.many(figure)
        draws = village.draws("visitors", self._key_day)
        members = self._add([f"{date}-{number:05}" for number in range(count)])

        places = len(village.places)
        others = [(100 - habits.first_place_percent) // (places - 1)] * (places - 1) if places > 1 else []
        begins = draws.among([habits.first_place_percent, *others], count)
        from_ms = draws.among(habits.arrivals, count) * _HOUR_MS + draws.below(_HOUR_MS, count)
        to_ms = from_ms + self._dwell(draws, begins)
        self._stay(members, begins, from_ms, to_ms)

        goes_on = draws.chances(habits.onward_percent * 10, count) & (places > 1)
        onward = (begins + 1 + draws.below(max(1, places - 1), count)) % places
        onward_ms = to_ms + draws.between(*_minutes(habits.journey_minutes), count)
        onward_to_ms = onward_ms + self._dwell(draws, onward)
        self._stay(members[goes_on], onward[goes_on], onward_ms[goes_on], onward_to_ms[goes_on])

        returns = draws.chances(habits.return_percent * 10, count) & ~goes_on
        away_ms = village.town.gap_ms + draws.between(*_minutes(habits.return_minutes), count)
        back_ms = to_ms + away_ms
        back_to_ms = back_ms + self._dwell(draws, begins)
        self._stay(members[returns], begins[returns], back_ms[returns], back_to_ms[returns])

    def people(self) -> tuple[list[Visitor], Stays]:
        if not self._stays:
            none = np.zeros(0, np.int64)
            return [], Stays(none, none, none, none, none)
        stays = np.concatenate(self._stays, axis=1)
        visitor, place, from_ms, to_ms, quiet = stays[:, np.lexsort((stays[2], stays[0]))]
        to_ms = np.minimum(to_ms, self._end_ms - self._start_ms)
        heard = from_ms < to_ms
        found = Stays(
            visitor[heard],
            place[heard],
            from_ms[heard] + self._start_ms,
            to_ms[heard] + self._start_ms,
            quiet[heard],
        )
        return self._visitors(), found

    def _add(self, names: list[str]) -> Integers:
        first = len(self._names)
        self._names += names
        return np.arange(first, len(self._names))

    def _stay(
        self, visitor: Integers, place: Integers, from_ms: Integers, to_ms: Integers, quiet: int = 0
    ) -> None:
        """Stays of visitors; times in milliseconds after the day's start."""
        self._stays.append(np.stack([visitor, place, from_ms, to_ms, np.full(visitor.size, quiet)]))

    def _dwell(self, draws: Draws, place: Integers) -> Integers:
        habits = self._village.habits
        at_first = draws.from_ranges(habits.dwell_first_minutes, place.size)
        at_others = draws.from_ranges(habits.dwell_other_minutes, place.size)
        minutes = np.where(place == 0, at_first, at_others)
        return minutes * _MINUTE_MS + draws.below(_MINUTE_MS, place.size)

    def _visitors(self) -> list[Visitor]:
        visitors: list[Visitor] = []
        taken: set[bytes] = set()
        for name in self._names:
            attempt = 0
            while (found := self._phone(name, attempt)).address in taken:
                attempt += 1
            taken.add(found.address)
            visitors.append(Visitor(name, found))
        return visitors

    def _phone(self, name: str, attempt: int) -> Phone:
        # By name and not by day, so that who is here on two days has the same phone on both.
        return phone(
            self._village.draws("phone", name, attempt), self._village.habits.network_names_per_mille
        )


def _minutes(bounds: tuple[int, int]) -> tuple[int, int]:
    """Bounds in milliseconds."""
    return bounds[0] * _MINUTE_MS, bounds[1] * _MINUTE_MS
