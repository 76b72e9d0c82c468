"""The pages' font: built once, kept with its licences, never half there."""

import shutil

import pytest
from meguri_dashboard import assets
from meguri_dashboard.assets import page_characters, stylesheet_faces, unicode_range
from meguri_kit.npm_build import NpmBuildError

SHEET = """
/* one */
@font-face {
  font-family: 'X';
  font-weight: 400;
  src: url(./files/x-1-400-normal.woff2) format('woff2'), url(./files/x-1-400-normal.woff) format('woff');
  unicode-range: U+4e00,U+4e8c-4e8f;
}
"""
FONTS = assets.FONTS


class Npm:
    """What npm ci leaves: the two packages, as far as they are used."""

    def __init__(self):
        self.calls = 0
        self.breaks = False

    def __call__(self, program, arguments, folder):
        self.calls += 1
        assert (program, arguments[0]) == ("npm", "ci")
        assert (folder / "package-lock.json").is_file()
        if self.breaks:
            raise NpmBuildError("no network")
        ttf = folder / "node_modules/@expo-google-fonts/biz-udpgothic"
        woff2 = folder / "node_modules/@fontsource/biz-udpgothic"
        (woff2 / "files").mkdir(parents=True)
        for weight, name in ((400, "400Regular"), (700, "700Bold")):
            (ttf / name).mkdir(parents=True)
            shutil.copy(FONTS / f"BIZUDPGothic_{name}.ttf", ttf / name)
            (woff2 / f"{weight}.css").write_text(SHEET.replace("400", str(weight)))
            (woff2 / "files" / f"x-1-{weight}-normal.woff2").write_bytes(b"slice")
        (ttf / "LICENSE_FONT").write_text("OFL of the TTF")
        (woff2 / "LICENSE").write_text("OFL of the slices")


@pytest.fixture
def npm(monkeypatch, tmp_path):
    assets.build()
    # Cutting a font to the pages' characters takes seconds; a few are enough to see one made.
    monkeypatch.setattr(assets, "page_characters", lambda: frozenset("めぐり"))
    monkeypatch.setattr(assets, "VENDOR", tmp_path / "static" / "vendor")
    return Npm()


def test_the_font_is_built_once_with_its_licences_beside_it(npm):
    assert assets.missing()
    assert assets.build(npm)
    assert not assets.build(npm)
    assert npm.calls == 1
    assert assets.missing() is None
    assert (assets.VENDOR / "fonts" / "LICENSE").read_text() == "OFL of the TTF"
    assert (assets.VENDOR / "slices" / "LICENSE").read_text() == "OFL of the slices"
    assert (assets.VENDOR / "pages-400.woff2").stat().st_size < 5_000
    last = (assets.VENDOR / assets.STYLESHEET).read_text().splitlines()[-2:]
    assert [rule for rule in last if "pages-" not in rule] == []


def test_a_download_that_fails_leaves_what_was_there(npm, monkeypatch):
    assets.build(npm)
    monkeypatch.setattr(assets, "_FORMAT", b"another")
    npm.breaks = True
    with pytest.raises(NpmBuildError, match="no network"):
        assets.build(npm)
    assert assets.missing() is None
    assert (assets.VENDOR / "pages-400.woff2").is_file()
    assert [path.name for path in assets.VENDOR.parent.iterdir()] == ["vendor"]


def test_another_lock_file_or_other_texts_are_built_anew(npm, monkeypatch):
    assets.build(npm)
    monkeypatch.setattr(assets, "page_characters", lambda: frozenset("巡り"))
    assert assets.build(npm)


def test_a_package_that_is_not_as_expected_is_said(npm):
    class Changed(Npm):
        def __call__(self, program, arguments, folder):
            super().__call__(program, arguments, folder)
            (folder / "node_modules/@fontsource/biz-udpgothic/700.css").unlink()

    with pytest.raises(NpmBuildError, match=r"not as this version of Meguri knows them.*700\.css"):
        assets.build(Changed())


def test_rules_take_the_slice_from_our_own_folder():
    (rule,) = stylesheet_faces(SHEET)
    assert 'url("slices/x-1-400-normal.woff2")' in rule
    assert "U+4e00,U+4e8c-4e8f" in rule


@pytest.mark.parametrize("lacking", ["font-weight: 400;", "unicode-range: U+4e00,U+4e8c-4e8f;"])
def test_a_rule_that_lacks_something_is_refused(lacking):
    with pytest.raises(NpmBuildError, match="lacks"):
        stylesheet_faces(SHEET.replace(lacking, ""))


def test_characters_become_a_range_with_neighbours_joined():
    assert unicode_range("acb日") == "U+61-63,U+65e5"


def test_the_font_with_what_the_pages_say_is_small():
    assets.build()
    assert 10_000 < (assets.VENDOR / "pages-400.woff2").stat().st_size < 70_000


def test_the_cut_font_has_the_characters_of_texts_templates_and_names_of_places():
    assert {"A", "約", "\u2039", "村", "（"} <= page_characters()
    assert "\n" not in page_characters()
