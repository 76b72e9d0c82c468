"""Open JTalk, with the voice Mei (MMDAgent project team, Nagoya Institute of Technology, CC BY 3.0)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pyopenjtalk

from meguri_qrguide.content.ruby import readings_alone, without_readings

if TYPE_CHECKING:
    from numpy.typing import NDArray

LANGUAGES: Final = ("ja", "ja-x-easy")

_SENTENCE = re.compile(r"[^。\uff01\uff1f]+[。\uff01\uff1f]?[」』\uff09]*")
"""Its end is a full stop, an exclamation mark (U+FF01) or a question mark (U+FF1F)."""
_PAUSE_S = 0.25
"""After a sentence."""
_LONG_PAUSE_S = 0.7
"""After a line."""
_SPEED = 0.95
_HERTZ = 48_000
_TO_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
_NO_KATAKANA = re.compile("[^ァ-ヴー]")


def speak(text: str) -> tuple[bytes, int]:
    """The text, read aloud.

    Args:
        text: a paragraph a line; words may have readings, which are what is said.

    Returns:
        16-bit samples of one channel, and how many of them are a second.
    """
    parts: list[NDArray[np.float64]] = []
    for line in text.splitlines():
        for sentence in _SENTENCE.findall(line.replace(" ", "")):
            parts += [_samples(as_read(sentence)), np.zeros(int(_PAUSE_S * _HERTZ))]
        parts.append(np.zeros(int((_LONG_PAUSE_S - _PAUSE_S) * _HERTZ)))
    spoken = np.concatenate(parts) if parts else np.zeros(0)
    return np.clip(spoken, -32_768, 32_767).astype("<i2").tobytes(), _HERTZ


def as_read(sentence: str) -> str:
    """The sentence as the engine reads it right: with its words, or with all their readings instead.

    With words it knows what stands where, and stresses it so; but it takes other readings for some, above all
    for names.
    """
    read, written = readings_alone(sentence), without_readings(sentence)
    return written if _kana(written) == _NO_KATAKANA.sub("", read.translate(_TO_KATAKANA)) else read


def _kana(written: str) -> str:
    words = pyopenjtalk.run_frontend(written)
    return _NO_KATAKANA.sub("", "".join(word["read"] for word in words))


def _samples(sentence: str) -> NDArray[np.float64]:
    samples, hertz = pyopenjtalk.tts(sentence, speed=_SPEED)
    if hertz != _HERTZ:
        raise ValueError(f"Open JTalk speaks with {hertz} samples a second, expected {_HERTZ}.")
    return np.asarray(samples, np.float64)
