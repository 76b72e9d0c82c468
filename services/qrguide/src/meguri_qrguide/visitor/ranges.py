"""Byte ranges as RFC 9110 (14) has them. Safari plays no sound without."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """The bytes from `first` up to and with `last`."""

    first: int
    last: int


class NotSatisfiableError(Exception):
    """The range begins past the file's end."""


def asked_part(header: str | None, size: int) -> Part | None:
    """What a Range header asks for.

    Args:
        header: None where there is none.
        size: of the whole, bytes.

    Returns:
        None: the whole is to be sent, as for a header that is no range of bytes, or several at once.

    Raises:
        NotSatisfiableError: no byte of the file is in it.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise NotSatisfiableError
        return Part(size - length, size - 1)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise NotSatisfiableError
    return Part(int(first), min(int(last), size - 1) if last else size - 1)
