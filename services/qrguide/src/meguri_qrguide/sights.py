"""Which town each sight's number belongs to; the towns' files say where the sights are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_proto.towns import Town


class SharedSightError(ValueError):
    """Two towns have a sight of one number, so its code would lead to two places."""


def towns_of_sights(towns: Mapping[str, Town]) -> dict[int, Town]:
    """The town of each sight by the sight's number, in the order of the numbers.

    Raises:
        SharedSightError: two of the towns have the same number.
    """
    found: dict[int, Town] = {}
    for town in towns.values():
        for number in town.sights:
            if number in found:
                raise SharedSightError(
                    f"The sight {number} is in the files of {found[number].town} and of {town.town}: "
                    "give one of them another number"
                )
            found[number] = town
    return dict(sorted(found.items()))
