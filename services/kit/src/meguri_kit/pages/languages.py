"""Which language a page is answered in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

COOKIE = "meguri_language"
_YEAR_S = 365 * 24 * 3600


def page_language(request: Request, offered: Sequence[str]) -> str:
    """The language that the address asks for (`?lang=`), else the remembered one, else the browser's."""
    for wish in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wish is not None and wish in offered:
            return wish
    return negotiate(request.headers.get("accept-language", ""), offered)


def negotiate(accept_language: str, offered: Sequence[str]) -> str:
    """The offered language that an Accept-Language header prefers (RFC 9110, 12.5.4).

    Args:
        accept_language: the header; empty where the client sent none.
        offered: BCP 47 tags of a language alone. The first answers who states no wish; who wishes only
            for others gets English where it is offered.
    """
    wishes = []
    for part in accept_language.split(","):
        tag, _, quality = part.partition(";")
        if tag.strip():
            wishes.append((_quality(quality), tag.strip().lower().partition("-")[0]))
    wishes = [wish for wish in wishes if wish[0] > 0]
    for _, tag in sorted(wishes, key=lambda wish: -wish[0]):
        if tag == "*":
            return offered[0]
        if tag in offered:
            return tag
    return "en" if wishes and "en" in offered else offered[0]


def remember_language(request: Request, response: Response, offered: Sequence[str]) -> None:
    """Keep what the address asked for, so that the next page without `?lang=` answers in it."""
    asked = request.query_params.get("lang")
    if asked is not None and asked in offered:
        response.set_cookie(COOKIE, asked, max_age=_YEAR_S, httponly=True, samesite="lax")
    response.headers["Vary"] = "Accept-Language, Cookie"


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
