"""The catalogues: the same keys in each language, every key used, every use has its key."""

import re
import string
from importlib.resources import files

import pytest
from meguri_dashboard.catalogue import LANGUAGES, catalogue

PACKAGE = files("meguri_dashboard")
KEY = re.compile(
    r"""["']((?:page|count|date|live|day|arrivals|dwell|sensors|chart|error|foot)\.[a-z_]+)["']"""
)


def used():
    sources = [path for path in PACKAGE.iterdir() if path.name.endswith(".py")]
    sources += list(PACKAGE.joinpath("templates").iterdir())
    return {key for path in sources for key in KEY.findall(path.read_text("utf-8"))}


def fields(key, language):
    text = catalogue(language)._texts[key]
    texts = [text] if isinstance(text, str) else text
    return {name for one in texts for _, name, _, _ in string.Formatter().parse(one) if name}


def built_from_parts():
    """Keys of the sensor table's columns, which its code puts together from the columns' names."""
    columns = ("sensor", "place", "state", "last", "signals", "weak", "late", "repeated")
    return {f"sensors.{column}" for column in columns}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_is_used_and_every_use_has_its_key(language):
    assert catalogue(language).keys == used() | built_from_parts()


@pytest.mark.parametrize("key", sorted(catalogue(LANGUAGES[0]).keys))
def test_a_text_takes_the_same_values_in_every_language(key):
    takes = {language: fields(key, language) for language in LANGUAGES}
    assert len({frozenset(names) for names in takes.values()}) == 1, takes
