"""How Thai is read: the syllables of a text with their tones.

TLTK (Chulalongkorn University, BSD 3-Clause) reads a word well. Of a whole sentence it loses syllables where
it cuts them wrong (หนาวถอด became หนา and nothing), so it is given the words one by one.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from meguri_qrguide.content.ruby import readings_alone
from meguri_qrguide.voices.thai_numbers import in_letters
from meguri_qrguide.voices.thai_words import Words, may_be_cut

if TYPE_CHECKING:
    from collections.abc import Iterator

BREATH: Final = 25
"""Syllables in a phrase at most. espeak-ng takes a phrase for a word, and breaks at one of more than 200
phonemes; a syllable has up to seven, its tone and length with them."""
TONES: Final = ("mid", "low", "falling", "high", "rising")

_NOT_NEEDED = (
    "nltk",
    "nltk.parse",
    "nltk.parse.malt",
    "nltk.tag",
    "nltk.tag.perceptron",
    "pandas",
    "sklearn",
    "sklearn.ensemble",
    "sklearn.feature_extraction",
    "sklearn.pipeline",
    "sklearn_crfsuite",
)
"""What TLTK imports for its other jobs (parts of speech, names, parsing). Reading calls nothing of it, so the
workspace's pyproject.toml takes TLTK's demand for it back."""
_AGAIN = "ๆ"
_ONE_SPELLING = {"เเ": "แ", "ํา": "ำ", "ํ่า": "่ำ", "ํ้า": "้ำ", "ฯลฯ": " และอื่น ๆ "}
"""What looks the same is written the same."""
_THAI = re.compile(rf"[ก-ฺเ-ๅ็-๎]+|{_AGAIN}")
_PHRASE = re.compile(r"[^\s()\[\]{}\"'“”\u2018\u2019«»,;:!?…/|–—]+")
_BEFORE_AGAIN = re.compile(rf"\s+(?={_AGAIN})")
_BETWEEN_SYLLABLES = re.compile("[~|'^]")
_SHORT = re.compile("แ.*่.|เ.*[่้].")
"""Before a nasal these are short: เล่น, แห่ง. TLTK has the rule, but asks for the tone before it is known."""
_LONG_BEFORE_NASAL = re.compile(r"([ex])\1(?=[mnN][0-4]$)")
_SYLLABLE = re.compile(r"([^aeiouxOU@]*)([aeiouxOU@]+)([^0-4]*)([0-4])")
_SILENCED = re.compile("[ก-ฮ][ิุ]?์")
_OWN_VOWEL = "'"
"""TLTK's mark after a consonant that is read with a vowel which is not written."""
_NO_SOUND = re.compile(r"[-\\]")
"""TLTK's marks where a letter has none."""


@dataclass(frozen=True)
class Syllable:
    """A syllable in TLTK's letters: `th`, `aa`, `N` and 0 are ทาง."""

    initial: str
    """Consonants; `?` is the glottal stop."""
    vowel: str
    """A long one is written twice. `U` is that of มือ, `@` of เดิน, `x` of แดง, `O` of ขอ."""
    final: str
    tone: int
    """Its place in `TONES`."""


def phrases(text: str) -> Iterator[list[Syllable]]:
    """What stands between two spaces or punctuation marks, read; a new phrase begins after a long breath.

    Args:
        text: Thai. Where a word has a reading (see `ruby`), that is read; a hyphen in it parts syllables.
            Figures and Latin letters are said in Thai.
    """
    text = readings_alone(text)
    for spelling, usual in _ONE_SPELLING.items():
        text = text.replace(spelling, usual)
    for phrase in _PHRASE.findall(_BEFORE_AGAIN.sub("", in_letters(text))):
        words: list[str] = []
        for letters in _THAI.findall(phrase):
            words += words[-1:] if letters == _AGAIN else _words().cut(letters)
        yield from _breaths(words)


def _breaths(words: list[str]) -> Iterator[list[Syllable]]:
    said: list[Syllable] = []
    for word in words:
        syllables = read(word)
        if said and len(said) + len(syllables) > BREATH:
            yield said
            said = []
        said += syllables
        while len(said) > BREATH:
            yield said[:BREATH]
            said = said[BREATH:]
    if said:
        yield said


@cache
def read(word: str) -> tuple[Syllable, ...]:
    """A word's syllables. What cannot be read is spelled."""
    written, _, sounds = _tltk().g2p(word).replace("<s/>", "").partition("<tr/>")
    spelled = written.strip("|").replace("|", "~").split("~")
    heard = sounds.removesuffix("|").replace("|", "~").split("~")
    if len(spelled) != len(heard) or "".join(spelled) != word:
        return _apart(word, 1)
    for place, sound in enumerate(heard):
        # The last consonant of a syllable was taken for the first of this one, or the other way round; or two
        # syllables were taken for one. In a name it may also have been given a vowel of its own.
        before, after = len("".join(spelled[:place])), len("".join(spelled[: place + 1]))
        if not sound and not place:
            return _apart(word, after - 1, after) if after < len(word) else _apart(word, *range(2, len(word)))
        if not sound or (place and _OWN_VOWEL in sound and word not in _tltk().TDICT):
            return _apart(word, before + 1, before)
    return tuple(each for pair in zip(spelled, heard, strict=True) for each in _syllables(*pair))


def _syllables(written: str, sound: str) -> Iterator[Syllable]:
    if _SHORT.fullmatch(written):
        sound = _LONG_BEFORE_NASAL.sub(r"\1", sound)
    parts = _BETWEEN_SYLLABLES.split(_NO_SOUND.sub("", sound))
    for found in filter(None, map(_SYLLABLE.fullmatch, parts)):
        yield Syllable(found[1], found[2], found[3], int(found[4]))


def _apart(word: str, *places: int) -> tuple[Syllable, ...]:
    """The word read in two parts, at the first place that may be cut."""
    for place in places:
        if 0 < place < len(word) and may_be_cut(word, place):
            return (*read(word[:place]), *read(word[place:]))
    voiced = _SILENCED.sub("", word)
    if voiced != word:
        return read(voiced) if voiced else ()
    consonants = _tltk().stable["X"]
    return tuple(Syllable(consonants[letter], "OO", "", 0) for letter in word if letter in consonants)


@cache
def _words() -> Words:
    tltk = _tltk()
    counts = {word: float(facts.get("tnc-arf") or 0.0) for word, facts in tltk.WRD.items()}
    return Words(tltk.TDICT, counts, tltk.Count)


@cache
def _tltk() -> Any:  # noqa: ANN401  it has no types
    package = importlib.util.find_spec("tltk")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("tltk is not installed.")
    file = Path(package.submodule_search_locations[0]) / "nlp.py"
    spec = importlib.util.spec_from_file_location("meguri_qrguide.voices._tltk", file)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"{file} cannot be loaded.")
    module: Any = importlib.util.module_from_spec(spec)
    stand_ins = {name: _Nothing(name) for name in _NOT_NEEDED if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in its strings
            spec.loader.exec_module(module)
    finally:
        for name in stand_ins:
            del sys.modules[name]
    # Of its 2,223 patterns `re` would keep 512, and compile the others again for each word.
    module.PRON = {re.compile(pattern): sounds for pattern, sounds in module.PRON.items()}
    return module


class _Nothing(ModuleType):
    """Stands in for a module of which nothing is called."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)
