"""A guide from its content folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from meguri_qrguide.content.guide import Guide


def read_guide(folder: Path) -> Guide:
    """The guide that the folder holds.

    Raises:
        ContentError: with everything that is wrong, by file and line.
    """
    raise NotImplementedError
