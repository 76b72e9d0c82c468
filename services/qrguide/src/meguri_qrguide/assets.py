"""Build the scripts of the visitors' pages from `assets/src` and npm packages (by a lock file).

    python -m meguri_qrguide.assets

Three files come of it in `static/vendor`: `guide.js` of every page, `scanner.js` of the scanner's page, and
`worker.js`, the service worker.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from meguri_kit import npm_build
from meguri_kit.npm_build import NpmBuildError, run_program

PACKAGE = Path(__file__).parent
VENDOR = PACKAGE / "static" / "vendor"
COMMAND = "python -m meguri_qrguide.assets"
SCRIPTS = {"guide.js": "esm", "scanner.js": "esm", "worker.js": "iife"}
"""What is built, each from the file of its name, as which kind of script."""

_SOURCE = PACKAGE.parents[1] / "assets"
_TARGETS = "safari15,chrome100,firefox100"


def read_scripts() -> dict[str, bytes]:
    """Every script by its name.

    Raises:
        NpmBuildError: they have not been built.
    """
    try:
        return {name: (VENDOR / name).read_bytes() for name in SCRIPTS}
    except FileNotFoundError:
        raise NpmBuildError(
            f"the guide's scripts have not been built: run `{COMMAND}` in Meguri's environment "
            "(make does it too)"
        ) from None


def build() -> bool:
    """Build the scripts where they are not up to date; says whether it had to.

    Raises:
        NpmBuildError: there is no checkout or no npm, or one of the steps failed.
    """
    sources = sorted((_SOURCE / "src").glob("*"))
    version = (Path(__file__).read_bytes(), *(path.name.encode() + path.read_bytes() for path in sources))
    return npm_build.build(_SOURCE, VENDOR, version, _bundle)


def _bundle(work: Path, made: Path) -> None:
    shutil.copytree(_SOURCE / "src", work / "src")
    for name, kind in SCRIPTS.items():
        esbuild = (
            *("node_modules/esbuild/bin/esbuild", f"src/{name}", f"--outfile={made / name}"),
            *("--bundle", "--minify", f"--format={kind}", f"--target={_TARGETS}"),
            *('--define:process.env.NODE_ENV="production"', "--legal-comments=inline"),
            "--log-level=error",
        )
        run_program("node", esbuild, work)


if __name__ == "__main__":
    sys.exit(npm_build.say("The guide's scripts", build))
