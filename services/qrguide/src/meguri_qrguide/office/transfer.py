"""The draft as one zip file, out and in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from meguri_qrguide.content.archive import export_zip, import_zip
from meguri_qrguide.office.refusals import RefusedError
from meguri_qrguide.office.screens import go
from meguri_qrguide.office.sights import TOWN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from fastapi import Response
    from starlette.requests import Request

    from meguri_qrguide.office.desks import Desks
    from meguri_qrguide.office.jobs import Job, Jobs
    from meguri_qrguide.office.rendering import Rendering
    from meguri_qrguide.office.screens import Screens

_CHUNK = 256 * 1024


class Transfer:
    """The routes.

    Args:
        desks: lets requests in.
        rendering: makes the pages.
        jobs: reads what is imported.
    """

    def __init__(self, desks: Desks, rendering: Rendering, jobs: Jobs) -> None:
        self._desks = desks
        self._rendering = rendering
        self._jobs = jobs

    def add_to(self, screens: Screens) -> None:
        """Add the routes."""
        screens.get(TOWN + "/transfer", self.show)
        screens.get(TOWN + "/export.zip", self.export)
        screens.post(TOWN + "/import", self.bring_in)

    async def show(self, request: Request) -> Response:
        """Both forms."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        return self._rendering.page(
            request, "transfer.html", desk.shared, tab="transfer", has_draft=desk.draft.folder.exists()
        )

    async def export(self, request: Request) -> Response:
        """The zip."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        if not desk.draft.folder.exists():
            raise RefusedError("refused_no_draft", 404)

        def packed() -> IO[bytes]:
            with desk.draft.held() as folder:
                return export_zip(folder)

        file = await asyncio.to_thread(packed)
        return StreamingResponse(
            _read(file),
            media_type="application/zip",
            headers={
                "Content-Disposition": f'attachment; filename="{desk.town.town}.zip"',
                "Cache-Control": "no-store",
            },
        )

    async def bring_in(self, request: Request) -> Response:
        """Put a zip's content in the draft's place."""
        desk, form = await self._desks.posted(request, str(request.path_params["town"]))
        if "sure" not in form:
            raise RefusedError("refused_not_sure")
        uploaded = form.file("file")

        def work(_job: Job) -> None:
            with desk.draft.held() as folder:
                import_zip(uploaded.file, folder, desk.town.town)

        job = self._jobs.start(desk.town.town, "job_import", desk.address, work)
        return go(f"{desk.address}/jobs/{job.id}")


def _read(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
