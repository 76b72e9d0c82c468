"""What becomes of the items that tills and counters post."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from meguri_proto.reasons import RejectReason

M = TypeVar("M")
"""Of the contract: Sale or Count."""


@dataclass(frozen=True)
class Refusal(Generic[M]):
    """An item that is not accepted, and why."""

    item: str
    """Such as `sales[3]`."""
    reason: RejectReason
    message: str
    kept: M | None = None
    """The item, where it is one of the contract and may be kept among the dead letters."""


@dataclass(frozen=True)
class Verdicts(Generic[M]):
    """All items of a request."""

    accepted: list[M] = field(default_factory=list)
    rejected: list[Refusal[M]] = field(default_factory=list)
    ignored: int = 0
    """Items that are nothing of what was asked for, such as cash put into a till."""
