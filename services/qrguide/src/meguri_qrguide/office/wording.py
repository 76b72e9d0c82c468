"""The texts of the office's pages: `messages/{language}.yaml`, a sentence a key."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml


class Wording:
    """The texts of one language by key."""

    def __init__(self, language: str, texts: dict[str, str]) -> None:
        self.language = language
        self._texts = texts

    @property
    def keys(self) -> frozenset[str]:
        """Every key that has a text."""
        return frozenset(self._texts)

    def __call__(self, key: str, **values: object) -> str:
        """The text with its `{name}`s filled in.

        Raises:
            KeyError: there is no such text, or a value is missing.
        """
        return self._texts[key].format(**values)


@cache
def wording(language: str) -> Wording:
    """The texts of one of `languages.OFFERED`."""
    file = files("meguri_qrguide.office").joinpath("messages", f"{language}.yaml")
    return Wording(language, yaml.safe_load(file.read_text("utf-8")))
