"""Who is in the village on a day and where: visitors, guests of the night, staff, residents, passers-by.

Things are among them where they carry a radio: a shop's equipment is heard like anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np
from meguri_proto.key_days import day_date
from meguri_proto.towns import PlaceKind

from meguri_village.habits import LANGUAGES, TRANSPORTS, USES
from meguri_village.itineraries import Parties, PartyStays, leaving, visiting
from meguri_village.phones import Phones, draw_phones, equipment_radios, joined
from meguri_village.village import HOUR_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from meguri_village.draws import Draws, Integers
    from meguri_village.village import Village

ROADS: Final = (PlaceKind.ROADSIDE_STATION, PlaceKind.PARKING)
"""Where cars that pass by are heard, at the place's last sensor."""


class Part(IntEnum):
    """What somebody is in the town."""

    VISITOR = 0
    GUEST = 1
    """Stayed the night before."""
    STAFF = 2
    RESIDENT = 3
    EQUIPMENT = 4
    PASSER_BY = 5


class Pace(IntEnum):
    """How a phone is used during a stay, which says how often it scans."""

    IN_USE = 0
    QUIET = 1
    PASSING = 2


@dataclass(frozen=True)
class People:
    """Everybody of a day, one entry each. All arrays and lists have the same length."""

    names: list[str]
    """They stand in the truth; they are no addresses."""
    part: Integers
    """A `Part`."""
    party: Integers
    """Index into the day's parties, -1 for who is in none."""
    is_heard: NDArray[np.bool_]
    """They carry a phone that is heard."""
    phones: Phones


@dataclass(frozen=True)
class Stays:
    """Somebody's times at places, one entry each, in the order of person and time.

    All arrays have the same length; times are epoch milliseconds.
    """

    person: Integers
    """Index into the day's people."""
    place: Integers
    """Index into the village's places."""
    from_ms: Integers
    to_ms: Integers
    """The first instant at which the person is gone."""
    pace: Integers
    """A `Pace`."""

    def at(self, where: NDArray[np.bool_] | Integers) -> Stays:
        """Some of the stays."""
        return Stays(*(getattr(self, each.name)[where] for each in fields(self)))


@dataclass(frozen=True)
class Company:
    """The people who come together, and their stays: what shops and the guide go by."""

    parties: Parties
    names: list[str]
    stays: PartyStays

    def as_rows(self) -> list[tuple[object, ...]]:
        """Name, transport, coach, language, people and whether they stay the night, of each party."""
        parties = self.parties
        return [
            (name, TRANSPORTS[transport], "" if coach < 0 else coach, LANGUAGES[language], size, int(sleeps))
            for name, transport, coach, language, size, sleeps in zip(
                self.names,
                parties.transport.tolist(),
                parties.coach.tolist(),
                parties.language.tolist(),
                parties.size.tolist(),
                parties.sleeps.tolist(),
                strict=True,
            )
        ]


def people_of(village: Village, key_day: int) -> tuple[People, Stays, Company]:
    """Everybody who is in the village on a key day, where they stay when, and who of them came together."""
    start_ms, end_ms = village.town.day_bounds_ms(key_day)
    crowd = _Crowd(village, end_ms - start_ms)
    if village.places:
        crowd.fixtures()
        crowd.staff(key_day)
        crowd.guests(key_day)
        crowd.visitors(key_day)
        crowd.passers_by(key_day)
    return crowd.everybody(start_ms)


