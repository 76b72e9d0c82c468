"""About how wide a text is in the pages' font, for what is laid out before a browser measures it."""

from __future__ import annotations

import unicodedata

_LATIN = 0.58
"""Of the size of the type; Japanese letters are as wide as it."""


def text_px(text: str, size_px: float) -> float:
    """The text's width in pixels at this size of type, rather too wide than too narrow."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return size_px * (wide + (len(text) - wide) * _LATIN)
