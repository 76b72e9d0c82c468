"""When people work: in these hours of a key day a long stay is staff's, and not a guest's of the night."""

from typing import Final

HOUR_MS: Final = 3_600_000
BY_DAY_MS: Final = (4 * HOUR_MS, 14 * HOUR_MS)
"""From and to, after the key day's start: from 8 to 18 o'clock where it starts at 4."""
