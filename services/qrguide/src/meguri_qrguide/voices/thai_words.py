"""Thai cut into words and syllables.

Thai is written without spaces between words, and how a syllable is read depends on where its word ends.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LETTERS = re.compile("[ก-ฺเ-ๅ็-๎]+")
_CONSONANT = re.compile("[ก-ฮ]")
_NO_CLUSTER = re.compile("[ก-ฮ][ก-ยศ-ฮ]")
_WORDS_OF_ONE_LETTER = ("ณ", "ธ")
_BEFORE_ITS_CONSONANT: Final = frozenset("เแโใไ")
_AFTER_ITS_CONSONANT = re.compile("[ะ-ฺๅ็-๎]")
_UNSEEN: Final = 0.5
"""How often what was never counted is taken to occur."""
_RARE_SYLLABLE: Final = 2
"""So seldom a syllable may be a slip of the count."""
_NO_WORD: Final = 5.0
"""What a syllable costs that is in the list of syllables alone, beside its own rarity. The unit is that of
`-log(probability)`, here and below."""
_UNKNOWN: Final = 20.0
"""What a stretch costs that is in no list."""
_UNKNOWN_LETTER: Final = 3.0
"""And each of its letters."""
_ALONE: Final = 15.0
"""And a consonant alone, which is no syllable."""
_BARE: Final = 5.0
"""And two consonants at the beginning that are no cluster: the first mostly ends the syllable before."""


class Words:
    """A lexicon that cuts text: it takes the way whose words are most probable together."""

    def __init__(
        self, words: Iterable[str], counts: Mapping[str, float], syllables: Mapping[str, int]
    ) -> None:
        """Make the lexicon.

        Args:
            words: all that are known.
            counts: how often those occur that were counted.
            syllables: how often each occurs; names and foreign words are cut into them.
        """
        heard = sum(syllables.values())
        self._costs = {
            syllable: _NO_WORD - math.log(count / heard)
            for syllable, count in syllables.items()
            if count > _RARE_SYLLABLE and _is_word(syllable)
        }
        read = sum(counts.values())
        for word in filter(_is_word, {*words, *counts}):
            self._costs[word] = -math.log((counts.get(word, 0.0) + _UNSEEN) / read)
        self._longest = max(map(len, self._costs))

    def cut(self, letters: str) -> list[str]:
        """Thai letters, without anything between them, as words."""
        length = len(letters)
        costs = [0.0, *[math.inf] * length]
        begins = [0] * (length + 1)
        for end in range(1, length + 1):
            if not may_be_cut(letters, end):
                continue
            for begin in range(max(0, end - self._longest), end):
                cost = costs[begin] + self._cost(letters[begin:end])
                if cost < costs[end]:
                    costs[end], begins[end] = cost, begin
        words = []
        end = length
        while end:
            words.append(letters[begins[end] : end])
            end = begins[end]
        return words[::-1]

    def _cost(self, word: str) -> float:
        known = self._costs.get(word)
        if known is not None:
            return known
        alone = _ALONE if _CONSONANT.fullmatch(word) else 0.0
        bare = _BARE if _NO_CLUSTER.match(word) else 0.0
        return _UNKNOWN + _UNKNOWN_LETTER * len(word) + alone + bare


def _is_word(written: str) -> bool:
    if _CONSONANT.fullmatch(written):
        return written in _WORDS_OF_ONE_LETTER
    return _LETTERS.fullmatch(written) is not None


def may_be_cut(letters: str, place: int) -> bool:
    """Whether a word may end before the letter at the place, its vowels with their consonants."""
    if place == len(letters):
        return True
    return letters[place - 1] not in _BEFORE_ITS_CONSONANT and not _AFTER_ITS_CONSONANT.match(letters[place])
