"""Text to instants: ISO 8601 with or without an offset, or seconds or milliseconds since 1970.

Whole columns are read by pyarrow; where one value is different from the rest, value by value.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

UNREADABLE = np.iinfo(np.int64).min
"""Stands where a text is no instant."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NUMBER = re.compile(r"-?\d{1,16}(\.\d{1,18})?")
_LARGEST_SECONDS = 100_000_000_000
"""A larger number is milliseconds: as seconds it would be after the year 5000, as milliseconds after 1973."""
_LARGEST_MICROSECONDS = 253_402_300_800 * 1_000_000
"""The year 10000, where Python's calendar ends."""

_FIRST_US = 0
_END_US = 2_114_380_800 * 1_000_000
"""The years 1970 to 2036."""


class NaiveTimeError(ValueError):
    """A time without an offset where no zone was given; `index` says which of the texts."""

    def __init__(self, index: int) -> None:
        super().__init__(f"text {index} has no offset")
        self.index = index


def microseconds(texts: pa.StringArray, zone: ZoneInfo | None) -> NDArray[np.int64]:
    """Microseconds since 1970 (UTC) of each text, `UNREADABLE` where it is no instant.

    Args:
        texts: as they stand in the file; digits beyond the microsecond are cut off.
        zone: of times without an offset. An hour that the clocks repeat is its first pass (PEP 495).

    Raises:
        NaiveTimeError: a time has no offset and `zone` is None.
    """
    whole = _numbers(texts)
    if whole is None:
        whole = _iso(texts, zone)
    if whole is not None:
        return whole
    return np.array([_one(text, zone, index) for index, text in enumerate(texts.to_pylist())], dtype=np.int64)


def iso(time_us: int, zone: ZoneInfo | None) -> str:
    """The instant in ISO 8601 with the zone's offset (UTC without one)."""
    return (_EPOCH + timedelta(microseconds=time_us)).astimezone(zone or UTC).isoformat()


def _numbers(texts: pa.StringArray) -> NDArray[np.int64] | None:
    """All texts as numbers, or None if one is something else."""
    if not pa.compute.all(pa.compute.match_substring_regex(texts, f"^{_NUMBER.pattern}$")).as_py():
        return None
    numbers = texts.cast(pa.float64()).to_numpy(zero_copy_only=False)
    scaled = np.where(np.abs(numbers) < _LARGEST_SECONDS, numbers * 1e6, numbers * 1e3)
    return np.where(np.abs(scaled) < _LARGEST_MICROSECONDS, np.rint(scaled), UNREADABLE).astype(np.int64)


def _iso(texts: pa.StringArray, zone: ZoneInfo | None) -> NDArray[np.int64] | None:
    """All texts as times that all have an offset, or all have none; None if they differ or one is neither."""
    try:
        instants = texts.cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        try:
            naive = texts.cast(pa.timestamp("us"))
            if zone is None or not _within_clock_changes(naive):
                return None
            # What the change of the clocks makes ambiguous raises here and is read value by value.
            instants = pa.compute.assume_timezone(naive, zone.key)
        except pa.ArrowInvalid:
            return None
    found: NDArray[np.int64] = instants.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return found


def _within_clock_changes(naive: pa.Array) -> bool:
    """Whether pyarrow knows the changes of the clocks at all of these times: it stops in 2037."""
    ends = pa.compute.min_max(naive.cast(pa.int64()))
    return all(_FIRST_US <= (ends[end].as_py() or 0) < _END_US for end in ("min", "max"))


def _one(text: str, zone: ZoneInfo | None, index: int) -> int:
    text = text.strip()
    if _NUMBER.fullmatch(text):
        number = Decimal(text)
        scaled = round(number * (1_000_000 if abs(number) < _LARGEST_SECONDS else 1_000))
        return scaled if abs(scaled) < _LARGEST_MICROSECONDS else UNREADABLE
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return UNREADABLE
    if time.tzinfo is None:
        if zone is None:
            raise NaiveTimeError(index)
        time = time.replace(tzinfo=zone)
    try:
        return (time.astimezone(UTC) - _EPOCH) // _MICROSECOND
    except OverflowError:
        return UNREADABLE