class _Crowd:
    def __init__(self, village: Village, day_ms: int) -> None:
        self._village = village
        self._day_ms = day_ms
        self._names: list[str] = []
        self._parts: list[Integers] = []
        self._parties: list[Integers] = []
        self._heard: list[NDArray[np.bool_]] = []
        self._phones: list[Phones] = []
        self._stays: list[tuple[Integers, ...]] = []
        self._companies: list[Company] = []

    def fixtures(self) -> None:
        """Equipment and residents: there day and night, every day, with the same radios."""
        village = self._village
        for part, what in ((Part.EQUIPMENT, "equipment"), (Part.RESIDENT, "residents")):
            names, places = self._per_place(what)
            draws = village.draws("phones", what)
            count = len(names)
            phones = (
                equipment_radios(village, draws, count)
                if part is Part.EQUIPMENT
                else draw_phones(village, draws, count, slot=1)
            )
            members = self._add(names, part, phones)
            nothing, whole = np.zeros(count, np.int64), np.full(count, self._day_ms)
            self._stay(members, places, nothing, whole, Pace.QUIET)

    def staff(self, key_day: int) -> None:
        village, habits = self._village, self._village.habits
        names, places = self._per_place("staff")
        count = len(names)
        phones = draw_phones(village, village.draws("phones", "staff"), count, slot=2)
        members = self._add(names, Part.STAFF, phones)
        draws = village.draws("staff", key_day)
        comes = draws.between(*self._clock(habits.staff_from), count)
        goes = draws.between(*self._clock(habits.staff_to), count)
        self._stay(members, places, comes, goes, Pace.QUIET)

    def guests(self, key_day: int) -> None:
        """Those who came the day before and stayed the night."""
        village = self._village
        parties, names, _ = _visitors(village, key_day - 1)
        phones = _visitors_phones(village, key_day - 1, parties)
        sleeps = parties.sleeps
        guests = parties.at(sleeps)
        company = Company(
            guests,
            [name for name, stays in zip(names, sleeps.tolist(), strict=True) if stays],
            leaving(village, key_day, guests),
        )
        self._company(
            company,
            Part.GUEST,
            phones.at(np.flatnonzero(np.repeat(sleeps, parties.size))),
            village.draws("straggle", "guests", key_day),
        )

    def visitors(self, key_day: int) -> None:
        village = self._village
        parties, names, stays = _visitors(village, key_day)
        phones = _visitors_phones(village, key_day, parties)
        self._company(
            Company(parties, names, stays), Part.VISITOR, phones, village.draws("straggle", key_day)
        )

    def passers_by(self, key_day: int) -> None:
        village, habits = self._village, self._village.habits
        roads = village.of_kind(*ROADS)
        count = len(roads) * village.many(habits.passing_cars)
        if not count:
            return
        draws = village.draws("cars", key_day)
        date = day_date(key_day).isoformat()
        phones = draw_phones(village, village.draws("phones", "cars", key_day), count, slot=5)
        members = self._add([f"{date}-car-{number:04}" for number in range(count)], Part.PASSER_BY, phones)
        hours = draws.among([weight + 2 for weight in habits.arrivals], count)
        starts = np.array([village.after_start_ms(hour * 60) for hour in range(24)], np.int64)
        passes = starts[hours] + draws.below(HOUR_MS, count)
        lasts = draws.between(*habits.passing_ms, count)
        self._stay(members, np.repeat(roads, count // len(roads)), passes, passes + lasts, Pace.PASSING)

    def everybody(self, start_ms: int) -> tuple[People, Stays, Company]:
        none = np.zeros(0, np.int64)
        people = People(
            self._names,
            np.concatenate([none, *self._parts]),
            np.concatenate([none, *self._parties]),
            np.concatenate([none.astype(np.bool_), *self._heard]),
            joined(self._phones),
        )
        columns = [np.concatenate([none, *each]) for each in zip(*self._stays, strict=True)] or [none] * 5
        person, place, from_ms, to_ms, pace = columns
        to_ms = np.minimum(to_ms, self._day_ms)
        order = np.lexsort((from_ms, person))
        order = order[from_ms[order] < to_ms[order]]
        stays = Stays(person, place, from_ms + start_ms, to_ms + start_ms, pace).at(order)
        return people, stays, self._everyone_together()

    def _everyone_together(self) -> Company:
        """The day's parties: first the guests', then the visitors'."""
        if not self._companies:
            none, no = np.zeros(0, np.int64), np.zeros(0, np.bool_)
            return Company(
                Parties(none, none, none, none, none, no, no), [], PartyStays(none, none, none, none, no)
            )
        parties = Parties(
            *(
                np.concatenate([getattr(each.parties, column.name) for each in self._companies])
                for column in fields(Parties)
            )
        )
        first = np.cumsum([0, *(len(each.names) for each in self._companies[:-1])])
        stays = [
            np.concatenate([each.stays.party + at for each, at in zip(self._companies, first, strict=True)])
        ]
        stays += [
            np.concatenate([getattr(each.stays, column.name) for each in self._companies])
            for column in fields(PartyStays)[1:]
        ]
        return Company(parties, [name for each in self._companies for name in each.names], PartyStays(*stays))

    def _company(self, company: Company, part: Part, phones: Phones, draws: Draws) -> None:
        """People of parties: each keeps close to the party's own times."""
        village, parties, stays = self._village, company.parties, company.stays
        first_party = sum(len(each.names) for each in self._companies)
        self._companies.append(company)
        party = np.repeat(np.arange(parties.size.size), parties.size)
        ordinal = np.arange(party.size) - np.repeat(np.cumsum(parties.size) - parties.size, parties.size)
        names = [
            f"{company.names[of]}-{number + 1}"
            for of, number in zip(party.tolist(), ordinal.tolist(), strict=True)
        ]
        members = self._add(names, part, phones, party + first_party)
        # Every stay once for each of the party.
        each = parties.size[stays.party]
        stay = np.repeat(np.arange(stays.party.size), each)
        number = np.arange(stay.size) - np.repeat(np.cumsum(each) - each, each)
        first_member = np.cumsum(parties.size) - parties.size
        person = members[first_member[stays.party[stay]] + number]
        length = stays.to_ms[stay] - stays.from_ms[stay]
        straggle = np.minimum(village.habits.straggle_ms, np.maximum(length // 3, 1))
        comes = stays.from_ms[stay] + draws.below(straggle, stay.size)
        goes = stays.to_ms[stay] - draws.below(straggle, stay.size)
        pace = np.where(stays.at_night[stay], Pace.QUIET, Pace.IN_USE)
        self._stays.append((person, stays.place[stay], comes, goes, pace))

    def _per_place(self, what: str) -> tuple[list[str], Integers]:
        """Names of so many of each place as its kind has, and each one's place."""
        village = self._village
        counts = [
            village.many(figure) if (figure := getattr(USES[kind], what)) else 0 for kind in village.kinds
        ]
        names = [
            f"{what}-{place}-{number:02}"
            for place, count in zip(village.places, counts, strict=True)
            for number in range(count)
        ]
        return names, np.repeat(np.arange(len(counts)), counts)

    def _clock(self, bounds: tuple[int, int]) -> tuple[int, int]:
        least, bound = bounds
        return self._village.after_start_ms(least), self._village.after_start_ms(bound)

    def _add(self, names: list[str], part: Part, phones: Phones, party: Integers | None = None) -> Integers:
        first = len(self._names)
        self._names += names
        count = len(names)
        self._parts.append(np.full(count, part, np.int64))
        self._parties.append(np.full(count, -1, np.int64) if party is None else party)
        self._heard.append(phones.is_heard)
        self._phones.append(phones)
        return np.arange(first, first + count)

    def _stay(
        self, person: Integers, place: Integers, from_ms: Integers, to_ms: Integers, pace: Pace
    ) -> None:
        """Stays; times in milliseconds after the day's start."""
        self._stays.append((person, place, from_ms, to_ms, np.full(person.size, pace, np.int64)))


def _visitors(village: Village, key_day: int) -> tuple[Parties, list[str], PartyStays]:
    parties, stays = visiting(village, key_day)
    date = day_date(key_day).isoformat()
    return parties, [f"{date}-{number:04}" for number in range(parties.size.size)], stays


def _visitors_phones(village: Village, key_day: int, parties: Parties) -> Phones:
    # Slots of their own on every other day, so that who stays the night shares no address with who comes.
    draws = village.draws("phones", "visitors", key_day)
    return draw_phones(village, draws, int(parties.size.sum()), slot=3 + key_day % 2)
