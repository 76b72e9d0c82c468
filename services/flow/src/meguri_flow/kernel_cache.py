"""Where numba keeps compiled kernels: a folder whose name follows from the sources of all of them.

numba by itself does not notice a change in a kernel that another one calls (infra/decisions/0003).
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

_SETTING = "NUMBA_CACHE_DIR"
_SOURCES = Path(__file__).parent / "domain"


def keep_kernels(sources: Path = _SOURCES) -> None:
    """Let kernels be kept, if there is a folder for them. To be called before numba is imported.

    Args:
        sources: the folder of the modules that define them.
    """
    digest = blake2b(digest_size=8)
    for source in sorted(sources.glob("*.py")):
        digest.update(source.read_bytes())
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "meguri" / f"kernels-{digest.hexdigest()}"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            os.environ[_SETTING] = str(folder)
