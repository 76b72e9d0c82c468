"""A sight's pictures, sounds and video: uploading, describing and taking them away."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi.responses import FileResponse, JSONResponse

from meguri_qrguide.office.desks import language_of, sight_of
from meguri_qrguide.office.jobs import JobState
from meguri_qrguide.office.languages import name_of
from meguri_qrguide.office.media_files import SightMedia, picture_name, write_alt
from meguri_qrguide.office.refusals import RefusedError
from meguri_qrguide.office.review import review
from meguri_qrguide.office.screens import go
from meguri_qrguide.office.sights import SIGHT, TOWN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import Response
    from starlette.requests import Request

    from meguri_qrguide.content.guide import Media, Picture, Sight
    from meguri_qrguide.office.desks import Desk, Desks, Form
    from meguri_qrguide.office.jobs import Job, Jobs
    from meguri_qrguide.office.rendering import Rendering
    from meguri_qrguide.office.screens import Screens
    from meguri_qrguide.office.transcoding import Transcoder
    from meguri_qrguide.office.voices import Voices

    Do = Callable[[Desk, int, Form, Request], Response]


class MediaScreens:
    """The routes.

    Args:
        desks: lets requests in.
        rendering: makes the pages.
        jobs: does what takes longer than a page.
        transcoder: of sound and video.
        voices: the machine's.
    """

    def __init__(
        self, desks: Desks, rendering: Rendering, jobs: Jobs, transcoder: Transcoder, voices: Voices
    ) -> None:
        self._desks = desks
        self._rendering = rendering
        self._jobs = jobs
        self._transcoder = transcoder
        self._voices = voices

    def add_to(self, screens: Screens) -> None:
        """Add the routes."""
        screens.get(SIGHT, self.show)
        screens.post(SIGHT + "/pictures", self._doing(self._add_picture))
        screens.post(SIGHT + "/pictures/{name}", self._doing(self._describe_picture))
        screens.post(SIGHT + "/pictures/{name}/remove", self._doing(self._remove_picture))
        screens.post(SIGHT + "/sounds/{language}", self._doing(self._add_sound))
        screens.post(SIGHT + "/sounds/{language}/speak", self._doing(self._speak_sound))
        screens.post(SIGHT + "/sounds/{language}/remove", self._doing(self._remove_sound))
        screens.post(SIGHT + "/video", self._doing(self._add_video))
        screens.post(SIGHT + "/video/remove", self._doing(self._remove_video))
        screens.post(SIGHT + "/video/subtitles", self._doing(self._add_subtitles))
        screens.get(TOWN + "/media/{file}", self.media)
        screens.get(TOWN + "/jobs/{job}", self.job)
        screens.get(TOWN + "/jobs/{job}/state", self.job_state)

    async def show(self, request: Request) -> Response:
        """The sight's page."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        return await asyncio.to_thread(self._show, request, desk)

    async def media(self, request: Request) -> Response:
        """A media file of the draft, by the name that its address in a published guide has."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        name = str(request.path_params["file"])
        found = await asyncio.to_thread(lambda: draft_media(desk).get(name))
        if found is None:
            raise RefusedError("refused_no_page", 404)
        return FileResponse(
            desk.draft.folder / found.path,
            media_type=found.type,
            headers={"Cache-Control": "private, no-store"},
        )

    async def job(self, request: Request) -> Response:
        """How far a job is; without JavaScript the page loads itself again."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        job = self._job(request, desk)
        if job.state is JobState.DONE:
            return go(f"{job.back}?said=saved")
        return self._rendering.page(
            request,
            "job.html",
            desk.shared,
            status=200 if job.state is not JobState.FAILED else 422,
            tab="sights",
            job=job,
            refusal=job.refusal,
            problems=job.problems,
        )

    async def job_state(self, request: Request) -> Response:
        """The same for the page's script."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        job = self._job(request, desk)
        return JSONResponse(
            {"ended": job.has_ended, "share": job.share}, headers={"Cache-Control": "no-store"}
        )

    def _job(self, request: Request, desk: Desk) -> Job:
        job = self._jobs.get(str(request.path_params["job"]))
        if job is None or job.town != desk.town.town:
            raise RefusedError("refused_no_job", 404)
        return replace(job)  # as it is now: its thread goes on writing

    def _show(self, request: Request, desk: Desk) -> Response:
        guide = desk.draft.guide
        number = sight_of(guide, str(request.path_params["number"]))
        sight = _sight(desk, number)
        return self._rendering.page(
            request,
            "sight.html",
            desk.shared,
            tab="sights",
            guide=guide,
            sight=sight,
            row=next(row for row in review(guide) if row.number == number),
            has_ffmpeg=self._transcoder.is_there,
            voices=self._voices,
        )

    def _doing(self, do: Do) -> Callable[[Request], Awaitable[Response]]:
        async def handler(request: Request) -> Response:
            desk, form = await self._desks.posted(request, str(request.path_params["town"]))

            def done() -> Response:
                number = sight_of(desk.draft.guide, str(request.path_params["number"]))
                return do(desk, number, form, request)

            return await asyncio.to_thread(done)

        return handler

    def _start(self, desk: Desk, number: int, what: str, work: Callable[[Job], None]) -> Response:
        job = self._jobs.start(desk.town.town, what, f"{desk.address}/sights/{number}", work)
        return go(f"{desk.address}/jobs/{job.id}")

    def _add_picture(self, desk: Desk, number: int, form: Form, _request: Request) -> Response:
        uploaded = form.file("file")
        source = desk.draft.guide.source
        alt = form.texts("alt-")
        if source not in alt:
            raise RefusedError("refused_no_alt", language=name_of(source))
        taken = {picture.name for picture in _sight(desk, number).pictures}
        name = picture_name(form.text("name"), uploaded.filename or "", taken)

        def work(job: Job) -> None:
            SightMedia(desk.draft, number).put_picture(name, alt, uploaded.file, job.tell)

        return self._start(desk, number, "job_picture", work)

    def _describe_picture(self, desk: Desk, number: int, form: Form, request: Request) -> Response:
        with desk.draft.held():
            picture = _picture(desk, number, request)
            typed = {
                tag: form.text(f"alt-{tag}") for tag in desk.draft.guide.languages if f"alt-{tag}" in form
            }
            changed = {tag: words for tag, words in typed.items() if words != form.text(f"was-{tag}")}
            if any(picture.alt.get(tag, "") != form.text(f"was-{tag}") for tag in changed):
                raise RefusedError("refused_conflict_again", 409)
            with desk.draft.change() as staged:
                write_alt(staged, number, picture.name, changed)
        return go(f"{desk.address}/sights/{number}?said=saved#picture-{picture.name}")

    def _remove_picture(self, desk: Desk, number: int, _form: Form, request: Request) -> Response:
        SightMedia(desk.draft, number).remove_picture(_picture(desk, number, request).name)
        return go(f"{desk.address}/sights/{number}?said=removed")

    def _add_sound(self, desk: Desk, number: int, form: Form, request: Request) -> Response:
        language, uploaded = _language(desk, number, request), form.file("file")

        def work(job: Job) -> None:
            SightMedia(desk.draft, number).put_sound(language, uploaded.file, self._transcoder, job.tell)

        return self._start(desk, number, "job_sound", work)

    def _speak_sound(self, desk: Desk, number: int, _form: Form, request: Request) -> Response:
        language = _language(desk, number, request)
        if not self._voices.has(language):
            raise RefusedError("refused_no_voice")

        def work(_job: Job) -> None:
            SightMedia(desk.draft, number).speak_sound(language, self._voices)

        return self._start(desk, number, "job_speak", work)

    def _remove_sound(self, desk: Desk, number: int, _form: Form, request: Request) -> Response:
        language = language_of(desk.draft.guide, str(request.path_params["language"]))
        SightMedia(desk.draft, number).remove_sound(language)
        return go(f"{desk.address}/sights/{number}?said=removed")

    def _add_video(self, desk: Desk, number: int, form: Form, _request: Request) -> Response:
        uploaded = form.file("file")

        def work(job: Job) -> None:
            SightMedia(desk.draft, number).put_video(uploaded.file, self._transcoder, job.tell)

        return self._start(desk, number, "job_video", work)

    def _remove_video(self, desk: Desk, number: int, _form: Form, _request: Request) -> Response:
        SightMedia(desk.draft, number).remove_video()
        return go(f"{desk.address}/sights/{number}?said=removed")

    def _add_subtitles(self, desk: Desk, number: int, form: Form, _request: Request) -> Response:
        language = language_of(desk.draft.guide, form.text("language"))
        if _sight(desk, number).video is None:
            raise RefusedError("refused_no_video")
        SightMedia(desk.draft, number).put_subtitles(language, form.file("file").file)
        return go(f"{desk.address}/sights/{number}?said=saved")


def draft_media(desk: Desk) -> dict[str, Media]:
    """Every media file of the draft by its name in addresses."""
    guide = desk.draft.guide
    found: list[Media | None] = [guide.map]
    for sight in guide.sights:
        found += [file for picture in sight.pictures for file in picture.files]
        found += [sound.media for sound in sight.sounds.values()]
        if sight.video is not None:
            found += [sight.video.media, *sight.video.subtitles.values()]
    return {media.name: media for media in found if media is not None}


def _sight(desk: Desk, number: int) -> Sight:
    return next(each for each in desk.draft.guide.sights if each.number == number)


def _picture(desk: Desk, number: int, request: Request) -> Picture:
    name = str(request.path_params["name"])
    for picture in _sight(desk, number).pictures:
        if picture.name == name:
            return picture
    raise RefusedError("refused_no_page", 404)


def _language(desk: Desk, number: int, request: Request) -> str:
    language = language_of(desk.draft.guide, str(request.path_params["language"]))
    if language not in _sight(desk, number).texts:
        raise RefusedError("refused_no_text")
    return language
