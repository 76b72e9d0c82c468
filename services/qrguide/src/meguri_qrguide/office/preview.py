"""The draft as visitors would see it, in a frame as wide as a phone."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from fastapi.responses import HTMLResponse
from meguri_kit.pages.headers import CONTENT_SECURITY_POLICY

from meguri_qrguide.office.refusals import RefusedError
from meguri_qrguide.office.sights import TOWN
from meguri_qrguide.visitor.pages import guide_pages

if TYPE_CHECKING:
    from fastapi import Response
    from starlette.requests import Request

    from meguri_qrguide.office.desks import Desk, Desks
    from meguri_qrguide.office.rendering import Rendering
    from meguri_qrguide.office.screens import Screens
    from meguri_qrguide.visitor.shell import Shell

PAGE = TOWN + "/preview/page"
# No script: it would store the draft on this machine and log the office as a visitor.
_POLICY = (
    CONTENT_SECURITY_POLICY.replace("script-src 'self'", "script-src 'none'")
    .replace("form-action 'self'", "form-action 'none'")
    .replace("frame-ancestors 'none'", "frame-ancestors 'self'")
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"{_POLICY}; media-src 'self'",
    "Referrer-Policy": "same-origin",
}
_MEDIA = re.compile(r"/m/([0-9a-f]{32}\.[a-z0-9]+)")
_LINK = re.compile(r'href="(/(?:s|g|x|q|n|o)/[a-z0-9-]+|/scan)(?:\?[^"#]*)?(#[^"]*)?"')
_WITHOUT_SCRIPT = re.compile(r"<noscript>.*?</noscript>", re.DOTALL)


class Preview:
    """The routes.

    Args:
        desks: lets requests in.
        rendering: makes the page around the frame.
        shell: styles and scripts of the visitors' pages.
    """

    def __init__(self, desks: Desks, rendering: Rendering, shell: Shell) -> None:
        self._desks = desks
        self._rendering = rendering
        self._shell = shell

    def add_to(self, screens: Screens) -> None:
        """Add the routes."""
        screens.get(TOWN + "/preview", self.show)
        screens.get(PAGE + "/{path:path}", self.framed)

    async def show(self, request: Request) -> Response:
        """The frame, and what to show in it."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        guide = await asyncio.to_thread(lambda: desk.draft.guide)
        asked = request.query_params.get("shown", "")
        language = asked if asked in guide.languages else guide.source
        path = request.query_params.get("path", "")
        pages = [f"g/{guide.town}", *(f"s/{sight.number}" for sight in guide.sights), f"x/{guide.town}"]
        pages += [f"{letter}/{guide.town}" for letter in "qno"]
        return self._rendering.page(
            request,
            "preview.html",
            desk.shared,
            tab="preview",
            guide=guide,
            shown=language,
            path=path if path in pages else pages[0],
        )

    async def framed(self, request: Request) -> Response:
        """One page of the draft, whose links lead to the draft's other pages."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        html = await asyncio.to_thread(self._framed, request, desk)
        return HTMLResponse(html, headers=_HEADERS)

    def _framed(self, request: Request, desk: Desk) -> str:
        with desk.draft.held() as folder:
            guide = desk.draft.guide
            drawing = (folder / guide.map.path).read_text("utf-8") if guide.map else None
        asked = request.query_params.get("lang", "")
        language = asked if asked in guide.languages else guide.source
        html = guide_pages(guide, language, self._shell, drawing).get(f"/{request.path_params['path']}")
        if html is None:
            raise RefusedError("refused_no_page", 404)
        html = _WITHOUT_SCRIPT.sub("", html)
        html = _MEDIA.sub(rf"{desk.address}/media/\1", html)
        return _LINK.sub(rf'href="{desk.address}/preview/page\1?lang={language}\g<2>"', html)
