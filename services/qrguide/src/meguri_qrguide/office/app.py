"""The office's composition root: what the guide's app adds to itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from meguri_kit.pages.static_files import PageFiles
from meguri_kit.passwords import Passwords

from meguri_qrguide.office.desks import Desks
from meguri_qrguide.office.guide_form import GuideForm
from meguri_qrguide.office.jobs import Jobs
from meguri_qrguide.office.media_screens import MediaScreens
from meguri_qrguide.office.preview import Preview
from meguri_qrguide.office.publishing import Publishing
from meguri_qrguide.office.rendering import Rendering
from meguri_qrguide.office.screens import Screens
from meguri_qrguide.office.sights import Sights
from meguri_qrguide.office.sign_in import SignIn
from meguri_qrguide.office.signs import Signs
from meguri_qrguide.office.survey_form import SurveyForm
from meguri_qrguide.office.texts import Texts
from meguri_qrguide.office.transcoding import Transcoder
from meguri_qrguide.office.transfer import Transfer
from meguri_qrguide.office.voices import Voices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fastapi import FastAPI
    from meguri_kit.registry import Users
    from meguri_proto.towns import Town

    from meguri_qrguide.content.guides import Guides
    from meguri_qrguide.visitor.shell import Shell

_STATIC = Path(__file__).parents[1] / "static" / "office"


class Office:
    """The editor.

    Args:
        towns: by name.
        guides: where drafts and editions lie.
        users: who may sign in.
        shell: styles and scripts of the visitors' pages, for the preview.
        now_ms: the wall clock, epoch milliseconds.
        public_url: the guide's address as others reach it; None: as each request says.
        voices: the machine's.
        passwords: hashes them.
        transcoder: of sound and video.
    """

    def __init__(  # noqa: PLR0913  a composition root is told everything
        self,
        *,
        towns: Mapping[str, Town],
        guides: Guides,
        users: Users,
        shell: Shell,
        now_ms: Callable[[], int],
        public_url: str | None = None,
        voices: Voices | None = None,
        passwords: Passwords | None = None,
        transcoder: Transcoder | None = None,
    ) -> None:
        self._static = PageFiles(_STATIC)
        rendering = Rendering(self._static.version)
        screens = Screens(rendering)
        self.desks = Desks(towns, guides, users, public_url, now_ms)
        """Who may do what, for other pages behind the same sign-in."""
        self.rendering = rendering
        self._jobs = Jobs()
        self._parts = (
            SignIn(self.desks, rendering, passwords or Passwords()),
            Sights(self.desks, rendering),
            GuideForm(self.desks, rendering),
            SurveyForm(self.desks, rendering),
            Preview(self.desks, rendering, shell),
            Publishing(self.desks, rendering),
            Transfer(self.desks, rendering, self._jobs),
            MediaScreens(self.desks, rendering, self._jobs, transcoder or Transcoder(), voices or Voices()),
            Texts(self.desks, rendering),
            Signs(self.desks, rendering, public_url),
        )
        for part in self._parts:
            part.add_to(screens)
        self.router = screens.router

    def add_to(self, app: FastAPI) -> None:
        """Answer everything under `/office`."""
        app.mount("/office/static", self._static)
        app.include_router(self.router)

    def close(self) -> None:
        """End the work that runs; drafts stay as they were."""
        self._jobs.close()
