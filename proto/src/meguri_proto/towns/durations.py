"""Durations as people write them."""

import re

_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}


def parse_duration_ms(text: str) -> int:
    """Milliseconds of a duration such as `30m`, `90s`, `1h` or `500ms`.

    Raises:
        ValueError: the text is no such duration.
    """
    match = re.fullmatch(r"(\d+)(ms|s|m|h)", text.strip())
    if not match:
        raise ValueError(f"{text!r} is no duration such as 30m, 90s or 1h")
    return int(match[1]) * _UNITS_MS[match[2]]
