"""Fields of what tills and counters post: read by name, from JSON or from a table's texts. Pure.

No message shows a value: what a till sends by mistake may be a card's number or a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from zoneinfo import ZoneInfo

EARLIEST_MS = 946_684_800_000
"""The year 2000: what is told of earlier has a wrong clock."""
LATEST_MS = 4_102_444_800_000
"""The year 2100."""
MOST_VERSION = 2**63 - 1
_WHOLE = re.compile(r"-?\d{1,19}")
_SPREADSHEET = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})[ T](\d{1,2}):(\d{2})")
"""How tills and spreadsheets write a time, with or without leading zeros."""
_DATE_CHARACTERS = 10
"""As long as a date without a time of day is."""
_YES_NO = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}


class FieldError(ValueError):
    """A field is missing or has a value that it cannot have; the message names it and what it is to be."""


@dataclass(frozen=True)
class Fields:
    """The fields of one item. In a table every value is a text, and an empty one is a missing one."""

    values: Mapping[str, object]

    def whole(self, name: str, least: int, most: int, default: int | None = None) -> int:
        """A whole number, as a number or in digits; in a text with commas between thousands, if need be."""
        value = self._value(name)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and _WHOLE.fullmatch(digits := value.strip().replace(",", "")):
            value = int(digits)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise FieldError(f"{name} is to be a whole number from {least} to {most}.")
        return value

    def text(self, name: str, pattern: re.Pattern[str], expected: str, default: str | None = None) -> str:
        """A text in which the whole pattern is found."""
        value = self._value(name)
        if value is None and default is not None:
            return default
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not pattern.fullmatch(value.strip()):
            raise FieldError(f"{name} is to be {expected}.")
        return value.strip()

    def choice(self, name: str, choices: Collection[str]) -> str:
        """One of the choices."""
        value = self._value(name)
        if not isinstance(value, str) or value.strip() not in choices:
            raise FieldError(f"{name} is to be one of {', '.join(choices)}.")
        return value.strip()

    def flag(self, name: str) -> bool:
        """True or false; false if it is missing."""
        value = self._value(name)
        if isinstance(value, bool):
            return value
        found = _YES_NO.get("" if value is None else str(value).strip().lower())
        if found is None:
            raise FieldError(f"{name} is to be true or false.")
        return found

    def instant_ms(self, name: str, zone: ZoneInfo) -> int:
        """An instant in ISO 8601, in the zone where it names no offset; epoch milliseconds."""
        value = self._value(name)
        expected = f"{name} is to be a time in ISO 8601, such as 2026-04-01T09:30:00+09:00."
        if not isinstance(value, str):
            raise FieldError(expected)
        text = _SPREADSHEET.sub(_padded, value.strip())
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise FieldError(expected) from None
        if len(text) <= _DATE_CHARACTERS:
            raise FieldError(expected)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        try:
            ms = round(moment.timestamp() * 1000)
        except (OverflowError, ValueError):
            raise FieldError(expected) from None
        if not EARLIEST_MS <= ms < LATEST_MS:
            raise FieldError(f"{name} is to be between the years 2000 and 2100.")
        return ms

    def _value(self, name: str) -> object:
        value = self.values.get(name)
        return None if isinstance(value, str) and not value.strip() else value


def _padded(match: re.Match[str]) -> str:
    year, month, day, hour, minute = match.groups()
    return f"{year}-{month:0>2}-{day:0>2}T{hour:0>2}:{minute}"


def fields_of(item: object) -> Fields:
    """The fields of an item of a JSON list.

    Raises:
        FieldError: it is no object.
    """
    if not isinstance(item, dict):
        raise FieldError("The item is to be a JSON object.")
    return Fields(item)
