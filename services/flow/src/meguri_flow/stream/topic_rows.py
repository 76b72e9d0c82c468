"""Topics that map one to one to rows: which table each fills, and the rows of its messages."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

import numpy as np
from meguri_proto.reasons import RejectReason
from meguri_proto.records import (
    UnreadableError,
    read_counts,
    read_guide_events,
    read_sales,
    read_survey_answers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from meguri_kit.clickhouse.store import Column

_LAST_DATE = 2**16 - 1
"""In ClickHouse's `Date`: days after 1970-01-01."""
_BEST_RATING = 5


class Rejected(NamedTuple):
    """A message, or rows of one, that no table takes."""

    message: int
    """Its index among the messages that were read."""
    reason: RejectReason
    rows: int
    """How many of its rows; 0 if nothing of the message could be read."""


@dataclass(frozen=True)
class OneToOne:
    """A topic whose messages become rows by themselves: nothing else of the log bears on them."""

    topic: str
    table: str
    read: Callable[[bytes], Sequence[object]]
    """What a message holds, each with attributes named as the table's columns; or `UnreadableError`."""
    name: tuple[str, ...]
    """Columns that name a row, of which the highest version is it: texts, and never empty."""
    further: tuple[str, ...]
    """The other columns."""

    def rows(self, values: Iterable[bytes]) -> tuple[dict[str, Column], list[Rejected]]:
        """Columns of the table from messages, and what was left out of them."""
        fields = (*self.name, *self.further)
        of_row = attrgetter(*fields)
        taken: list[tuple[object, ...]] = []
        rejected = []
        for index, value in enumerate(values):
            try:
                items = self.read(value)
            except UnreadableError:
                rejected.append(Rejected(index, RejectReason.UNREADABLE, 0))
                continue
            fitting = [tuple(map(_plain, of_row(item))) for item in items if self._fits(item)]
            taken += fitting
            if len(fitting) < len(items):
                rejected.append(Rejected(index, RejectReason.BAD_FIELD, len(items) - len(fitting)))
        columns: dict[str, Column] = dict(
            zip(fields, zip(*taken, strict=True) if taken else [()] * len(fields), strict=True)
        )
        return {**columns, "key_day": np.array(columns["key_day"], np.int32)}, rejected

    def _fits(self, item: object) -> bool:
        """Whether the row has its name, and every number fits its column: nothing is cut or wrapped."""
        return (
            all(getattr(item, name) for name in self.name)
            and 0 <= attrgetter("key_day")(item) <= _LAST_DATE
            and 0 <= getattr(item, "rating", 0) <= _BEST_RATING
        )


def _plain(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


@dataclass(frozen=True)
class _Count:
    """One count with what its batch says of all."""

    town: str
    counter: str
    quantity: str
    from_ms: int
    to_ms: int
    count: int
    key_day: int
    version: int


def _counts(value: bytes) -> list[_Count]:
    batch = read_counts(value)
    return [
        _Count(
            batch.town,
            batch.counter,
            each.quantity,
            each.from_ms,
            each.to_ms,
            each.count,
            each.key_day,
            each.version,
        )
        for each in batch.counts
    ]


class _Estimated(Protocol):
    at_ms: int
    estimated_ms: int


_E = TypeVar("_E", bound=_Estimated)


def _with_estimates(read: Callable[[bytes], list[_E]]) -> Callable[[bytes], list[_E]]:
    """Where the producer compared no clocks, the time by the phone's clock is the estimate."""

    def items(value: bytes) -> list[_E]:
        found = read(value)
        for each in found:
            each.estimated_ms = each.estimated_ms or each.at_ms
        return found

    return items


ONE_TO_ONE = (
    OneToOne(
        "guide-events",
        "guide_events",
        _with_estimates(read_guide_events),
        ("town", "event_id"),
        (
            *("key_day", "sight", "language", "kind", "at_ms", "estimated_ms", "walk", "seconds", "rating"),
            "version",
        ),
    ),
    OneToOne(
        "sales",
        "sales",
        read_sales,
        ("town", "shop", "source", "external_id"),
        (
            *("key_day", "at_ms", "amount_yen", "tax_yen", "method", "brand", "refunded_yen"),
            *("cancelled", "version"),
        ),
    ),
    OneToOne(
        "counts",
        "counts",
        _counts,
        ("town", "counter", "quantity"),
        ("key_day", "from_ms", "to_ms", "count", "version"),
    ),
    OneToOne(
        "survey-answers",
        "survey_answers",
        _with_estimates(read_survey_answers),
        ("town", "sheet_id", "question"),
        ("key_day", "answer", "free_text", "language", "at_ms", "estimated_ms", "version"),
    ),
)
