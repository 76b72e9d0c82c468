"""What was published of a guide: whole, numbered copies of its content folder, one of which is served."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from meguri_qrguide.content.reading import read_guide

if TYPE_CHECKING:
    from pathlib import Path

    from meguri_qrguide.content.guide import Guide


@dataclass(frozen=True)
class Edition:
    """A published copy. It never changes."""

    number: int
    """From 1."""
    folder: Path
    """A content folder."""
    published_ms: int
    """Epoch milliseconds."""

    @cached_property
    def guide(self) -> Guide:
        """What it says, read when first asked for."""
        return read_guide(self.folder)


class Editions:
    """The editions of one town's guide.

    Args:
        folder: where they lie; made when the first is published.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def publish(self, draft: Path, at_ms: int) -> Edition:
        """Copy the draft as the next edition and serve it.

        Raises:
            ContentError: the draft cannot be used; what is served stays.
        """
        raise NotImplementedError

    def current(self) -> Edition | None:
        """The edition that is served; None: none was published. Costs one `stat` while it stays the same."""
        raise NotImplementedError

    def roll_back(self, number: int) -> Edition:
        """Serve an edition that was published before (or after).

        Raises:
            NoSuchEditionError: there is none of that number.
        """
        raise NotImplementedError

    def list(self) -> tuple[Edition, ...]:
        """Every edition, the newest first."""
        raise NotImplementedError


class NoSuchEditionError(Exception):
    """No edition has this number."""
