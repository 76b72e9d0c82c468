"""Where the parties of a day go: when they come, how, and their stays at places one after another.

All times are milliseconds after the key day's start.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import numpy as np
from meguri_proto.towns import PlaceKind

from meguri_village.habits import TRANSPORTS, USES
from meguri_village.outlook import Outlook, Weather, outlook
from meguri_village.village import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from meguri_village.draws import Draws, Integers
    from meguri_village.village import Village

    Truths = NDArray[np.bool_]

DAY_MS: Final = 24 * HOUR_MS
CAR, BUS, COACH = range(len(TRANSPORTS))
_NO_COACH: Final = -1
_NOON: Final = 12 * 60
_MAIN: Final = (PlaceKind.CAVE, PlaceKind.ROADSIDE_STATION)
"""What a town is visited for, the first of these that it has."""


@dataclass(frozen=True)
class Parties:
    """People who come together, one entry each. All arrays have the same length."""

    transport: Integers
    """Index into `TRANSPORTS`."""
    coach: Integers
    """Number of the tour coach within the day, -1 for none."""
    language: Integers
    """Index into `LANGUAGES`."""
    size: Integers
    """People."""
    arrival_ms: Integers
    sleeps: Truths
    """They stay the night."""
    in_car: Truths
    """They do so in their car."""

    def at(self, where: Truths) -> Parties:
        """Some of the parties."""
        return Parties(*(getattr(self, each.name)[where] for each in fields(self)))


@dataclass(frozen=True)
class PartyStays:
    """Stays of parties, one entry each, in the order of party and time; those of a party do not overlap."""

    party: Integers
    place: Integers
    """Index into the village's places."""
    from_ms: Integers
    to_ms: Integers
    """The first instant at which they are gone."""
    at_night: Truths


def visiting(village: Village, key_day: int) -> tuple[Parties, PartyStays]:
    """The parties that come on a key day, and their stays on it."""
    parties = _parties(village, key_day, outlook(village, key_day))
    return parties, _Route(village, parties, village.draws("routes", key_day)).day(
        rains=outlook(village, key_day).weather is not Weather.FINE
    )


def leaving(village: Village, key_day: int, guests: Parties) -> PartyStays:
    """The stays of parties that stayed the night before a key day."""
    return _Route(village, guests, village.draws("mornings", key_day)).morning()


