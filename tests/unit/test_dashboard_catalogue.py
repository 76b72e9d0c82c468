"""The catalogues: the same keys in each language, every key used, every use has its key."""

import re
import string
from importlib.resources import files

import pytest
from meguri_dashboard import catalogue as module
from meguri_dashboard.catalogue import LANGUAGES, catalogue

PACKAGE = files("meguri_dashboard")
BLOCKS = {key.partition(".")[0] for key in catalogue(LANGUAGES[0]).keys}
KEY = re.compile(rf"""["']((?:{"|".join(sorted(BLOCKS))})\.(?!html)[a-z0-9_]*)(?=["']|\{{)""")


def used():
    """Whole keys, and beginnings that the code completes (`f"sales.title_{unit}"`), each as a pattern."""
    sources = [path for path in PACKAGE.rglob("*.py") if path.name != "catalogue.py"]
    sources += list(PACKAGE.joinpath("templates").iterdir())
    found = [match for path in sources for match in KEY.finditer(path.read_text("utf-8"))]
    return {
        re.escape(match[1]) + ("[a-z0-9_]+" if match.string[match.end()] == "{" else "") for match in found
    }


def fields(key, language):
    text = catalogue(language)._texts[key]
    texts = [text] if isinstance(text, str) else text
    return {name for one in texts for _, name, _, _ in string.Formatter().parse(one) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_is_used_and_every_use_has_its_key(language):
    keys, patterns = catalogue(language).keys, used()
    assert {key for key in keys if not any(re.fullmatch(pattern, key) for pattern in patterns)} == set()
    assert {pattern for pattern in patterns if not any(re.fullmatch(pattern, key) for key in keys)} == set()


@pytest.mark.parametrize("key", sorted(set.union(*(set(catalogue(one).keys) for one in LANGUAGES))))
def test_a_text_is_there_in_every_language_and_takes_the_same_values(key):
    takes = {language: fields(key, language) for language in LANGUAGES}
    assert len({frozenset(names) for names in takes.values()}) == 1, takes


def test_a_key_that_two_files_have_is_refused(monkeypatch, tmp_path):
    folder = tmp_path / "messages" / "xx"
    folder.mkdir(parents=True)
    for name in ("one", "two"):
        (folder / f"{name}.yaml").write_text("page.name: Meguri\n")
    monkeypatch.setattr(module, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match=r"another file of xx has page\.name too"):
        catalogue.__wrapped__("xx")
