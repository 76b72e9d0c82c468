"""Speech on one note given another melody, by TD-PSOLA: its periods are laid closer together or apart.

Moulines, Charpentier, "Pitch-synchronous waveform processing techniques for text-to-speech synthesis using
diphones", Speech Communication 9 (1990). It needs no search for the pitch, since the note is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ALIKE: Final = 0.5
"""From which correlation of a period with the next on the sound is voiced."""
_AUDIBLE: Final = 100.0
"""Root mean square of 16-bit samples."""
_STRAY: Final = 0.15
"""Of a period: how far the next peak is from where the note expects it."""
_THINNEST: Final = 0.2
"""Of a window: where periods lie so far apart that less of them meets, it is not made louder."""


def with_melody(
    samples: NDArray[np.float64], period: int, periods: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The speech with its voiced sounds on other notes, as long as before.

    Args:
        samples: on one note.
        period: of the note, in samples.
        periods: wanted, at each sample.

    Returns:
        As many samples.
    """
    length = len(samples)
    padded = np.pad(samples, 2 * period)
    marks, voiced = _marks(padded, period, length)
    window = np.hanning(2 * period + 1)[:-1]
    mixed, weights = np.zeros(len(padded)), np.zeros(len(padded))
    place = 0.0
    while place < length:
        target = int(place) + 2 * period
        nearest = int(np.abs(marks - target).argmin())
        source = int(marks[nearest]) if voiced[nearest] else target
        mixed[target - period : target + period] += window * padded[source - period : source + period]
        weights[target - period : target + period] += window
        place += periods[int(place)] if voiced[nearest] else period
    return (mixed / np.maximum(weights, _THINNEST))[2 * period : 2 * period + length]


def _marks(padded: NDArray[np.float64], period: int, length: int) -> tuple[NDArray[np.int64], list[bool]]:
    """Where the periods of voiced sounds have their peaks; elsewhere they follow evenly."""
    marks: list[int] = []
    voiced: list[bool] = []
    place, was_voiced = 2 * period, False
    while place < 2 * period + length:
        is_voiced = _is_voiced(padded, place, period)
        if is_voiced:
            reach = round(_STRAY * period) if was_voiced else period // 2
            place += int(np.argmax(padded[place - reach : place + reach + 1])) - reach
        marks.append(place)
        voiced.append(is_voiced)
        place, was_voiced = place + period, is_voiced
    return np.array(marks), voiced


def _is_voiced(padded: NDArray[np.float64], place: int, period: int) -> bool:
    this, following = padded[place - period : place], padded[place : place + period]
    power = np.sqrt((this @ this) * (following @ following))
    return bool(power > _AUDIBLE**2 * period and this @ following > _ALIKE * power)
