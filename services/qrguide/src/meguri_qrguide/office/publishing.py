"""Publishing the draft, and going back to an earlier edition."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from meguri_qrguide.content.editions import NoSuchEditionError
from meguri_qrguide.office.changes import changes
from meguri_qrguide.office.refusals import RefusedError
from meguri_qrguide.office.review import review
from meguri_qrguide.office.screens import go
from meguri_qrguide.office.sights import TOWN

if TYPE_CHECKING:
    from fastapi import Response
    from starlette.requests import Request

    from meguri_qrguide.office.desks import Desk, Desks, Form
    from meguri_qrguide.office.rendering import Rendering
    from meguri_qrguide.office.screens import Screens


class Publishing:
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
        screens.get(TOWN + "/publish", self.show)
        screens.post(TOWN + "/publish", self.publish)
        screens.post(TOWN + "/roll-back", self.roll_back)

    async def show(self, request: Request) -> Response:
        """What would change, and the editions there are."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        return await asyncio.to_thread(self._show, request, desk)

    async def publish(self, request: Request) -> Response:
        """Make the draft the edition that phones pick up."""
        desk, form = await self._desks.posted(request, str(request.path_params["town"]))
        return await asyncio.to_thread(self._publish, desk, form)

    async def roll_back(self, request: Request) -> Response:
        """Serve another edition; the draft stays."""
        desk, form = await self._desks.posted(request, str(request.path_params["town"]))
        number = form.text("number")
        try:
            await asyncio.to_thread(desk.editions.roll_back, int(number) if number.isdecimal() else 0)
        except NoSuchEditionError:
            raise RefusedError("refused_no_edition", 404) from None
        return go(f"{desk.address}/publish?said=rolled_back")

    def _show(self, request: Request, desk: Desk) -> Response:
        with desk.draft.held() as folder:
            guide = desk.draft.guide
            served = desk.editions.current()
            found = changes(served.folder if served else None, folder)
            seen = desk.draft.stamp()
        states = [cell.state for row in review(guide) for cell in row.cells]
        return self._rendering.page(
            request,
            "publish.html",
            desk.shared,
            tab="publish",
            changes=found,
            seen=seen,
            older=states.count("older"),  # type: ignore[arg-type]  # a State is its text
            missing=states.count("missing"),  # type: ignore[arg-type]
            served=served,
            editions=[
                (each, datetime.fromtimestamp(each.published_ms / 1_000, desk.town.zone))
                for each in desk.editions.list()
            ],
        )

    def _publish(self, desk: Desk, form: Form) -> Response:
        with desk.draft.held() as folder:
            if form.text("seen") != desk.draft.stamp():
                raise RefusedError("refused_seen", 409)
            desk.editions.publish(folder, self._desks.now_ms())
        return go(f"{desk.address}/publish?said=published")
