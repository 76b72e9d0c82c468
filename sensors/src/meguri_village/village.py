"""A town as it is simulated: the values from which everything that happens in it follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from meguri_village.draws import Draws
from meguri_village.habits import Habits

if TYPE_CHECKING:
    from meguri_proto.towns import PlaceKind, Sensor, Town

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
_MINUTES_OF_A_DAY: Final = 24 * 60
_LARGEST_SIZE: Final = 100


@dataclass(frozen=True)
class Village:
    """A town as it is simulated. Everything that happens in it follows from these five values.

    Args:
        town: its places, sensors, shops, counters and sights; a place without a sensor has no visitors that
            could be heard, and none come there.
        seed: of all that is random.
        size: how many people there are, as a multiple of the habits' figures.
        addresses: `field`: phones change their addresses as real ones do. `stable`: each keeps one, so that
            what Meguri finds can be compared with the truth device by device.
        habits: how people, phones and sensors behave.

    Raises:
        ValueError: the size is none.
    """

    town: Town
    seed: int
    size: float = 1.0
    addresses: Literal["field", "stable"] = "field"
    habits: Habits = field(default_factory=Habits)

    def __post_init__(self) -> None:
        """Refuse a size that is no size."""
        if not 0 < self.size <= _LARGEST_SIZE:
            raise ValueError(f"The village's size is {self.size}; it is a number above 0 and at most 100.")

    @property
    def identity(self) -> dict[str, object]:
        """What tells this village from another: files that are gone on with say it."""
        return {
            "town": self.town.town,
            "rules": self.town.rules(0).version,
            "seed": self.seed,
            "size": self.size,
            "addresses": self.addresses,
        }

    @cached_property
    def places(self) -> list[str]:
        """The places that are heard, in the town file's order."""
        heard = {sensor.place for sensor in self.town.sensors.values()}
        return [place for place in self.town.places if place in heard]

    @cached_property
    def kinds(self) -> list[PlaceKind]:
        """What each of the places is."""
        return [self.town.places[place].kind for place in self.places]

    def of_kind(self, *kinds: PlaceKind) -> list[int]:
        """Indices of the places of these kinds, in the town file's order."""
        return [index for index, kind in enumerate(self.kinds) if kind in kinds]

    def sensors_of(self, place: str) -> list[Sensor]:
        """The place's sensors, in the town file's order."""
        return [sensor for sensor in self.town.sensors.values() if sensor.place == place]

    def draws(self, *name: str | int) -> Draws:
        """The village's stream of random numbers of this name."""
        return Draws(self.town.town, self.seed, *name)

    def many(self, figure: int) -> int:
        """How many of something there are in a village of this size; at least one."""
        return max(1, round(figure * self.size))

    def after_start_ms(self, clock_minutes: int) -> int:
        """Milliseconds from a key day's start to a time of day, given as minutes after midnight."""
        start = self.town.day_start.hour * 60 + self.town.day_start.minute
        return (clock_minutes - start) % _MINUTES_OF_A_DAY * MINUTE_MS
