"""What holds for a whole guide: title, notice, coupon by language; languages, Wi-Fi and map."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from meguri_qrguide.content.guide import NOTICE_PARTS, Wifi
from meguri_qrguide.content.guide_file import GuideFile, parse_guide_file
from meguri_qrguide.content.layout import LANGUAGE
from meguri_qrguide.content.problems import ContentError
from meguri_qrguide.office.refusals import RefusedError
from meguri_qrguide.office.screens import go
from meguri_qrguide.office.sights import TOWN, change_guide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Response
    from starlette.requests import Request

    from meguri_qrguide.office.desks import Desk, Desks, Form
    from meguri_qrguide.office.rendering import Rendering
    from meguri_qrguide.office.screens import Screens

_FILE = "guide.yaml"


class GuideForm:
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
        screens.get(TOWN + "/guide", self.show)
        screens.post(TOWN + "/guide", self.save)
        screens.post(TOWN + "/settings", self.settle)
        screens.post(TOWN + "/map", self.put_map)

    async def show(self, request: Request) -> Response:
        """The forms, for one language."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        return await asyncio.to_thread(self._page, request, desk)

    async def save(self, request: Request) -> Response:
        """Keep the texts of one language."""
        desk, form = await self._desks.posted(request, str(request.path_params["town"]))
        return await asyncio.to_thread(self._save, request, desk, form)

    async def settle(self, request: Request) -> Response:
        """Keep the languages and the Wi-Fi."""
        desk, form = await self._desks.posted(request, str(request.path_params["town"]))
        return await asyncio.to_thread(self._settle, desk, form)

    async def put_map(self, request: Request) -> Response:
        """Put another map in the place."""
        desk, form = await self._desks.posted(request, str(request.path_params["town"]))
        content = await form.file("file").read()

        def put() -> None:
            with desk.draft.change() as staged:
                staged.write("map.svg", content)
                change_guide(staged, lambda own: replace(own, map="map.svg"))

        await asyncio.to_thread(put)
        return go(f"{desk.address}/guide?said=saved")

    def _save(self, request: Request, desk: Desk, form: Form) -> Response:
        shown = form.text("shown")
        typed = {name: form.text(name) for name in _NAMES}
        with desk.draft.held():
            if desk.draft.revision(_FILE) != form.text("base"):
                refusal = RefusedError("refused_conflict_fields")
                return self._page(request, desk, shown, typed, status=409, refusal=refusal)
            try:
                with desk.draft.change() as staged:
                    change_guide(staged, lambda own: _with(own, shown, typed))
            except ContentError as error:
                return self._page(request, desk, shown, typed, status=422, problems=error.problems)
        return go(f"{desk.address}/guide?shown={shown}&said=saved")

    def _settle(self, desk: Desk, form: Form) -> Response:
        languages = tuple(dict.fromkeys(re.split(r"[\s,、]+", form.text("languages"))))
        for tag in languages:
            if not re.fullmatch(LANGUAGE, tag):
                raise RefusedError("refused_language_tag", tag=tag[:40])
        with desk.draft.held():
            if desk.draft.revision(_FILE) != form.text("base"):
                raise RefusedError("refused_conflict_again", 409)
            name, password = form.text("wifi_name"), form.text("wifi_password")
            with desk.draft.change() as staged:
                change_guide(
                    staged,
                    lambda own: replace(
                        own, languages=languages, wifi=Wifi(name, password) if name else None
                    ),
                )
        return go(f"{desk.address}/guide?said=saved")

    def _page(
        self,
        request: Request,
        desk: Desk,
        shown: str | None = None,
        typed: Mapping[str, str] | None = None,
        *,
        status: int = 200,
        **said: object,
    ) -> Response:
        own = parse_guide_file(desk.draft.text(_FILE) or "")
        asked = shown or request.query_params.get("shown", "")
        language = asked if asked in own.languages else own.source
        now = _texts(own, language)
        return self._rendering.page(
            request,
            "guide.html",
            desk.shared,
            status=status,
            **said,
            tab="guide",
            own=own,
            shown=language,
            names=_NAMES,
            source=_texts(own, own.source),
            now=now,
            typed=typed or now,
            base=desk.draft.revision(_FILE),
        )


_NAMES = ("title", "coupon", *(f"notice-{part}" for part in NOTICE_PARTS))


def _texts(own: GuideFile, language: str) -> dict[str, str]:
    """Every text of the guide in a language, by the field's name."""
    notice = {f"notice-{part}": own.notice.get(part, {}).get(language, "") for part in NOTICE_PARTS}
    return {"title": own.titles.get(language, ""), "coupon": own.coupon.get(language, ""), **notice}


def _with(own: GuideFile, language: str, typed: Mapping[str, str]) -> GuideFile:
    """The guide with these texts in a language. Without one in the source language there is none at all."""

    def changed(texts: Mapping[str, str], name: str) -> dict[str, str]:
        if not typed[name] and language == own.source:
            return {}
        return {tag: text for tag, text in {**texts, language: typed[name]}.items() if text}

    notice = {part: changed(own.notice.get(part, {}), f"notice-{part}") for part in NOTICE_PARTS}
    return replace(
        own,
        titles=changed(own.titles, "title"),
        coupon=changed(own.coupon, "coupon"),
        notice={part: texts for part, texts in notice.items() if texts},
    )
