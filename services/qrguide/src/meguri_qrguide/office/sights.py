"""The sights of a guide: what is done and what is not, their order, new ones, and taking one away."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from meguri_qrguide.content.guide import LINGUA_FRANCA
from meguri_qrguide.content.guide_file import LARGEST_SIGHT, GuideFile, parse_guide_file
from meguri_qrguide.content.text_files import TextFile
from meguri_qrguide.office.desks import sight_of
from meguri_qrguide.office.guide_writing import guide_text
from meguri_qrguide.office.refusals import RefusedError
from meguri_qrguide.office.review import review
from meguri_qrguide.office.screens import go

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import Response
    from starlette.requests import Request

    from meguri_qrguide.office.desks import Desk, Desks, Form
    from meguri_qrguide.office.drafts import Staged
    from meguri_qrguide.office.rendering import Rendering
    from meguri_qrguide.office.screens import Screens

TOWN = "/office/guides/{town}"
SIGHT = TOWN + "/sights/{number}"
_TYPED = ("number", "title", "source", "sight_title")
"""Fields that keep what was typed in a form that was refused."""


class Sights:
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
        screens.get("/office", self.towns)
        screens.get(TOWN, self.show)
        screens.post(TOWN + "/begin", self._doing(self._begin))
        screens.post(TOWN + "/sights", self._doing(self._add))
        screens.post(SIGHT + "/move", self._doing(self._move))
        screens.post(SIGHT + "/remove", self._doing(self._remove))

    async def towns(self, request: Request) -> Response:
        """The towns; where there is one, its page."""
        seat = await self._desks.seat(request)
        if len(self._desks.towns) == 1:
            return go(f"/office/guides/{next(iter(self._desks.towns))}")
        return self._rendering.page(
            request, "towns.html", user=seat.user, csrf=seat.csrf, towns=self._desks.towns.values()
        )

    async def show(self, request: Request) -> Response:
        """The table of sights and languages."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        return await asyncio.to_thread(self._show, request, desk)

    def _doing(
        self, do: Callable[[Request, Desk, Form], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def handler(request: Request) -> Response:
            desk, form = await self._desks.posted(request, str(request.path_params["town"]))
            try:
                return await asyncio.to_thread(do, request, desk, form)
            except RefusedError as error:
                return await asyncio.to_thread(self._show, request, desk, form, error)

        return handler

    def _show(
        self, request: Request, desk: Desk, form: Form | None = None, refusal: RefusedError | None = None
    ) -> Response:
        """The page; after a form that was refused, with what was typed."""
        status = refusal.status if refusal else 200
        typed = {name: form.text(name) if form else "" for name in _TYPED}
        shared = {**desk.shared, "tab": "sights", "typed": typed, "refusal": refusal}
        if not desk.draft.folder.exists():
            return self._rendering.page(request, "begin.html", shared, status=status)
        guide = desk.draft.guide
        return self._rendering.page(
            request, "sights.html", shared, status=status, guide=guide, rows=review(guide)
        )

    def _begin(self, _request: Request, desk: Desk, form: Form) -> Response:
        """The first draft of a town for which no guide ships: its title and one sight."""
        if desk.draft.folder.exists():
            return go(desk.address)
        source, title, number = form.text("source"), form.text("title"), self._new_number(desk, form)
        first = form.text("sight_title")
        if not title or not first:
            raise RefusedError("refused_no_title")
        languages = tuple(dict.fromkeys((source, LINGUA_FRANCA)))
        own = GuideFile(desk.town.town, languages, source, {source: title}, (number,), None)
        desk.draft.begin(
            {
                "guide.yaml": guide_text(own),
                f"sights/{number}/{source}.md": TextFile(first, first, "").written(),
            }
        )
        return go(f"{desk.address}?said=begun")

    def _add(self, _request: Request, desk: Desk, form: Form) -> Response:
        number, title = self._new_number(desk, form), " ".join(form.text("title").split())
        if not title:
            raise RefusedError("refused_no_title")
        with desk.draft.held():
            source = desk.draft.guide.source
            if number in {sight.number for sight in desk.draft.guide.sights}:
                raise RefusedError("refused_number_taken", number=number)
            with desk.draft.change() as staged:
                change_guide(staged, lambda own: replace(own, sights=(*own.sights, number)))
                staged.write(f"sights/{number}/{source}.md", TextFile(title, title, "").written())
        return go(f"{desk.address}/sights/{number}/{source}?said=added")

    def _move(self, request: Request, desk: Desk, form: Form) -> Response:
        step = {"up": -1, "down": 1}.get(form.text("to"), 0)
        with desk.draft.held():
            guide = desk.draft.guide
            number = sight_of(guide, str(request.path_params["number"]))
            order = [sight.number for sight in guide.sights]
            place = order.index(number)
            order.insert(max(0, place + step), order.pop(place))
            with desk.draft.change() as staged:
                change_guide(staged, lambda own: replace(own, sights=tuple(order)))
        return go(f"{desk.address}?said=moved#sight-{number}")

    def _remove(self, request: Request, desk: Desk, form: Form) -> Response:
        with desk.draft.held():
            number = sight_of(desk.draft.guide, str(request.path_params["number"]))
            if "sure" not in form:
                raise RefusedError("refused_not_sure")
            if len(desk.draft.guide.sights) == 1:
                raise RefusedError("refused_last_sight")
            with desk.draft.change() as staged:
                change_guide(
                    staged, lambda own: replace(own, sights=tuple(n for n in own.sights if n != number))
                )
                staged.remove(f"sights/{number}")
        return go(f"{desk.address}?said=removed")

    def _new_number(self, desk: Desk, form: Form) -> int:
        typed = form.text("number")
        if not (typed.isascii() and typed.isdigit()) or not 0 < int(typed) <= LARGEST_SIGHT:
            raise RefusedError("refused_number", largest=LARGEST_SIGHT)
        if int(typed) in self._desks.numbers_of_others(desk.town.town):
            raise RefusedError("refused_number_of_others", number=typed)
        return int(typed)


def change_guide(staged: Staged, change: Callable[[GuideFile], GuideFile]) -> None:
    """Change what `guide.yaml` says."""
    file = staged.folder / "guide.yaml"
    staged.write("guide.yaml", guide_text(change(parse_guide_file(file.read_text("utf-8")))))
