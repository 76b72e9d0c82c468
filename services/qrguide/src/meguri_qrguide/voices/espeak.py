"""espeak-ng, by the interface of its `speak_lib.h` (version 1.52)."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import espeakng_loader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

VOICES: Final = {
    "en": ("gmw/en", 145),
    "fr": ("roa/fr", 145),
    "ko": ("ko", 170),
    "vi": ("aav/vi", 145),
    "zh-Hans": ("sit/cmn", 180),
    "zh-Hant": ("sit/cmn", 180),
}
"""The voice by BCP 47 tag, and how many of what the engine takes for words it says in a minute: a little
slower than people talk, since the listener stands in the dark and looks around.

Thai is not among them: espeak-ng reads its letters in the order in which they are written, which nobody
understands (espeak-ng#1092). `thai` reads it and has the phonemes spoken here."""

_SYNCHRONOUS = 2
_PHONEME_EVENTS = 1
_DONT_EXIT = 0x8000
_UTF8 = 1
_PHONEMES = 0x100
_RATE = 1
_PITCH = 3
_RANGE = 4
_END_OF_EVENTS = 0
_PHONEME = 7
_PAUSE_S = 0.6
"""Between lines."""


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Heard = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class EspeakError(RuntimeError):
    """The engine cannot be used."""


@dataclass(frozen=True)
class Sounds:
    """Phonemes, spoken."""

    samples: bytes
    """16 bits each, one channel."""
    starts: tuple[int, ...]
    """The sample with which each phoneme begins, and that with which the last ends. Pauses are none."""


def speak(text: str, language: str) -> tuple[bytes, int]:
    """The text, read aloud. Once a process.

    Args:
        text: without any marks, a paragraph a line.
        language: one of `VOICES`.

    Returns:
        16-bit samples of one channel, and how many of them are a second.

    Raises:
        EspeakError: the engine does not start, or has not the voice.
    """
    voice, words_a_minute = VOICES[language]
    engine, hertz = _started(voice, words_a_minute)
    lines = filter(None, map(str.strip, text.splitlines()))
    pause = bytes(2 * int(_PAUSE_S * hertz))
    return pause.join(sounds.samples for sounds in _heard(engine, lines, _UTF8)), hertz


def on_one_note(
    phonemes: Iterable[str], voice: str, words_a_minute: int, pitch: int
) -> tuple[list[Sounds], int]:
    """Phonemes, spoken without any melody. Once a process.

    Args:
        phonemes: a phrase each, in the mnemonics of the voice.
        voice: its file among the engine's.
        words_a_minute: of what the engine takes for words.
        pitch: of the note, 0 to 99.

    Returns:
        What is heard of each, and how many samples are a second.

    Raises:
        EspeakError: the engine does not start, or has not the voice.
    """
    engine, hertz = _started(voice, words_a_minute)
    engine.espeak_SetParameter(_PITCH, pitch, 0)
    engine.espeak_SetParameter(_RANGE, 0, 0)
    marked = (f"[[{each}]]" for each in phonemes)
    return [*_heard(engine, marked, _UTF8 | _PHONEMES)], hertz


def _started(voice: str, words_a_minute: int) -> tuple[ctypes.CDLL, int]:
    engine = ctypes.CDLL(espeakng_loader.get_library_path())
    hertz = engine.espeak_Initialize(
        _SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), _DONT_EXIT | _PHONEME_EVENTS
    )
    if hertz <= 0:
        raise EspeakError("espeak-ng does not start: its data could not be read.")
    if engine.espeak_SetVoiceByName(voice.encode()) != 0:
        raise EspeakError(f"espeak-ng has no voice {voice}.")
    engine.espeak_SetParameter(_RATE, words_a_minute, 0)
    return engine, hertz


def _heard(engine: ctypes.CDLL, lines: Iterable[str], flags: int) -> Iterator[Sounds]:
    parts: list[bytes] = []
    starts: list[int] = []
    is_pause = True

    def hear(samples: ctypes._Pointer[ctypes.c_short], number: int, events: ctypes._Pointer[_Event]) -> int:
        nonlocal is_pause
        if samples and number:
            parts.append(ctypes.string_at(samples, 2 * number))
        place = 0
        while (event := events[place]).type != _END_OF_EVENTS:
            if event.type == _PHONEME:
                was_pause, is_pause = is_pause, bytes(event.id.string).startswith(b"_")
                if not (was_pause and is_pause):
                    starts.append(event.sample)
            place += 1
        return 0

    callback = _Heard(hear)
    engine.espeak_SetSynthCallback(callback)
    for line in lines:
        parts.clear()
        starts.clear()
        is_pause = True
        spoken = line.encode()
        if engine.espeak_Synth(spoken, len(spoken) + 1, 0, 0, 0, flags, None, None) != 0:
            raise EspeakError("espeak-ng did not take the text.")
        yield Sounds(b"".join(parts), tuple(starts))
