"""The texts of the pages by language: `messages/{language}/*.yaml`, one file a block and one for the page."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml
from markupsafe import Markup

LANGUAGES = ("ja", "en")
"""The first answers who states no wish."""


class Catalogue:
    """The texts of one language by key."""

    def __init__(self, language: str, texts: dict[str, str | list[str]]) -> None:
        self.language = language
        self._texts = texts

    @property
    def keys(self) -> frozenset[str]:
        """Every key that has a text."""
        return frozenset(self._texts)

    def text(self, key: str, **values: object) -> str:
        """The text with its `{name}`s filled in.

        Raises:
            KeyError: there is no such text, or a value is missing.
        """
        return self._one(key).format(**values)

    def markup(self, key: str, **values: object) -> Markup:
        """As `text`, for values that are HTML already."""
        return Markup(self._one(key)).format(**values)  # noqa: S704  # our own text; format escapes values

    def texts(self, key: str) -> list[str]:
        """A list of texts, such as the names of the months."""
        found = self._texts[key]
        if isinstance(found, str):
            raise KeyError(f"{key} is one text and not a list of them")
        return found

    def _one(self, key: str) -> str:
        found = self._texts[key]
        if not isinstance(found, str):
            raise KeyError(f"{key} is a list of texts and not one")
        return found


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of one of `LANGUAGES`.

    Raises:
        ValueError: two files have a text of the same key.
    """
    texts: dict[str, str | list[str]] = {}
    for file in files("meguri_dashboard").joinpath("messages", language).iterdir():
        of_file = yaml.safe_load(file.read_text("utf-8"))
        twice = texts.keys() & of_file.keys()
        if twice:
            raise ValueError(f"{file.name}: another file of {language} has {', '.join(sorted(twice))} too")
        texts |= of_file
    return Catalogue(language, texts)
