"""Which of a guide's languages a visitor gets, as BCP 47 tags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meguri_kit.pages.languages import COOKIE

from meguri_qrguide.content.guide import LINGUA_FRANCA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

_PRIVATE = "-x-"
_SCRIPTS = {
    "zh": "zh-Hans",
    "zh-cn": "zh-Hans",
    "zh-sg": "zh-Hans",
    "zh-my": "zh-Hans",
    "zh-tw": "zh-Hant",
    "zh-hk": "zh-Hant",
    "zh-mo": "zh-Hant",
}
"""The script that a tag of Chinese without one stands for (CLDR, likely subtags)."""


def chosen_language(request: Request, offered: Sequence[str]) -> str:
    """The language that the address asks for (`?lang=`), else the remembered one, else the browser's."""
    for wish in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wish in offered:
            return str(wish)
    return negotiated(request.headers.get("accept-language", ""), offered)


def negotiated(accept_language: str, offered: Sequence[str]) -> str:
    """The offered language that an Accept-Language header prefers (RFC 9110, 12.5.4; RFC 4647, 3.4).

    Args:
        accept_language: the header; empty where the client sent none.
        offered: BCP 47. The first answers who states no wish; who wishes only for others gets English where
            it is offered. A tag for private use (`ja-x-easy`) is nobody's wish but by choosing it.
    """
    wishes = sorted(_wishes(accept_language), key=lambda wish: -wish[1])
    by_tag = {tag.lower(): tag for tag in offered if _PRIVATE not in tag}
    for wish, quality in wishes:
        if quality <= 0:
            continue
        if wish == "*":
            return offered[0]
        found = _found(wish, by_tag)
        if found is not None:
            return found
    return LINGUA_FRANCA if wishes and LINGUA_FRANCA in offered else offered[0]


def html_language(tag: str) -> str:
    """What stands in `lang`: the tag without its private part, so that fonts and speech know the language."""
    return tag.partition(_PRIVATE)[0]


def _wishes(header: str) -> list[tuple[str, float]]:
    found = []
    for part in header.split(","):
        tag, _, parameter = part.partition(";")
        if tag.strip():
            quality = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameter, re.IGNORECASE)
            without = float(not parameter.strip())
            found.append((tag.strip().lower(), float(quality[1]) if quality else without))
    return found


def _found(wish: str, by_tag: dict[str, str]) -> str | None:
    """The longest beginning of the tag that is offered, Chinese by its script."""
    parts = wish.split("-")
    for length in range(len(parts), 0, -1):
        beginning = "-".join(parts[:length])
        for tag in (beginning, _SCRIPTS.get(beginning, "").lower()):
            if tag in by_tag:
                return by_tag[tag]
    return None
