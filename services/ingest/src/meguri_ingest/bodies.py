"""The body of a request: read within its limits, decompressed within its limits, parsed."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError
from meguri_proto.schema.upload_pb2 import Upload

if TYPE_CHECKING:
    from starlette.requests import Request

_GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS


class TooLargeError(Exception):
    """More than one request may hold; the message says what and how much."""


class UnreadableError(Exception):
    """The bytes are not what the endpoint takes; the message says why, without showing them."""


class UnknownEncodingError(Exception):
    """The body is encoded, or of a type, that ingest does not read."""


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The request's body as it travelled.

    Raises:
        TooLargeError: it is longer than `max_bytes`; the rest is not read.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise TooLargeError(f"The body has {declared} bytes; one request may have {max_bytes}.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise TooLargeError(
                f"The body has more than {max_bytes} bytes, which is what one request may have."
            )
    return bytes(body)


def decoded(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """The body as it was before it travelled.

    Args:
        body: as it travelled.
        encoding: the header Content-Encoding, empty if there is none.
        max_bytes: of the body once decompressed; not a byte more is decompressed.

    Raises:
        UnknownEncodingError: neither gzip nor identity.
        TooLargeError: more than `max_bytes`.
        UnreadableError: no gzip.
    """
    match encoding.strip().lower():
        case "" | "identity":
            plain = body
        case "gzip" | "x-gzip":
            plain = _decompress(body, max_bytes)
        case _:
            raise UnknownEncodingError("Content-Encoding is to be gzip or identity.")
    if len(plain) > max_bytes:
        raise TooLargeError(f"The body has {len(plain)} bytes; one body may have {max_bytes}.")
    return plain


def read_upload(plain: bytes) -> Upload:
    """The upload that a decoded body is.

    Raises:
        UnreadableError: it is none.
    """
    try:
        return Upload.FromString(plain)
    except DecodeError:
        raise UnreadableError("The body is no meguri.upload.v1.Upload.") from None


def read_json(plain: bytes) -> dict[str, Any]:
    """The JSON object that a decoded body is.

    Raises:
        UnreadableError: it is none.
    """
    try:
        value = json.loads(plain)
    except (ValueError, RecursionError):
        raise UnreadableError("The body is no JSON.") from None
    if not isinstance(value, dict):
        raise UnreadableError("The body is to be a JSON object.")
    return value


def read_items(plain: bytes, name: str, most: int) -> list[Any]:
    """The list of this name in the JSON object that a decoded body is.

    Raises:
        UnreadableError: there is none.
        TooLargeError: it has more than `most` items.
    """
    items = read_json(plain).get(name)
    if not isinstance(items, list):
        raise UnreadableError(f'The body is to be a JSON object with a list "{name}".')
    if len(items) > most:
        raise TooLargeError(f"The body has {len(items)} {name}; one request may have {most}.")
    return items


def _decompress(body: bytes, max_bytes: int) -> bytes:
    inflater = zlib.decompressobj(_GZIP_WINDOW_BITS)
    try:
        plain = inflater.decompress(body, max_bytes + 1)
    except zlib.error:
        raise UnreadableError("The body is not gzip, though Content-Encoding says so.") from None
    if len(plain) > max_bytes:
        raise TooLargeError(f"The body has more than {max_bytes} bytes once decompressed.")
    if not inflater.eof or inflater.unused_data:
        raise UnreadableError("The body is cut, or goes on after its end.")
    return plain
