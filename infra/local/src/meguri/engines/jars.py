"""The jars that a jgo lock file names: fetched once, checked against their sha256 at every start.

They lie side by side in a cache folder. A jar enters it only whole and checked, so an interrupted fetch
leaves nothing behind that a later start could take for a jar.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FETCHES_AT_ONCE = 4
TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class LockedJar:
    """One entry of the lock file."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """As Maven names it."""
        return f"{self.artifact}-{self.version}.jar"


def locked_jars(lock: Path) -> list[LockedJar]:
    """The lock file's entries."""
    entries = tomllib.loads(lock.read_text("utf-8"))["dependencies"]
    return [LockedJar(e["groupId"], e["artifactId"], e["version"], e["sha256"]) for e in entries]


def cache_folder() -> Path:
    """Where jars are kept between runs: `$XDG_CACHE_HOME/meguri/jars`."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "meguri" / "jars"


def ensure_jars(
    lock: Path, cache: Path | None = None, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> list[Path]:
    """Paths of all jars of the lock file, after fetching those that are missing or damaged.

    Args:
        lock: a jgo lock file.
        cache: the folder that keeps them; by default `cache_folder()`.
        progress: called with how many of the missing ones are there, and how many were missing.

    Raises:
        LocalRunError: one could not be fetched, or is not what the lock file names.
    """
    cache = cache or cache_folder()
    jars = locked_jars(lock)
    missing = [jar for jar in jars if not _is_whole(cache / jar.file_name, jar)]
    if missing:
        _fetch_all(missing, cache, progress)
    return [cache / jar.file_name for jar in jars]


def _is_whole(path: Path, jar: LockedJar) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
    except OSError:
        return False


def _fetch_all(missing: Sequence[LockedJar], cache: Path, progress: Callable[[int, int], None]) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="fetching-", dir=cache) as folder,
        ThreadPoolExecutor(FETCHES_AT_ONCE) as pool,
    ):
        fetches = [pool.submit(_fetch, jar, Path(folder), cache) for jar in missing]
        try:
            for done, fetch in enumerate(as_completed(fetches), 1):
                fetch.result()
                progress(done, len(missing))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _fetch(jar: LockedJar, folder: Path, cache: Path) -> None:
    # jgo is slow to import and needed for a fetch alone.
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext
    from requests import RequestException

    maven = MavenContext(
        repo_cache=folder,
        local_repos=[],
        remote_repos={"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories},
        timeout=TIMEOUT_SECONDS,
    )
    try:
        found = maven.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
    except (RequestException, RuntimeError) as error:
        raise LocalRunError(
            f"{jar.file_name} could not be fetched from Maven Central ({type(error).__name__}). "
            "Check the connection and run the command again: what is already here is kept."
        ) from error
    if not _is_whole(found, jar):
        raise LocalRunError(
            f"{jar.file_name} arrived damaged: its sha256 is not the lock file's. Run the command again."
        )
    found.replace(cache / jar.file_name)
