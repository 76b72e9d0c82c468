"""`python -m meguri_qrguide.voices LANGUAGE`: a text on standard input, spoken as WAV on standard output.

A process of its own, so that what an engine does wrong ends the engine alone, and its dictionaries are in
memory only while it speaks.
"""

from __future__ import annotations

import io
import os
import sys
import wave

from meguri_qrguide.content.ruby import without_readings


def main() -> int:
    """Speak; 1 if the engine cannot."""
    language = sys.argv[1]
    text = sys.stdin.buffer.read().decode()
    # What an engine prints by itself would stand in the middle of the WAV file.
    standard_output = os.dup(1)
    os.dup2(2, 1)
    samples, hertz = _spoken(text, language)
    with os.fdopen(standard_output, "wb") as output:
        output.write(_wav(samples, hertz))
    return 0 if samples else 1


def _spoken(text: str, language: str) -> tuple[bytes, int]:
    if language.startswith("ja"):
        from meguri_qrguide.voices import open_jtalk  # noqa: PLC0415  each takes its time to load

        return open_jtalk.speak(text)
    if language == "th":
        from meguri_qrguide.voices import thai  # noqa: PLC0415

        return thai.speak(text)
    from meguri_qrguide.voices import espeak  # noqa: PLC0415

    return espeak.speak(without_readings(text), language)


def _wav(samples: bytes, hertz: int) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(hertz)
        file.writeframes(samples)
    return made.getvalue()


if __name__ == "__main__":
    sys.exit(main())
