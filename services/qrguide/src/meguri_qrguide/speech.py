"""A text spoken by the machine: a stopgap until somebody reads it aloud."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Final

_LOG = logging.getLogger(__name__)

ESPEAK_LANGUAGES: Final = ("en", "fr", "ko", "vi", "zh-Hans", "zh-Hant")
JAPANESE: Final = ("ja", "ja-x-easy")
THAI: Final = "th"
LONGEST_TEXT: Final = 20_000
"""Characters. A sight's text has about a thousand."""
_LONGEST_S = 600.0


def has_voice(language: str) -> bool:
    """Whether an engine speaks the language (BCP 47)."""
    return language == THAI or language in JAPANESE or language in ESPEAK_LANGUAGES


def speak(text: str, language: str) -> bytes | None:
    """The text, spoken.

    Args:
        text: as a guide's texts are, without Markdown, a paragraph a line. Readings (`{word|reading}`) are
            what is said in Japanese and in Thai.
        language: BCP 47.

    Returns:
        A WAV file of one channel, 16 bits; None: there is no voice for the language, or it failed.
    """
    if not text.strip() or len(text) > LONGEST_TEXT or not has_voice(language):
        return None
    command = [sys.executable, "-m", "meguri_qrguide.voices", language]
    try:
        done = subprocess.run(  # noqa: S603  a module of this package
            command, input=text.encode(), capture_output=True, timeout=_LONGEST_S, check=True
        )
    except subprocess.TimeoutExpired:
        _LOG.warning("the speech engine took too long", extra={"language": language})
        return None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        _LOG.warning("the speech engine failed", extra={"language": language, "said": said})
        return None
    return done.stdout
