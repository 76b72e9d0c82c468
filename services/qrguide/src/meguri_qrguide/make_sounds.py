"""Speak the texts of the guides that ship, where nobody has read them aloud.

    python -m meguri_qrguide.make_sounds

Each sight's text becomes `sound.{language}.m4a` beside it, with the facts of how it came to be. What was
spoken from the text as it stands is left alone, and so is every recording.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meguri_qrguide.content.markdown import spoken
from meguri_qrguide.content.sound_files import MadeBy, SoundFacts, parse_sound_facts
from meguri_qrguide.content.text_files import TextFile, parse_text_file
from meguri_qrguide.sound_encoding import speech_as_m4a
from meguri_qrguide.speech import has_voice, speak

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GUIDES = Path(__file__).parent / "guides"


@dataclass(frozen=True)
class ToSpeak:
    """A text that has no sound of its own, or one of an older text."""

    file: Path
    """The text's."""
    language: str
    text: TextFile

    @property
    def sound(self) -> Path:
        """Where its sound belongs."""
        return self.file.with_name(f"sound.{self.language}.m4a")

    @property
    def facts(self) -> Path:
        """Where it is said how the sound came to be."""
        return self.file.with_name(f"sound.{self.language}.yaml")


def words(text: TextFile) -> str:
    """What is said of a text: its title, its lead and its body, a paragraph a line, with readings."""
    return "\n".join((text.title, text.lead, spoken(text.body)))


def to_speak(guides: Path) -> Iterator[ToSpeak]:
    """What is to be spoken of the guides in a folder, one content folder each.

    Raises:
        ContentError: a text, or the facts of a sound, cannot be read.
    """
    for file in sorted(guides.glob("*/sights/*/*.md")):
        language = file.stem
        text = parse_text_file(file.read_text("utf-8"), str(file.relative_to(guides)))
        one = ToSpeak(file, language, text)
        if has_voice(language) and not _is_said(one):
            yield one


def make(one: ToSpeak, voice: Callable[[str, str], bytes | None] = speak) -> bool:
    """Make a text's sound; False if the machine could not speak it."""
    wav = voice(words(one.text), one.language)
    if wav is None:
        return False
    sound, seconds = speech_as_m4a(wav)
    # Ended between any two of these, it is begun again: without its facts a sound is nobody's.
    one.facts.unlink(missing_ok=True)
    one.sound.write_bytes(sound)
    one.facts.write_text(SoundFacts(MadeBy.ENGINE, seconds, one.text.digest).written(), "utf-8")
    return True


def main() -> int:
    """Speak what has no sound; 1 if a voice failed."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = list(pool.map(make, to_speak(GUIDES)))
    if not all(made):
        sys.stderr.write(f"{made.count(False)} of {len(made)} texts could not be spoken; the log says why.\n")
    return 0 if all(made) else 1


def _is_said(one: ToSpeak) -> bool:
    if not (one.sound.is_file() and one.facts.is_file()):
        return False
    facts = parse_sound_facts(one.facts.read_text("utf-8"), one.facts.name)
    return facts.made_by is MadeBy.RECORDING or facts.says == one.text.digest


if __name__ == "__main__":
    sys.exit(main())
