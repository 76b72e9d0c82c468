"""Thai: read by `thai_reading`, its sounds made by espeak-ng's voice for Shan and Thai, its tones here.

The voice has the vowels and consonants of both languages, but tones of Shan, which are flatter and fewer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from meguri_qrguide.voices import espeak
from meguri_qrguide.voices.thai_reading import Syllable, phrases
from meguri_qrguide.voices.tones import with_melody

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CONTOURS: Final = (
    (0.0, 0.0, 0.0, -0.5),
    (-1.5, -3.0, -4.0, -4.5),
    (3.5, 4.5, 1.0, -4.0),
    (0.5, 1.5, 3.0, 4.5),
    (-2.5, -4.5, -3.0, 3.0),
)
"""Of each tone, in semitones from the speaker's middle, evenly spread over what of the syllable is voiced
after its first consonants. Their shapes are those of Tingsabadh, Abramson, "Thai", Journal of the
International Phonetic Association 23 (1993)."""
_DECLINE = (0.75, -0.75)
"""Semitones at the beginning and the end of a phrase."""
_VOICE = "tai/shn"
_RATE = 145
_PITCH = 75
_NOTE_HZ = 118.5
"""Of the voice at that pitch."""
_PAUSE_S = 0.18
"""Between phrases. Thai has spaces only there."""
_LONG_PAUSE_S = 0.6
"""After a line."""
_LEVEL = "4"
_VOICED_FINALS = ("", "N", "j", "l", "m", "n", "w")
_CONSONANTS: Final = {
    "?": "?",
    "N": "N",
    "b": "b",
    "c": "dZ;",
    "ch": "tS;",
    "d": "d",
    "f": "f",
    "h": "h",
    "j": "j",
    "k": "k",
    "kh": "k_h",
    "l": "l",
    "m": "m",
    "n": "n",
    "p": "p",
    "ph": "p_h",
    "r": "*",
    "s": "s",
    "t": "t",
    "th": "t_h",
    "w": "w",
}
_CONSONANT = re.compile("[ckpt]h|.")
_VOWELS: Final = {"a": "a", "e": "e", "i": "i", "o": "o", "u": "u", "x": "E", "O": "O", "@": "@", "U": "i."}
_GLIDES: Final = {
    "aj": "ai",
    "aw": "au",
    "iw": "iu",
    "ew": "eu",
    "xw": "Eu",
    "uj": "ui",
    "oj": "oi",
    "Oj": "Oi",
    "@j": "@i",
}
_OFF_GLIDE: Final = {"ia": "i", "Ua": "i.", "ua": "u"}
"""The first part of a diphthong; the second is `@`, or the glide that follows."""


def speak(text: str) -> tuple[bytes, int]:
    """The text, read aloud. Once a process.

    Args:
        text: a paragraph a line; words may have readings, which are what is said.

    Returns:
        16-bit samples of one channel, and how many of them are a second.
    """
    lines = [[*phrases(line)] for line in text.splitlines()]
    spelled = ("|".join("|".join(sounds(each)) for each in phrase) for line in lines for phrase in line)
    heard, hertz = espeak.on_one_note(spelled, _VOICE, _RATE, _PITCH)
    following = iter(heard)
    parts: list[NDArray[np.float64]] = []
    for line in filter(None, lines):
        for phrase in line:
            parts += [_sung(next(following), phrase, hertz), np.zeros(int(_PAUSE_S * hertz))]
        parts.append(np.zeros(int((_LONG_PAUSE_S - _PAUSE_S) * hertz)))
    spoken = np.concatenate(parts) if parts else np.zeros(0)
    return np.clip(spoken, -32_768, 32_767).astype("<i2").tobytes(), hertz


def sounds(syllable: Syllable) -> list[str]:
    """A syllable's phonemes, in the mnemonics of espeak-ng's voice."""
    initial = [_CONSONANTS[each] for each in _CONSONANT.findall(syllable.initial)]
    vowels, final = _rhyme(syllable.vowel, syllable.final)
    return [*initial, *vowels, *(_CONSONANTS[each] for each in _CONSONANT.findall(final))]


def _rhyme(vowel: str, final: str) -> tuple[list[str], str]:
    """Its vowels, and the consonants that are left of its end."""
    is_long = len(vowel) > 1 and vowel[0] == vowel[1]
    first = vowel[1:] if is_long else vowel
    if first in _OFF_GLIDE:
        glide = {"j": "ai", "w": "au"}.get(final)
        return [_OFF_GLIDE[first] + _LEVEL, (glide or "@") + _LEVEL], "" if glide else final
    if first + final in _GLIDES:
        glide = _GLIDES[first + final]
        return [(glide.replace("a", "a:") if is_long else glide) + _LEVEL], ""
    sound = _VOWELS[first]
    if is_long:
        sound += "::" if sound == "a" else ":"
    return [sound + _LEVEL], final


def _sung(heard: espeak.Sounds, phrase: Sequence[Syllable], hertz: int) -> NDArray[np.float64]:
    samples = np.frombuffer(heard.samples, "<i2").astype(np.float64)
    counts = [len(sounds(syllable)) for syllable in phrase]
    if len(heard.starts) != sum(counts) + 1:
        raise espeak.EspeakError(
            f"espeak-ng spoke {len(heard.starts) - 1} phonemes instead of {sum(counts)}."
        )
    times: list[float] = []
    steps: list[float] = []
    last = 0
    for syllable, count in zip(phrase, counts, strict=True):
        first, last = last, last + count
        begin = first + len(_CONSONANT.findall(syllable.initial))
        end = last if syllable.final in _VOICED_FINALS else last - len(_CONSONANT.findall(syllable.final))
        contour = CONTOURS[syllable.tone]
        times += np.linspace(heard.starts[begin], heard.starts[end], len(contour)).tolist()
        steps += contour
    places = np.arange(len(samples))
    semitones = np.interp(places, times, steps) + np.linspace(*_DECLINE, len(samples))
    period = hertz / _NOTE_HZ
    return with_melody(samples, round(period), period / 2 ** (semitones / 12))
