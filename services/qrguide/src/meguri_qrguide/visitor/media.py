"""Sounds, pictures and videos: a file of the guide by its hash, whole or a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from starlette.responses import Response, StreamingResponse

from meguri_qrguide.visitor.headers import PAGE_HEADERS
from meguri_qrguide.visitor.ranges import NotSatisfiableError, Part, asked_part

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

    from meguri_qrguide.content.guide import Media

_CHUNK = 128 * 1024
_FOR_EVER = "public, max-age=31536000, immutable"


def media_answer(request: Request, path: Path, media: Media) -> Response:
    """The answer to a GET or HEAD of the file.

    200 with the whole, 206 with the part that a Range header asks for, 416 past its end, 304 to who has it. A
    part is given only of the file that `If-Range` names.
    """
    etag = f'"{media.hash}"'
    headers = {
        **PAGE_HEADERS,
        "Accept-Ranges": "bytes",
        "Cache-Control": _FOR_EVER,
        "Content-Type": media.type,
        "ETag": etag,
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    wish = request.headers.get("range")
    if request.headers.get("if-range", etag) != etag:
        wish = None
    try:
        part = asked_part(wish, media.size)
    except NotSatisfiableError:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{media.size}"})
    if part is None:
        whole = Part(0, media.size - 1)
        return StreamingResponse(_read(path, whole), 200, {**headers, "Content-Length": str(media.size)})
    length = part.last - part.first + 1
    return StreamingResponse(
        _read(path, part),
        206,
        {
            **headers,
            "Content-Length": str(length),
            "Content-Range": f"bytes {part.first}-{part.last}/{media.size}",
        },
    )


async def _read(path: Path, part: Part) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as file:
        await file.seek(part.first)
        left = part.last - part.first + 1
        while left:
            chunk = await file.read(min(_CHUNK, left))
            if not chunk:
                raise OSError(f"{path} is shorter than when it was published")
            left -= len(chunk)
            yield chunk
