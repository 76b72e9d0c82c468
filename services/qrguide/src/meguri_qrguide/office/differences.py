"""What changed between two versions of a text, piece by piece."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_PIECES = re.compile(r"\s+|[A-Za-z0-9À-ÿ'\u2019]+|.", re.DOTALL)
"""Words of alphabets, single characters of everything else: Japanese has no spaces to go by."""


@dataclass(frozen=True)
class Piece:
    """A run of text that stayed (`same`), went (`gone`) or came (`new`)."""

    kind: str
    text: str


def differences(before: str, now: str) -> list[Piece]:
    """The two texts as one, in pieces."""
    old, new = _PIECES.findall(before), _PIECES.findall(now)
    found: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece("same", "".join(old[a:b])))
            continue
        if b > a:
            found.append(Piece("gone", "".join(old[a:b])))
        if d > c:
            found.append(Piece("new", "".join(new[c:d])))
    return found
