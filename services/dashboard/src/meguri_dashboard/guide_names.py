"""How the pages call the guide's languages and sights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from meguri_proto.towns import Town

    from meguri_dashboard.wording import Wording

_NAMED: Final = frozenset(
    (
        *("de", "en", "es", "fr", "id", "it", "ja", "ja-x-easy", "ko", "pt", "ru", "th", "vi", "zh"),
        *("zh-hans", "zh-hant"),
    )
)
"""BCP 47 tags in lower case of the languages that have a name in every language of the pages."""
_SAME: Final = {"zh-cn": "zh-hans", "zh-tw": "zh-hant"}


def language_name(words: Wording, tag: str) -> str:
    """The language of a BCP 47 tag by its name; one without a name by its tag."""
    known = _SAME.get(tag.lower(), tag.lower())
    return words.text(f"guide.language_{known.replace('-', '_')}") if known in _NAMED else tag


def sight_name(words: Wording, town: Town, number: str) -> str:
    """The sight by its number and its place; one that the town's file has no more by its number."""
    place = town.sights.get(int(number)) if number.isdigit() else None
    if place is None:
        return words.text("guide.sight_unnamed", number=number)
    return words.text("guide.sight", number=number, place=words.place(place))
