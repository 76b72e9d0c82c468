"""The words of the visitors' pages: a file of each language, with the same keys."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

import yaml
from markupsafe import Markup

from meguri_qrguide.content.guide import LINGUA_FRANCA
from meguri_qrguide.content.ruby import ruby_html, without_readings

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACE = re.compile(r"\{([a-z]+)\}")


class Words:
    """The words in one language, or in English where the pages have none in it.

    Args:
        language: BCP 47.
    """

    def __init__(self, language: str) -> None:
        messages = read_messages()
        self.language = language if language in messages else LINGUA_FRANCA
        """Which they are in."""
        self._texts = messages[self.language]

    def has(self, key: str) -> bool:
        """Whether there is such a word."""
        return key in self._texts

    def raw(self, key: str) -> str:
        """As written: `{name}` for what is filled in, `{word|reading}` for ruby."""
        return self._texts[key]

    def html(self, key: str, **values: object) -> Markup:
        """As HTML, with ruby."""
        return Markup(ruby_html(_filled(self._texts[key], values)))  # noqa: S704  # it escapes everything

    def plain(self, key: str, **values: object) -> str:
        """Without ruby, for attributes and titles."""
        return without_readings(_filled(self._texts[key], values))


@cache
def read_messages() -> Mapping[str, Mapping[str, str]]:
    """Every word by language and key."""
    folder = files("meguri_qrguide").joinpath("visitor", "messages")
    return MappingProxyType(
        {
            file.name.removesuffix(".yaml"): yaml.safe_load(file.read_text("utf-8"))
            for file in folder.iterdir()
            if file.name.endswith(".yaml")
        }
    )


def _filled(text: str, values: Mapping[str, object]) -> str:
    return _PLACE.sub(lambda found: str(values[found[1]]), text)
