"""Editing a sight's text in a language, beside its source."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meguri_qrguide.content.guide import State
from meguri_qrguide.content.problems import ContentError
from meguri_qrguide.content.text_files import TextFile, parse_text_file
from meguri_qrguide.office.desks import language_of, sight_of
from meguri_qrguide.office.differences import differences
from meguri_qrguide.office.earlier_sources import EarlierSources
from meguri_qrguide.office.refusals import RefusedError
from meguri_qrguide.office.review import length, longest
from meguri_qrguide.office.screens import go

if TYPE_CHECKING:
    from fastapi import Response
    from starlette.requests import Request

    from meguri_qrguide.content.guide import Guide, Sight
    from meguri_qrguide.office.desks import Desk, Desks, Form
    from meguri_qrguide.office.differences import Piece
    from meguri_qrguide.office.rendering import Rendering
    from meguri_qrguide.office.screens import Screens

PATH = "/office/guides/{town}/sights/{number}/{language}"


@dataclass(frozen=True)
class Typed:
    """What stands in the form."""

    title: str = ""
    lead: str = ""
    body: str = ""
    next_hint: str = ""
    is_current: bool = True
    """Whether it says what the source says now."""


class Texts:
    """The routes.

    Args:
        desks: lets requests in.
        rendering: makes the pages.
    """

    def __init__(self, desks: Desks, rendering: Rendering) -> None:
        self._desks = desks
        self._rendering = rendering

    def add_to(self, screens: Screens) -> None:
        """Add the routes."""
        screens.get(PATH, self.show)
        screens.post(PATH, self.save)

    async def show(self, request: Request) -> Response:
        """The form with the text as it is."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        return await asyncio.to_thread(self._show, request, desk)

    async def save(self, request: Request) -> Response:
        """Keep what was typed, unless somebody else has saved meanwhile or it is no text of a guide."""
        desk, form = await self._desks.posted(request, str(request.path_params["town"]))
        return await asyncio.to_thread(self._save, request, desk, form)

    def _show(self, request: Request, desk: Desk) -> Response:
        guide, number, language = self._which(request, desk)
        path = _path(number, language)
        file = _read(desk, path)
        state = guide.state_of(_sight(guide, number), language)
        typed = Typed(is_current=state is not State.OLDER)
        if file is not None:
            typed = Typed(file.title, file.lead, file.body, file.next_hint or "", typed.is_current)
        return self._page(request, desk, typed, base=desk.draft.revision(path))

    def _save(self, request: Request, desk: Desk, form: Form) -> Response:
        guide, number, language = self._which(request, desk)
        path, base = _path(number, language), form.text("base")
        typed = Typed(
            " ".join(form.text("title").split()),
            " ".join(form.text("lead").split()),
            form.text("body"),
            " ".join(form.text("next").split()),
            "is_current" in form,
        )
        if not typed.title or not typed.lead:
            return self._page(
                request, desk, typed, base=base, status=422, refusal=RefusedError("refused_no_title")
            )
        with desk.draft.held():
            if desk.draft.revision(path) != base:
                return self._conflict(request, desk, typed)
            before = _read(desk, path)
            text = replace(
                before or TextFile("", "", ""),
                title=typed.title,
                lead=typed.lead,
                body=typed.body,
                next_hint=typed.next_hint or None,
                translated_from=_translated_from(guide, language, before, typed, form),
            )
            try:
                with desk.draft.change() as staged:
                    staged.write(path, text.written())
            except ContentError as error:
                return self._page(request, desk, typed, base=base, status=422, problems=error.problems)
            if language == guide.source and before is not None and before.digest != text.digest:
                _earlier(desk).keep(number, before)
        return go(f"{desk.address}/sights/{number}/{language}?said=saved")

    def _conflict(self, request: Request, desk: Desk, typed: Typed) -> Response:
        """Both texts: theirs to read, what was typed to go on with; saving again puts it over theirs."""
        _, number, language = self._which(request, desk)
        path = _path(number, language)
        return self._page(
            request,
            desk,
            typed,
            base=desk.draft.revision(path),
            status=409,
            theirs=_read(desk, path),
            refusal=RefusedError("refused_conflict"),
        )

    def _page(  # noqa: PLR0913  everything that the page shows
        self,
        request: Request,
        desk: Desk,
        typed: Typed,
        *,
        base: str,
        status: int = 200,
        theirs: TextFile | None = None,
        **said: object,
    ) -> Response:
        guide, number, language = self._which(request, desk)
        sight = _sight(guide, number)
        source = _read(desk, _path(number, guide.source))
        text = sight.texts.get(language)
        return self._rendering.page(
            request,
            "text.html",
            desk.shared,
            status=status,
            **said,
            tab="sights",
            guide=guide,
            number=number,
            text_language=language,
            is_source=language == guide.source,
            state=guide.state_of(sight, language),
            source=source,
            changed=_changed(desk, guide, number, language),
            typed=typed,
            base=base,
            theirs=theirs,
            length=length(text) if text else 0,
            longest=longest(language),
        )

    def _which(self, request: Request, desk: Desk) -> tuple[Guide, int, str]:
        guide = desk.draft.guide
        number = sight_of(guide, str(request.path_params["number"]))
        return guide, number, language_of(guide, str(request.path_params["language"]))


def _changed(desk: Desk, guide: Guide, number: int, language: str) -> list[Piece]:
    """What changed in the source since it was translated; nothing where that is not known."""
    text, source = _sight(guide, number).texts.get(language), _read(desk, _path(number, guide.source))
    digest = text.translated_from if text else None
    if digest is None or source is None or digest == source.digest:
        return []
    before = _earlier(desk).find(number, guide.source, digest)
    return differences(_whole(before), _whole(source)) if before else []


def _translated_from(
    guide: Guide, language: str, before: TextFile | None, typed: Typed, form: Form
) -> str | None:
    """The digest of the source that the writer saw, if the text says the same; else the one of before."""
    if language == guide.source:
        return None
    if typed.is_current:
        return form.text("source_digest") or None
    return before.translated_from if before else None


def _earlier(desk: Desk) -> EarlierSources:
    return EarlierSources(desk.draft.folder.with_name("sources"), desk.editions)


def _read(desk: Desk, path: str) -> TextFile | None:
    content = desk.draft.text(path)
    return None if content is None else parse_text_file(content, path)


def _sight(guide: Guide, number: int) -> Sight:
    return next(each for each in guide.sights if each.number == number)


def _path(number: int, language: str) -> str:
    return f"sights/{number}/{language}.md"


def _whole(text: TextFile) -> str:
    return "\n\n".join(filter(None, (text.title, text.lead, text.body, text.next_hint)))
