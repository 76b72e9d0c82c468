"""What a town file holds, and what in it is allowed but probably not meant."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from meguri_proto.towns import Town

STRONGEST_RSSI = -40
"""dBm; what is stronger comes from a device that lies on the sensor."""
SHORTEST_STAFF_MS = 4 * 3_600_000
"""Visitors stay hardly longer than this in a day."""
WEAKEST_RSSI = -95
"""dBm; receivers hear hardly anything below it."""


def contents(town: Town) -> dict[str, Any]:
    """What the file says, for a program to read: durations in milliseconds, names by language."""
    return {
        "town": town.town,
        "names": dict(town.names),
        "clock": town.clock.value,
        "rules": {
            "time_zone": town.zone.key,
            "day_start": town.day_start.strftime("%H:%M"),
            "gap_ms": town.gap_ms,
            "lateness_ms": town.lateness_ms,
            "clock_lead_ms": town.clock_lead_ms,
            "k": town.k,
            "slices": town.slices,
            "staff_ms": town.staff_ms,
            "equipment_ms": town.equipment_ms,
        },
        "places": {
            name: {
                "names": dict(place.names),
                "kind": place.kind.value,
                "at": None if place.at is None else list(place.at),
                "sensors": [each.sensor for each in town.sensors.values() if each.place == name],
                "shops": [each.shop for each in town.shops.values() if each.place == name],
                "counters": [each.counter for each in town.counters.values() if each.place == name],
                "sights": [number for number, where in town.sights.items() if where == name],
            }
            for name, place in town.places.items()
        },
        "sensors": {
            each.sensor: {"place": each.place, "minimum_rssi": each.minimum_rssi}
            for each in town.sensors.values()
        },
        "shops": {
            each.shop: {"place": each.place, "names": dict(each.names)} for each in town.shops.values()
        },
        "counters": {
            each.counter: {"place": each.place, "counts": each.counts.value}
            for each in town.counters.values()
        },
        "sights": {str(number): place for number, place in town.sights.items()},
        "ways": [list(way) for way in town.ways],
    }


def suspicions(town: Town, told: Collection[int]) -> list[str]:
    """What is probably a mistake, a sentence each.

    Args:
        town: of a file without errors.
        told: numbers of the sights for which the guide has texts.
    """
    return [
        *_unheard(town),
        *_odd_staff(town),
        *_odd_strengths(town),
        *_odd_positions(town),
        *_odd_ways(town),
        *_untold(town, told),
        *_unplaced(town, told),
    ]


def _unheard(town: Town) -> Iterator[str]:
    heard = {sensor.place for sensor in town.sensors.values()}
    for place in town.places:
        if place not in heard:
            yield f"The place {place} has no sensor: no visit will be found there."
    for shop in town.shops.values():
        if shop.place not in heard:
            yield (
                f"The shop {shop.shop} stands at {shop.place}, which has no sensor: its sales have no "
                "passers-by to stand beside."
            )


def _odd_staff(town: Town) -> Iterator[str]:
    # What is equipment stays no shorter than what is staff's: it needs no bound of its own.
    if 0 < town.staff_ms < SHORTEST_STAFF_MS:
        yield (
            f"A device that stays for {town.staff_ms / 3_600_000:.3g} hours in a day is staff's: visitors "
            "stay so long too, and will be missing in the numbers. 6 to 8 hours is usual for staff."
        )


def _odd_strengths(town: Town) -> Iterator[str]:
    for sensor in town.sensors.values():
        if sensor.minimum_rssi > STRONGEST_RSSI:
            yield (
                f"The sensor {sensor.sensor} counts nothing weaker than {sensor.minimum_rssi} dBm: it will "
                "hear only devices that touch it. Find the limit with a walk test; -70 to -80 is usual."
            )
        if sensor.minimum_rssi < WEAKEST_RSSI:
            yield (
                f"The sensor {sensor.sensor} counts everything down to {sensor.minimum_rssi} dBm: cars on "
                "the road become visitors. Find the limit with a walk test; -70 to -80 is usual."
            )


def _odd_positions(town: Town) -> Iterator[str]:
    placed = {place.place: place.at for place in town.places.values() if place.at is not None}
    if placed:
        for place in town.places:
            if place not in placed:
                yield f"The place {place} has no position (at), though others have one: it is not on the map."
    for at, number in Counter(placed.values()).items():
        if number > 1:
            names = " and ".join(place for place, where in placed.items() if where == at)
            yield f"{names} are at the same position {list(at)}: the map draws one over the other."


def _odd_ways(town: Town) -> Iterator[str]:
    for one, other in town.ways:
        if one == other:
            yield f"The way from {one} to {other} leads nowhere."
    drawn = Counter(frozenset(way) for way in town.ways)
    for ends, number in drawn.items():
        if number > 1 and len(ends) > 1:
            yield f"The way between {' and '.join(sorted(ends))} is given {number} times."
    if town.ways:
        reached = {place for way in town.ways if way[0] != way[1] for place in way}
        for place in town.places:
            if place not in reached:
                yield f"No way leads to the place {place}, though others have ways."


def _untold(town: Town, told: Collection[int]) -> Iterator[str]:
    for number in town.sights:
        if number not in told:
            yield (
                f"The guide has no text of the sight {number}: its code would open a page that says so. "
                "Add the sight to the town's guide."
            )


def _unplaced(town: Town, told: Collection[int]) -> Iterator[str]:
    for number in told:
        if number not in town.sights:
            yield (
                f"The guide tells of the sight {number}, which the file places nowhere: what phones report "
                "of it is refused. Add it to sights."
            )
