"""Which devices are no visitors': told by how long the visits that they closed in a key day last together.

Staff stays for a working day, by day; a guest stays as long, but at night. Equipment stays longer than
anybody works. A visit that is closed is closed for good, so however the log is read the marks are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from meguri_proto.by_day import BY_DAY_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from meguri_flow.domain.day_rules import DayRules

STAFF: Final = 1
EQUIPMENT: Final = 2
"""Values of `mark`. Equipment has both."""

DWELL: Final = np.dtype([("device", "u8"), ("dwell_ms", "i8"), ("by_day_ms", "i8")])
"""How long the closed visits of a device last together, and how long of it by day (`BY_DAY_MS`)."""
MARKED: Final = np.dtype([("device", "u8"), ("mark", "u1")])


@dataclass
class Dwell:
    """The dwell of one key day's devices: of those alone that were heard for longer than an instant."""

    table: NDArray[np.void] = field(default_factory=lambda: np.zeros(0, DWELL))
    """DWELL records in the order of their devices."""

    def take_in(self, closed: NDArray[np.void], rules: DayRules) -> NDArray[np.void]:
        """Add visits that were closed.

        Args:
            closed: `open_visits.ENTRY` records.
            rules: of their day. By rules that mark nothing, nothing is kept.

        Returns:
            A MARKED record for each mark that a device gained by them, ordered by mark and device.
        """
        lasting = closed[closed["last_ms"] > closed["first_ms"]]
        if not lasting.size or not (rules.staff_ms or rules.equipment_ms):
            return np.zeros(0, MARKED)
        devices, of_visit = np.unique(lasting["device"], return_inverse=True)
        at = self._places_of(devices)
        before = self.table[at]
        day_from_ms, day_to_ms = (rules.start_ms + ms for ms in BY_DAY_MS)
        by_day_ms = np.minimum(lasting["last_ms"], day_to_ms) - np.maximum(lasting["first_ms"], day_from_ms)
        np.add.at(self.table["dwell_ms"], at[of_visit], lasting["last_ms"] - lasting["first_ms"])
        np.add.at(self.table["by_day_ms"], at[of_visit], np.maximum(by_day_ms, 0))
        after = self.table[at]
        return np.concatenate(
            [
                _passed(before, after, "by_day_ms", rules.staff_ms, STAFF),
                _passed(before, after, "dwell_ms", rules.equipment_ms, EQUIPMENT),
            ]
        )

    def _places_of(self, devices: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Where ordered devices stand in the table, which they enter if they are not in it."""
        unknown = np.setdiff1d(devices, self.table["device"], assume_unique=True)
        fresh = np.zeros(unknown.size, DWELL)
        fresh["device"] = unknown
        self.table = np.insert(self.table, np.searchsorted(self.table["device"], unknown), fresh)
        return np.searchsorted(self.table["device"], devices)


def _passed(
    before: NDArray[np.void], after: NDArray[np.void], what: str, least_ms: int, mark: int
) -> NDArray[np.void]:
    """The devices that came to the least that gives a mark; none if it is 0."""
    devices = after["device"][(before[what] < least_ms) & (least_ms <= after[what])]
    marked = np.zeros(devices.size, MARKED)
    marked["device"] = devices
    marked["mark"] = mark
    return marked
