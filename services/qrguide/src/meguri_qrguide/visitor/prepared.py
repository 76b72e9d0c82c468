"""Answers that are made once and sent many times: compressed, with their validator."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import Response

from meguri_qrguide.visitor.headers import PAGE_HEADERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

HTML = "text/html; charset=utf-8"
JSON = "application/json"


@dataclass(frozen=True)
class Prepared:
    """A body with what goes with it."""

    type: str
    body: bytes
    packed: bytes
    """The body by gzip."""
    hash: str
    """SHA-256 of the body, 64 hex digits."""

    def answer(
        self, request: Request, *, kept: str, status: int = 200, vary: tuple[str, ...] = ()
    ) -> Response:
        """The response to a GET: not modified, packed, or as it is.

        Args:
            request: whose conditions and encodings count.
            kept: Cache-Control.
            status: of the page where it is sent.
            vary: request headers beside Accept-Encoding that decide which page this is.
        """
        packs = "gzip" in request.headers.get("accept-encoding", "")
        etag = f'"{self.hash[:24]}{"-gz" if packs else ""}"'
        headers: Mapping[str, str] = {
            **PAGE_HEADERS,
            "ETag": etag,
            "Cache-Control": kept,
            "Vary": ", ".join(("Accept-Encoding", *vary)),
        }
        if status == 200 and etag in request.headers.get("if-none-match", ""):  # noqa: PLR2004  # HTTP's own
            return Response(status_code=304, headers=headers)
        if packs:
            headers = {**headers, "Content-Encoding": "gzip"}
        # As a header, since Starlette would add a charset to some types.
        return Response(self.packed if packs else self.body, status, {**headers, "Content-Type": self.type})


def prepare(content: str | bytes, media_type: str) -> Prepared:
    """Make an answer ready."""
    body = content.encode() if isinstance(content, str) else content
    return Prepared(media_type, body, gzip.compress(body, 9, mtime=0), hashlib.sha256(body).hexdigest())
