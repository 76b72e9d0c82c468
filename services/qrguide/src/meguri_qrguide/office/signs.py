"""Signs to print, of what visitors see: entrance, sights and exit, in languages that the office chooses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import Response
from meguri_kit.npm_build import NpmBuildError
from meguri_kit.public_url import PublicUrlError, read_lasting_url

from meguri_qrguide.content.guide import LINGUA_FRANCA
from meguri_qrguide.content.ruby import without_readings
from meguri_qrguide.office.desks import sight_of
from meguri_qrguide.office.refusals import RefusedError
from meguri_qrguide.signs.fonts import COMMAND
from meguri_qrguide.signs.sign import (
    MOST_LANGUAGES,
    SignError,
    all_signs,
    entrance_sign,
    exit_sign,
    known_languages,
    sight_sign,
    sign_languages,
)
from meguri_qrguide.signs.typesetting import Paper, signs_pdf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from meguri_qrguide.content.guide import Guide
    from meguri_qrguide.office.desks import Desk, Desks
    from meguri_qrguide.office.rendering import Rendering
    from meguri_qrguide.office.screens import Screens
    from meguri_qrguide.signs.sign import Sign

SIGNS = "/office/signs/{town}"


class Signs:
    """The routes.

    Args:
        desks: lets requests in.
        rendering: makes the pages.
        public_url: the guide's address as visitors reach it; None: it has none yet, and no sign is made.
    """

    def __init__(self, desks: Desks, rendering: Rendering, public_url: str | None) -> None:
        self._desks = desks
        self._rendering = rendering
        self._public_url = public_url

    def add_to(self, screens: Screens) -> None:
        """Add the routes."""
        screens.get(SIGNS, self.show)
        screens.get(SIGNS + "/signs.pdf", self.pdf)

    async def show(self, request: Request) -> Response:
        """The form: which signs, on what, in which languages."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        guide = await asyncio.to_thread(_published, desk)
        return self._rendering.page(
            request,
            "signs.html",
            desk.shared,
            tab="signs",
            guide=guide,
            titles={each.number: without_readings(each.texts[guide.source].title) for each in guide.sights},
            papers=[each.value for each in Paper],
            known=[each for each in known_languages() if each != LINGUA_FRANCA],
            chosen=sign_languages(guide)[:-1],
            slots=MOST_LANGUAGES - 1,
            public_url=self._public_url,
            refused_url=self._refused_url(),
        )

    async def pdf(self, request: Request) -> Response:
        """The signs, to be kept as a file."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        if (refused := self._refused_url()) is not None:
            raise refused
        query = request.query_params
        paper = query.get("paper", "")
        if paper not in list(Paper):
            raise RefusedError("refused_form", 422)
        languages = [each for each in query.getlist("language") if each]
        what = query.get("what", "all")
        made = await asyncio.to_thread(self._pdf, desk, what, Paper(paper), languages)
        name = f"{desk.town.town}-{what}-{paper}.pdf"
        return Response(
            made,
            media_type="application/pdf",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store",
            },
        )

    def _pdf(self, desk: Desk, what: str, paper: Paper, languages: Sequence[str]) -> bytes:
        guide = _published(desk)
        try:
            signs = _signs(guide, what, self._public_url or "", languages)
        except SignError:
            raise RefusedError("refused_form", 422) from None
        try:
            return signs_pdf(signs, paper, f"{guide.titles[guide.source]}: {what}")
        except NpmBuildError:
            raise RefusedError("refused_sign_fonts", 503, command=COMMAND) from None

    def _refused_url(self) -> RefusedError | None:
        """Why no sign is made for the address; None: one is."""
        if self._public_url is None:
            return RefusedError("refused_no_public_url", 409)
        try:
            read_lasting_url(self._public_url)
        except PublicUrlError:
            return RefusedError("refused_public_url", 409, url=self._public_url)
        return None


def _published(desk: Desk) -> Guide:
    """The guide that visitors see, since a code is to open something.

    Raises:
        RefusedError: nothing was published.
    """
    edition = desk.editions.current()
    if edition is None:
        raise RefusedError("refused_signs_unpublished", 409)
    return edition.guide


def _signs(guide: Guide, what: str, public_url: str, languages: Sequence[str]) -> Sequence[Sign]:
    if what == "all":
        return all_signs(guide, public_url, languages)
    if what == "entrance":
        return (entrance_sign(guide, public_url, languages),)
    if what == "exit":
        return (exit_sign(guide, public_url, languages),)
    number = sight_of(guide, what)
    sight = next(each for each in guide.sights if each.number == number)
    return (sight_sign(guide, sight, public_url, languages),)
