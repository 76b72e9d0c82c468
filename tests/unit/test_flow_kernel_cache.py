"""Where compiled kernels are kept."""

import os

import pytest
from meguri_flow.kernel_cache import keep_kernels

SETTING = "NUMBA_CACHE_DIR"


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "domain"
    folder.mkdir()
    (folder / "calling.py").write_text("a", "ascii")
    (folder / "called.py").write_text("b", "ascii")
    return folder


@pytest.fixture
def cache_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(SETTING, raising=False)
    return tmp_path / "cache"


def kept_in(sources):
    keep_kernels(sources)
    return os.environ.get(SETTING)


def test_kernels_are_kept_in_the_users_cache(sources, cache_home):
    assert kept_in(sources).startswith(f"{cache_home}/meguri/kernels-")
    assert kept_in(sources) == kept_in(sources)


def test_a_change_in_any_source_asks_for_all_kernels_anew(sources, cache_home):
    before = kept_in(sources)
    (sources / "called.py").write_text("c", "ascii")
    assert kept_in(sources) != before


def test_where_no_folder_can_be_made_nothing_is_kept(sources, cache_home):
    cache_home.write_text("a file", "ascii")
    assert kept_in(sources) is None
