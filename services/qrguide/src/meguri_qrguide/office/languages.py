"""The languages of the office's own pages, and what the languages of guides are called there."""

from __future__ import annotations

OFFERED = ("ja", "en")
"""Of the office's pages. The first answers who states no wish."""

_NAMES = {
    "ja": "日本語",
    "en": "English",
    "zh-Hans": "简体中文",
    "zh-Hant": "繁體中文",
    "ko": "한국어",
    "th": "ไทย",
    "fr": "Français",
    "vi": "Tiếng Việt",
    "ja-x-easy": "やさしい日本語",
}
_SHORT = {"ja": "日", "en": "EN", "zh-Hans": "简", "zh-Hant": "繁", "ja-x-easy": "やさ"}


def name_of(language: str) -> str:
    """What the language calls itself; its tag where that is not known here."""
    return _NAMES.get(language, language)


def short_name_of(language: str) -> str:
    """Few letters, for the head of a table's column."""
    return _SHORT.get(language, language.upper())


def html_language(language: str) -> str:
    """The value of `lang`: easy Japanese is Japanese to whoever reads a page aloud."""
    return "ja" if language == "ja-x-easy" else language
