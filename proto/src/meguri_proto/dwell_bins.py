"""The fixed bins in which dwell is kept and published."""

from typing import Final

DWELL_EDGES_MS: Final = tuple(minutes * 60_000 for minutes in (5, 15, 30, 60, 120, 240))
"""Inner edges: under 5 minutes, 5 to 15, ..., 4 hours and more. An edge belongs to the longer bin."""
