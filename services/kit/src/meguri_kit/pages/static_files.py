"""A service's own files beside the design tokens, cached by version."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    import os

    from starlette.responses import Response
    from starlette.types import Scope

TOKENS = Path(__file__).parent / "tokens.css"
_DAY_S, _YEAR_S = 86_400, 31_536_000


class PageFiles(StaticFiles):
    """Serves a folder, and the kit's `tokens.css` as if it lay in it.

    An address that carries the version (`?v=`) may be kept for a year, any other for a day.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory)
        content = hashlib.sha256(TOKENS.read_bytes())
        for path in sorted(path for path in directory.iterdir() if path.is_file()):
            content.update(path.read_bytes())
        self.version = content.hexdigest()[:12]
        """Of the folder's own files (folders in it not counted) and the tokens."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Where a file is: the tokens in the kit, all else in the folder."""
        if path == TOKENS.name:
            return str(TOKENS), TOKENS.stat()
        return super().lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long it may be kept."""
        response = await super().get_response(path, scope)
        if scope["query_string"].startswith(b"v="):
            response.headers["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
        else:
            response.headers["Cache-Control"] = f"public, max-age={_DAY_S}"
        return response
