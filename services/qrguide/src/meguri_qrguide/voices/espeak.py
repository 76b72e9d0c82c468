"""espeak-ng, by the interface of its `speak_lib.h` (version 1.52)."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Final

import espeakng_loader

if TYPE_CHECKING:
    from collections.abc import Iterator

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
understands (espeak-ng#1092)."""

_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_UTF8 = 1
_RATE = 1
_PAUSE_S = 0.6
"""Between lines."""
_Heard = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class EspeakError(RuntimeError):
    """The engine cannot be used."""


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
    engine = ctypes.CDLL(espeakng_loader.get_library_path())
    hertz = engine.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), _DONT_EXIT)
    if hertz <= 0:
        raise EspeakError("espeak-ng does not start: its data could not be read.")
    voice, words_a_minute = VOICES[language]
    if engine.espeak_SetVoiceByName(voice.encode()) != 0:
        raise EspeakError(f"espeak-ng has no voice {voice}.")
    engine.espeak_SetParameter(_RATE, words_a_minute, 0)
    pause = bytes(2 * int(_PAUSE_S * hertz))
    return pause.join(_lines(engine, text)), hertz


def _lines(engine: ctypes.CDLL, text: str) -> Iterator[bytes]:
    heard: list[bytes] = []

    def hear(samples: ctypes._Pointer[ctypes.c_short], number: int, _events: int) -> int:
        if samples and number:
            heard.append(ctypes.string_at(samples, 2 * number))
        return 0

    callback = _Heard(hear)
    engine.espeak_SetSynthCallback(callback)
    for line in filter(None, map(str.strip, text.splitlines())):
        heard.clear()
        spoken = line.encode()
        if engine.espeak_Synth(spoken, len(spoken) + 1, 0, 0, 0, _UTF8, None, None) != 0:
            raise EspeakError("espeak-ng did not take the text.")
        yield b"".join(heard)
