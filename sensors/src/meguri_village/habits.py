"""How the village's people and their phones behave: every figure of the model, with where it is from.

Durations are in minutes where people set them and in milliseconds where phones do; tables of durations
hold weight, least and bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meguri_village.draws import Range


@dataclass(frozen=True)
class Habits:
    """The figures of the model. Those without a source are assumptions.

    What a gap may bridge follows from the town's own gap: phones are silent for at most a quarter of it,
    an outage lasts at most a third, and who comes back does so after more than a whole one. So the visits
    that a town should find are the stays that people made.
    """

    visitors: int = 950
    """Phones a weekday. The village's roadside station counted 405,000 till customers in its first year
    (sankeibiz, 2018-06-14), which is 1,110 a day; some come without a phone that is heard."""
    weekend_percent: int = 120
    """Visitors of a Saturday or Sunday against a weekday's. The station's weekends had about 2,000 visitors
    (Mainichi, 2017-07-29); kept lower so that any day fills in the same time."""
    first_place_percent: int = 72
    """Visitors who begin at the town file's first place; the others share the rest."""
    onward_percent: int = 24
    """Of those who can, go on to another place."""
    journey_minutes: tuple[int, int] = (8, 25)
    """From one place to the next."""
    return_percent: int = 5
    """Come back to the place where they began, after more than the gap."""
    return_minutes: tuple[int, int] = (10, 120)
    """How much longer than the gap they are away."""
    arrivals: tuple[int, ...] = (0, 0, 1, 3, 14, 42, 78, 112, 128, 118, 112, 108, 94, 72, 44, 22, 9, 5, 2, 1)
    """Weights of the hours from the first after the day's start (04:00)."""
    dwell_first_minutes: tuple[Range, ...] = ((30, 5, 15), (40, 15, 35), (22, 35, 70), (8, 70, 130))
    """At the town file's first place."""
    dwell_other_minutes: tuple[Range, ...] = ((18, 8, 20), (42, 20, 50), (30, 50, 90), (10, 90, 160))
    """At every other place."""
    staff: int = 6
    """Of each place, every day, with the same phones."""
    staff_from_minutes: tuple[int, int] = (225, 270)
    """After the day's start: they come between 07:45 and 08:30,"""
    staff_to_minutes: tuple[int, int] = (780, 870)
    """and leave between 17:00 and 18:30."""
    overnight: int = 9
    """Cars whose people sleep in them at the first place: from the evening over the day's start."""
    overnight_from_minutes: tuple[int, int] = (840, 1_140)
    """After the day's start: they come between 18:00 and 23:00,"""
    overnight_to_minutes: tuple[int, int] = (120, 300)
    """and leave between 06:00 and 09:00."""

    pause_ms: tuple[int, int] = (50_000, 250_000)
    """Between two scans of a phone in use. The awake devices of the lab recording scan about once a minute
    (median of the 12 most frequent: 60 s); phones in pockets less often."""
    quiet_pause_ms: tuple[int, int] = (180_000, 420_000)
    """Between two scans of a phone at night, or of one that lies in a staff room."""
    burst_frames: tuple[Range, ...] = ((40, 2, 3), (40, 3, 4), (20, 4, 5))
    """Frames of one scan (2.5 to 2.7 in the lab recording)."""
    frame_spacing_us: tuple[int, int] = (12_000, 38_000)
    """Between two frames of one scan."""
    network_names_per_mille: int = 180
    """Phones that ask for networks by name (5,621 of 20,594 requests in the lab recording name one)."""

    nearest_hears_per_mille: int = 940
    """Frames after a scan's first that the nearest sensor hears; the first it always hears."""
    other_hears_per_mille: int = 380
    """Frames that each other sensor of the place hears."""
    nearest_signal: tuple[int, int] = (1, 34)
    """dB above the sensor's minimum."""
    other_signal: tuple[int, int] = (-16, 14)
    """Likewise: about half of what the others hear is too weak to count."""
    lost_per_mille: int = 4
    """Receptions lost on the way, except a scan's first at the nearest sensor."""
    outage_minutes: int = 10
    """One sensor a day hears nothing for so long, or for a third of the gap if that is shorter."""
    outage_from_minutes: tuple[int, int] = (330, 720)
    """After the day's start: it begins between 09:30 and 16:00."""


QUIET_GAP_SHARE = 4
"""A phone is silent for at most the gap divided by this."""
OUTAGE_GAP_SHARE = 3
"""An outage lasts at most the gap divided by this."""
