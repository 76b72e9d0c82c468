"""The machine's own voices, for a text that nobody has read aloud yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguri_qrguide.make_sounds import words
from meguri_qrguide.sound_encoding import speech_as_m4a
from meguri_qrguide.speech import has_voice, speak

if TYPE_CHECKING:
    from meguri_qrguide.content.text_files import TextFile


class Voices:
    """What this machine can speak."""

    def has(self, language: str) -> bool:
        """Whether it can speak the language (BCP 47)."""
        return has_voice(language)

    def spoken(self, text: TextFile, language: str) -> tuple[bytes, float] | None:
        """The text as M4A and its seconds; None: there is no voice, or it failed."""
        wav = speak(words(text), language)
        return None if wav is None else speech_as_m4a(wav)
