"""How sums and means are shown to which single visitors contributed amounts: yen, seconds, stars.

The rule for counts (suppression.py) says behind how many contributors a figure may be shown at all. An amount
also has a size, so a sum is rounded to a grain that none of the contributions in it exceeds, and a mean to a
grain that none of them can move it by (decision 0018). Whatever shown figures are taken from each other, each
contribution stays as uncertain as it is great.
"""

from __future__ import annotations

from meguri_dashboard.suppression import FEWER, Count

_GRAINS = (1, 2, 5)


def grain(least: int, largest: int) -> int:
    """The first of `least` times 1, 2, 5, 10, 20, 50, ... that `largest` does not exceed."""
    tens = least
    while True:
        for times in _GRAINS:
            if largest <= tens * times:
                return tens * times
        tens *= 10


def publish_sum(total: int, contributors: int, largest: int, step: int, least: int) -> Count:
    """What may be shown of a sum.

    Args:
        total: the exact sum.
        contributors: of how many contributions; below `step` nothing is shown.
        largest: the greatest contribution, in its amount.
        step: see `suppression.step_of`.
        least: the finest grain in which such sums are shown.
    """
    if contributors < step:
        return FEWER
    size = grain(least, largest)
    return Count((total + size // 2) // size * size)


def publish_stars(stars: int, ratings: int, walks: int, most: int, step: int) -> Count:
    """What may be shown of a mean of ratings from 1 to 5, in tenths of a star.

    Args:
        stars: the sum of the ratings.
        ratings: how many there are.
        walks: of how many distinct walks; below `step` nothing is shown.
        most: the greatest number of ratings that one walk gave.
        step: see `suppression.step_of`.
    """
    if walks < step:
        return FEWER
    size = grain(1, -(-most * _WORST_TO_BEST // ratings))
    mean = (10 * stars + ratings // 2) // ratings
    return Count((mean + size // 2) // size * size) if size <= _WHOLE_STAR else FEWER


_WORST_TO_BEST = 40
_WHOLE_STAR = 10
"""Tenths of a star."""
