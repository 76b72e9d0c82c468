"""The signs' fonts: unpacked once, kept with their licences, never half there."""

import pytest
from fontTools.ttLib import TTFont
from meguri_kit.npm_build import NpmBuildError
from meguri_qrguide.signs import fonts

LATIN = fonts.FONTS / "noto-sans-latin-wght-normal.ttf"


class Npm:
    """What npm ci leaves: of each package one slice a script, all of them the same font."""

    def __init__(self):
        self.calls = 0
        self.breaks = False
        self.lacks = ""

    def __call__(self, program, arguments, folder):
        self.calls += 1
        assert (program, arguments[0]) == ("npm", "ci")
        assert (folder / "package-lock.json").is_file()
        if self.breaks:
            raise NpmBuildError("no network")
        for package, slices in fonts._SLICES.items():
            made = folder / "node_modules/@fontsource-variable" / package
            (made / "files").mkdir(parents=True)
            (made / "LICENSE").write_text(f"OFL of {package}")
            for each in slices:
                if package != self.lacks:
                    font = TTFont(LATIN, lazy=True)
                    font.flavor = "woff2"
                    font.save(made / "files" / f"{package}-{each.replace('*', '1')}-wght-normal.woff2")


@pytest.fixture
def npm(monkeypatch, tmp_path):
    fonts.build()
    monkeypatch.setattr(fonts, "FONTS", tmp_path / "vendor")
    return Npm()


def test_fonts_are_unpacked_once_with_their_licences_beside_them(npm):
    assert fonts.build(npm)
    assert not fonts.build(npm)
    assert npm.calls == 1
    folder = fonts.find_fonts()
    assert (folder / "LICENSE-noto-sans-thai").read_text() == "OFL of noto-sans-thai"
    assert TTFont(folder / "noto-sans-jp-1-wght-normal.ttf").flavor is None


def test_before_that_one_is_told_what_to_run(npm):
    with pytest.raises(NpmBuildError, match=r"run `python -m meguri_qrguide\.signs\.fonts`"):
        fonts.find_fonts()


def test_a_download_that_fails_leaves_what_was_there(npm, monkeypatch):
    fonts.build(npm)
    monkeypatch.setattr(fonts, "_FORMAT", b"another")
    npm.breaks = True
    with pytest.raises(NpmBuildError, match="no network"):
        fonts.build(npm)
    assert fonts.find_fonts().is_dir()
    assert [each.name for each in fonts.FONTS.parent.iterdir()] == ["vendor"]


def test_a_package_without_its_slices_is_named(npm):
    npm.lacks = "noto-sans-kr"
    with pytest.raises(NpmBuildError, match="noto-sans-kr is not as this version of Meguri knows it"):
        fonts.build(npm)
    assert not fonts.FONTS.exists()
