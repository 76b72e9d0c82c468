"""The body of an upload: read within its limits, decompressed within its limits, parsed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError
from meguri_proto.schema.upload_pb2 import Upload

if TYPE_CHECKING:
    from starlette.requests import Request

_GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS


class TooLargeError(Exception):
    """More than one request may hold; the message says what and how much."""


class UnreadableError(Exception):
    """The bytes are no upload; the message says why, without showing them."""


class UnknownEncodingError(Exception):
    """The body is encoded in a way that ingest does not read."""


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


def read_upload(body: bytes, encoding: str, max_bytes: int) -> Upload:
    """The upload that the body holds.

    Args:
        body: as it travelled.
        encoding: the header Content-Encoding, empty if there is none.
        max_bytes: of the upload once decompressed; not a byte more is decompressed.

    Raises:
        UnknownEncodingError: neither gzip nor identity.
        TooLargeError: more than `max_bytes`.
        UnreadableError: no gzip, or no upload.
    """
    match encoding.strip().lower():
        case "" | "identity":
            plain = body
        case "gzip" | "x-gzip":
            plain = _decompress(body, max_bytes)
        case _:
            raise UnknownEncodingError("Content-Encoding is to be gzip or identity.")
    if len(plain) > max_bytes:
        raise TooLargeError(f"The upload has {len(plain)} bytes; one upload may have {max_bytes}.")
    try:
        return Upload.FromString(plain)
    except DecodeError:
        raise UnreadableError("The body is no meguri.upload.v1.Upload.") from None


def _decompress(body: bytes, max_bytes: int) -> bytes:
    inflater = zlib.decompressobj(_GZIP_WINDOW_BITS)
    try:
        plain = inflater.decompress(body, max_bytes + 1)
    except zlib.error:
        raise UnreadableError("The body is not gzip, though Content-Encoding says so.") from None
    if len(plain) > max_bytes:
        raise TooLargeError(f"The upload has more than {max_bytes} bytes once decompressed.")
    if not inflater.eof or inflater.unused_data:
        raise UnreadableError("The body is cut, or goes on after its end.")
    return plain
