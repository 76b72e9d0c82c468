"""Which devices are marked, as a newcomer would tell it from all visits of the day."""

from collections import Counter

HOUR_MS = 3_600_000
STAFF, EQUIPMENT = 1, 2


def marks_of(visits, start_ms, staff_ms, equipment_ms):
    """(device, mark) of visits with `device`, `first_ms` and `last_ms`; a limit of 0 marks nothing."""
    dwell, by_day = Counter(), Counter()
    for visit in visits:
        dwell[visit.device] += visit.last_ms - visit.first_ms
        from_ms = max(visit.first_ms, start_ms + 4 * HOUR_MS)
        to_ms = min(visit.last_ms, start_ms + 14 * HOUR_MS)
        by_day[visit.device] += max(0, to_ms - from_ms)
    limits = ((STAFF, by_day, staff_ms), (EQUIPMENT, dwell, equipment_ms))
    return sorted(
        (device, mark)
        for mark, ms_of, least in limits
        for device, ms in ms_of.items()
        if least and ms >= least
    )
