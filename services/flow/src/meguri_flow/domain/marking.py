"""Which devices are no visitors': told by how long they stay in one key day.

Who stays as long as a working day is staff, and what stays longer than anybody works is equipment. A device
is marked when the visits that it has closed last so long together; that is certain for good, so however the
log is read the marks are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from meguri_flow.domain.day_rules import DayRules

STAFF: Final = 1
EQUIPMENT: Final = 2
"""Values of `mark`. Equipment has both marks."""

DWELL: Final = np.dtype([("device", "u8"), ("dwell_ms", "i8")])
"""How long the closed visits of a device lasted together."""
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
            rules: of their day. By rules that mark nothing, nothing is added.

        Returns:
            A MARKED record for each mark that a device gained by them, ordered by mark and device.
        """
        marks = ((STAFF, rules.staff_ms), (EQUIPMENT, rules.equipment_ms))
        lasting = closed[closed["last_ms"] > closed["first_ms"]]
        if not lasting.size or not any(least_ms for _, least_ms in marks):
            return np.zeros(0, MARKED)
        devices, visit = np.unique(lasting["device"], return_inverse=True)
        before_ms = self._make_room(devices)
        at = np.searchsorted(self.table["device"], devices)
        np.add.at(self.table["dwell_ms"], at[visit], lasting["last_ms"] - lasting["first_ms"])
        after_ms = self.table["dwell_ms"][at]
        gained = [
            _marked(devices[(before_ms < least_ms) & (least_ms <= after_ms)], mark)
            for mark, least_ms in marks
            if least_ms
        ]
        return np.concatenate(gained)

    def _make_room(self, devices: NDArray[np.uint64]) -> NDArray[np.int64]:
        """See to it that the table has all of some ordered devices; the dwell of each up to now."""
        at = np.searchsorted(self.table["device"], devices)
        is_known = np.zeros(devices.size, np.bool_)
        within = at < self.table.size
        is_known[within] = self.table["device"][at[within]] == devices[within]
        fresh = np.zeros(int(np.count_nonzero(~is_known)), DWELL)
        fresh["device"] = devices[~is_known]
        dwell_ms = np.zeros(devices.size, np.int64)
        dwell_ms[is_known] = self.table["dwell_ms"][at[is_known]]
        self.table = np.insert(self.table, at[~is_known], fresh)
        return dwell_ms


def _marked(devices: NDArray[np.uint64], mark: int) -> NDArray[np.void]:
    marked = np.zeros(devices.size, MARKED)
    marked["device"] = devices
    marked["mark"] = mark
    return marked