def _parties(village: Village, key_day: int, day: Outlook) -> Parties:
    habits = village.habits
    main = next((kind for kind in _MAIN if village.of_kind(kind)), None)
    people = habits.people_elsewhere if main is None else habits.people.get(main, habits.people_elsewhere)
    wanted = village.many(people * day.crowd_per_mille // 1_000)
    draws = village.draws("parties", key_day)
    transport = draws.among(habits.transports, wanted)
    size = draws.among(habits.party_sizes, wanted) + 1
    # A coach's party stands for one party; as many coaches as their parties fill.
    on_coach = transport == COACH
    filled = draws.between(*habits.coach_parties, wanted)
    coach = np.where(on_coach, np.searchsorted(np.cumsum(filled), np.cumsum(on_coach)), _NO_COACH)
    # As many parties as make that many people.
    count = int(np.searchsorted(np.cumsum(size), wanted)) + 1
    transport, size, coach = transport[:count], size[:count], coach[:count]

    arrival = _within_hours(draws, habits.arrivals, count, village)
    by_bus = transport == BUS
    every = habits.bus_every_minutes * MINUTE_MS
    arrival = np.where(by_bus, (arrival // every + 1) * every, arrival)
    coaches = max(0, int(coach.max(initial=_NO_COACH))) + 1
    coach_arrival = _within_hours(draws, habits.coach_arrivals, coaches, village)
    arrival = np.where(coach >= 0, coach_arrival[coach], arrival)

    language = draws.among(habits.languages, count)
    coach_language = draws.among(habits.coach_languages, coaches)
    language = np.where(coach >= 0, coach_language[coach], language)
    hotels, roadside = village.of_kind(PlaceKind.HOTEL), village.of_kind(PlaceKind.ROADSIDE_STATION)
    stays = draws.chances(habits.sleeps_per_mille, count) & (arrival >= village.after_start_ms(_NOON))
    stays &= (coach < 0) & bool(hotels or roadside)
    in_car = stays & (transport == CAR) & bool(roadside)
    in_car &= draws.chances(habits.sleeps_in_car_per_mille, count) | (not hotels)
    return Parties(transport, coach, language, size, arrival, stays & (in_car | bool(hotels)), in_car)


def _within_hours(draws: Draws, weights: tuple[int, ...], size: int, village: Village) -> Integers:
    """Times of a day whose hours have these weights."""
    hour = draws.among(weights, size)
    starts = np.array([village.after_start_ms(hour * 60) for hour in range(24)], np.int64)
    return starts[hour] + draws.below(HOUR_MS, size)


class _Route:
    """Leads parties from place to place: `now` is when each is free to go on."""

    def __init__(self, village: Village, parties: Parties, draws: Draws) -> None:
        self._village = village
        self._habits = village.habits
        self._parties = parties
        self._draws = draws
        self._count = parties.size.size
        self._now = parties.arrival_ms.copy()
        self._everyone = np.ones(self._count, np.bool_)
        self._stays: list[tuple[Integers, Integers, Integers, Integers, Truths]] = []

    def day(self, *, rains: bool) -> PartyStays:
        village, habits, parties = self._village, self._habits, self._parties
        streets, caves = village.of_kind(PlaceKind.STREET), village.of_kind(PlaceKind.CAVE)
        gate = self._gate()
        self._visit(self._everyone, gate, walks=False)
        self._stroll(streets, habits.street_before_per_mille, among=self._everyone)
        inside = self._cave(caves)
        self._meal()
        sights = village.of_kind(PlaceKind.SIGHT)
        share = habits.sight_in_rain_per_mille if rains else habits.sight_per_mille
        for sight in sights:
            # Where there is nothing else to see, everybody came for it.
            self._visit(self._some(share if caves or len(village.places) > 1 else 1_000), sight)
        roadside = village.of_kind(PlaceKind.ROADSIDE_STATION)
        for station in roadside:
            self._visit(self._some(habits.roadside_per_mille) & (gate != station), station)
        self._stroll(streets, habits.street_after_per_mille, among=inside if caves else self._everyone)
        self._visit(~parties.sleeps & self._is_stop(gate), gate)
        self._sleep()
        return self._all()

    def morning(self) -> PartyStays:
        village, habits = self._village, self._habits
        least, bound = habits.wakes
        begins, ends = village.after_start_ms(least), village.after_start_ms(bound)
        wakes = self._draws.between(begins, ends, self._count)
        place = self._beds()
        nothing = np.zeros(self._count, np.int64)
        self._add(self._everyone, place, nothing, wakes, at_night=True)
        self._now = wakes
        outings = village.of_kind(
            PlaceKind.ROADSIDE_STATION, PlaceKind.SIGHT, PlaceKind.STREET, PlaceKind.CAVE
        )
        if outings:
            where = np.array(outings)[self._draws.below(len(outings), self._count)]
            self._visit(self._some(habits.morning_outing_per_mille) & (where != place), where)
        return self._all()

    def _gate(self) -> Integers:
        """Where each party sets foot in the town."""
        village = self._village
        stations = village.of_kind(PlaceKind.ROADSIDE_STATION)
        parking = village.of_kind(PlaceKind.PARKING) or stations
        stops = village.of_kind(PlaceKind.BUS_STOP)
        by_road = parking[0] if parking else 0
        by_bus = stops[0] if stops else by_road
        return np.where(self._parties.transport == BUS, by_bus, by_road)

    def _is_stop(self, gate: Integers) -> Truths:
        """Whether they come by the gate again when they leave: a roadside station they have seen."""
        stops = self._village.of_kind(PlaceKind.PARKING, PlaceKind.BUS_STOP)
        return np.isin(gate, stops)

    def _cave(self, caves: list[int]) -> Truths:
        """Through the cave from its first place to its last, and for some back to the first."""
        if not caves:
            return ~self._everyone
        inside = self._visit(self._some(self._habits.cave_per_mille), caves[0])
        for place in caves[1:]:
            self._visit(inside, place, late=True)
        if len(caves) > 1:
            back = inside & self._some(self._habits.cave_back_per_mille)
            self._visit(back, caves[0], late=True, share=3)
        return inside

    def _meal(self) -> None:
        habits, village = self._habits, self._village
        places = village.of_kind(PlaceKind.RESTAURANT) or village.of_kind(
            PlaceKind.STREET, PlaceKind.ROADSIDE_STATION
        )
        if not places:
            return
        noon = (self._now >= village.after_start_ms(habits.meal_from)) & (
            self._now < village.after_start_ms(habits.meal_to)
        )
        where = np.array(places)[self._draws.below(len(places), self._count)]
        least, bound = habits.meal_minutes
        minutes = self._draws.between(least * MINUTE_MS, bound * MINUTE_MS, self._count)
        self._visit(noon & self._some(habits.meal_per_mille), where, dwell=minutes)

    def _stroll(self, streets: list[int], per_mille: int, among: Truths) -> None:
        for street in streets:
            self._visit(self._some(per_mille) & among, street)

    def _sleep(self) -> None:
        """Those who stay the night go to bed; the day ends before they leave."""
        parties = self._parties
        place = self._beds()
        way = self._way(place)
        begins = self._now + way
        self._add(parties.sleeps, place, begins, np.full(self._count, DAY_MS * 2), at_night=True)

    def _beds(self) -> Integers:
        village = self._village
        hotels, stations = village.of_kind(PlaceKind.HOTEL), village.of_kind(PlaceKind.ROADSIDE_STATION)
        hotel = np.array(hotels or stations or [0])[self._draws.below(len(hotels) or 1, self._count)]
        return np.where(self._parties.in_car, (stations or [0])[0], hotel)

    def _visit(  # noqa: PLR0913  how visits differ
        self,
        who: Truths,
        place: Integers | int,
        *,
        walks: bool = True,
        late: bool = False,
        share: int = 1,
        dwell: Integers | None = None,
    ) -> Truths:
        """Let some go to a place, if it is open when they get there; who did.

        Args:
            who: would like to.
            place: one for all, or one for each.
            walks: there is a way to it.
            late: they may come after the last entry: they are inside already.
            share: they stay for this part of the usual time.
            dwell: how long they stay, if not as long as is usual at such a place.
        """
        where = np.broadcast_to(np.asarray(place, np.int64), (self._count,))
        begins = self._now + (self._way(where) if walks else 0)
        last, closes = self._hours(where, "closes" if late else "last_entry"), self._hours(where, "closes")
        goes = who & (begins >= self._hours(where, "opens")) & (begins < last)
        usual = self._usual(where) if dwell is None else dwell
        ends = np.minimum(begins + usual // share, closes)
        self._add(goes, where, begins, ends)
        self._now = np.where(goes, ends, self._now)
        return goes

    def _hours(self, where: Integers, name: str) -> Integers:
        village = self._village
        by_place = []
        for kind in village.kinds:
            use = USES[kind]
            always = use.closes - use.opens >= 24 * 60 - 1
            if always:
                by_place.append(0 if name == "opens" else DAY_MS)
            else:
                by_place.append(village.after_start_ms(getattr(use, name)))
        return np.array(by_place, np.int64)[where]

    def _way(self, where: Integers) -> Integers:
        bounds = np.array([USES[kind].way for kind in self._village.kinds], np.int64) * MINUTE_MS
        return self._draws.between(bounds[where, 0], bounds[where, 1], self._count)

    def _usual(self, where: Integers) -> Integers:
        minutes = np.zeros(self._count, np.int64)
        for index, kind in enumerate(self._village.kinds):
            here = where == index
            if here.any():
                minutes[here] = self._draws.from_ranges(USES[kind].dwell, int(here.sum()))
        return minutes * MINUTE_MS + self._draws.below(MINUTE_MS, self._count)

    def _some(self, per_mille: int) -> Truths:
        return self._draws.chances(per_mille, self._count)

    def _add(
        self, who: Truths, place: Integers, from_ms: Integers, to_ms: Integers, *, at_night: bool = False
    ) -> None:
        party = np.flatnonzero(who)
        night = np.full(party.size, at_night)
        self._stays.append((party, place[who], from_ms[who], to_ms[who], night))

    def _all(self) -> PartyStays:
        party, place, from_ms, to_ms, night = (
            np.concatenate(each) for each in zip(*self._stays, strict=True)
        )
        order = np.lexsort((from_ms, party))
        order = order[from_ms[order] < np.minimum(to_ms[order], DAY_MS)]
        return PartyStays(party[order], place[order], from_ms[order], to_ms[order], night[order])
