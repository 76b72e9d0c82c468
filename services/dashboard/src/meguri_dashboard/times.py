"""Units of time in milliseconds."""

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
