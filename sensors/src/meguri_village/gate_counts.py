"""What the town's counting sensors count: people or radios at their place, every five minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from meguri_proto.quantities import Quantity

from meguri_village.village import MINUTE_MS

if TYPE_CHECKING:
    from meguri_village.draws import Integers
    from meguri_village.people import People, Stays
    from meguri_village.village import Village

BIN_MS: Final = 5 * MINUTE_MS
_BLE_SHARE: Final = 2
"""One radio in so many is a Bluetooth device too."""


class Count(NamedTuple):
    """What a counter counted from `from_ms` to before `to_ms` (epoch milliseconds)."""

    counter: str
    quantity: Quantity
    from_ms: int
    to_ms: int
    people: int
    """Or radios, as the quantity says."""


def counts_of(village: Village, key_day: int, people: People, stays: Stays) -> list[Count]:
    """Every count of a day, also those of nobody, in the order of counter and time.

    People are counted when they come in; radios while they are there.
    """
    start_ms, end_ms = village.town.day_bounds_ms(key_day)
    edges = np.arange(start_ms, end_ms + 1, BIN_MS)
    found: list[Count] = []
    for counter in village.town.counters.values():
        if counter.place not in village.places:
            continue
        here = stays.place == village.places.index(counter.place)
        if counter.counts is Quantity.PEOPLE:
            comes = here & (people.party[stays.person] >= 0)
            counted = np.histogram(stays.from_ms[comes], edges)[0]
        else:
            radios = here & people.is_heard[stays.person]
            counted = _present(stays, radios, edges)
            if counter.counts is Quantity.BLE_DEVICES:
                counted = counted // _BLE_SHARE
        found += [
            Count(counter.counter, counter.counts, from_ms, from_ms + BIN_MS, count)
            for from_ms, count in zip(edges[:-1].tolist(), counted.tolist(), strict=True)
        ]
    return found


def _present(stays: Stays, which: Integers, edges: Integers) -> Integers:
    """How many of these stays overlap each bin."""
    begun = np.searchsorted(np.sort(stays.from_ms[which]), edges[1:], side="left")
    ended = np.searchsorted(np.sort(stays.to_ms[which]), edges[:-1], side="right")
    return (begun - ended).astype(np.int64)
