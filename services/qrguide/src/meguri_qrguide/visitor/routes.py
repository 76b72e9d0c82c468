"""The addresses of the visitors' side. None of them ever redirects: a printed code opens a page at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI, HTTPException
from meguri_kit.pages.languages import remember_language
from starlette.responses import Response

from meguri_qrguide.visitor.headers import PAGE_HEADERS
from meguri_qrguide.visitor.languages import chosen_language
from meguri_qrguide.visitor.media import media_answer
from meguri_qrguide.visitor.pages import NO_SUCH_PAGE
from meguri_qrguide.visitor.prepared import Prepared, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_proto.towns import Town
    from starlette.requests import Request

    from meguri_qrguide.openings import Openings
    from meguri_qrguide.visitor.shell import Shell
    from meguri_qrguide.visitor.site import CurrentSite, Shelf

_ASK_AGAIN = "no-cache"
"""Kept, and asked for again with its validator at each use: an edition or a language may have changed."""
_FOR_EVER = "public, max-age=31536000, immutable"
_LANGUAGE_DECIDES = ("Accept-Language", "Cookie")
_GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")
"""One transparent pixel."""


class VisitorRoutes:
    """The routes.

    Args:
        site: what is served.
        shell: styles and scripts.
        towns_of_sights: the towns by the sights' numbers, as the towns' files have them.
        openings: told of each sight that a browser without JavaScript opens.
    """

    def __init__(
        self, site: CurrentSite, shell: Shell, towns_of_sights: Mapping[int, Town], openings: Openings
    ) -> None:
        self._site = site
        self._towns_of_sights = towns_of_sights
        self._openings = openings
        self._files = {file.name: prepare(file.content, file.type) for file in shell.files.values()}
        self._worker = prepare(shell.worker, "text/javascript")
        self.router = APIRouter(include_in_schema=False)
        add = self.router.add_route
        add("/", self.towns)
        add("/s", self.typed_sight)
        add("/s/{number}", self.sight)
        add("/scan", self.scan)
        for letter in "gxqno":
            add(f"/{letter}/{{town}}", self.of_town)
        add("/b/{town}/current.json", self.offer)
        add("/b/{town}/{edition}/{language}.json", self.bundle)
        add("/m/{name}", self.media)
        add("/sw.js", self.worker)
        add("/static/visitor/{name}", self.file)
        add("/v1/opened/{language}/{number}.gif", self.opened)

    async def towns(self, request: Request) -> Response:
        """Every guide."""
        return await self._outer(request, "/", 200)

    async def sight(self, request: Request) -> Response:
        """A sight by the number in the address."""
        return await self._sight(request, request.path_params["number"])

    async def typed_sight(self, request: Request) -> Response:
        """A sight by the number that was typed; without one, where to type it."""
        number = request.query_params.get("n", "").strip()
        return await (self._sight(request, number) if number else self.scan(request))

    async def scan(self, request: Request) -> Response:
        """The scanner: of the town that the address names, else of the first that has a guide."""
        shelves = (await self._site.get()).shelves
        town = request.query_params.get("t")
        shelf = shelves.get(town or "") or next(iter(shelves.values()), None)
        return self._page(request, shelf, "/scan")

    async def of_town(self, request: Request) -> Response:
        """Entrance, exit, survey, notice or opt-out of a town's guide."""
        shelf = (await self._site.get()).shelves.get(request.path_params["town"])
        return self._page(request, shelf, request.url.path)

    async def offer(self, request: Request) -> Response:
        """Which edition a phone is to store."""
        shelf = (await self._site.get()).shelves.get(request.path_params["town"])
        return _found(shelf).offer.answer(request, kept="no-store")

    async def bundle(self, request: Request) -> Response:
        """The pages of one language in one piece."""
        shelf = _found((await self._site.get()).shelves.get(request.path_params["town"]))
        prepared = shelf.bundles.get(request.path_params["language"])
        if prepared is None or request.path_params["edition"] != str(shelf.edition):
            raise HTTPException(404)
        return prepared.answer(request, kept=_ASK_AGAIN)

    async def media(self, request: Request) -> Response:
        """A sound, picture or video by its hash."""
        found = await self._site.media(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return media_answer(request, *found)

    async def worker(self, request: Request) -> Response:
        """The service worker, which a browser compares with its own at each visit."""
        return self._worker.answer(request, kept=_ASK_AGAIN)

    async def file(self, request: Request) -> Response:
        """Styles and scripts."""
        file = self._files.get(request.path_params["name"])
        if file is None:
            raise HTTPException(404)
        return file.answer(request, kept=_FOR_EVER if "v" in request.query_params else _ASK_AGAIN)

    async def opened(self, request: Request) -> Response:
        """Notes that a sight was opened where no script can: only such a page loads this picture."""
        number, language = request.path_params["number"], request.path_params["language"]
        site = await self._site.get()
        town = self._towns_of_sights.get(int(number)) if _is_number(number) else None
        if town is None or language not in site.languages:
            raise HTTPException(404)
        self._openings.note(town, int(number), language)
        headers = {**PAGE_HEADERS, "Content-Type": "image/gif", "Cache-Control": "no-store"}
        return Response(_GIF, headers=headers)

    def answer_errors(self, app: FastAPI) -> None:
        """Give the app the page of addresses that lead nowhere."""

        async def no_such_page(request: Request, _error: Exception) -> Response:
            return await self._outer(request, NO_SUCH_PAGE, 404)

        app.add_exception_handler(404, no_such_page)

    async def _sight(self, request: Request, number: str) -> Response:
        site = await self._site.get()
        town = site.towns_of_sights.get(int(number)) if _is_number(number) else None
        if town is None:
            raise HTTPException(404)
        return self._page(request, site.shelves[town], f"/s/{int(number)}")

    async def _outer(self, request: Request, path: str, status: int) -> Response:
        site = await self._site.get()
        page = site.pages[chosen_language(request, site.languages), path]
        return _sent(request, page, site.languages, status)

    def _page(self, request: Request, shelf: Shelf | None, path: str) -> Response:
        shelf = _found(shelf)
        page = shelf.pages[chosen_language(request, shelf.guide.languages), path]
        return _sent(request, page, shelf.guide.languages)


def _sent(request: Request, page: Prepared, languages: tuple[str, ...], status: int = 200) -> Response:
    response = page.answer(request, kept=_ASK_AGAIN, status=status, vary=_LANGUAGE_DECIDES)
    vary = response.headers["vary"]
    remember_language(request, response, languages)
    response.headers["vary"] = vary
    return response


def _found(shelf: Shelf | None) -> Shelf:
    if shelf is None:
        raise HTTPException(404)
    return shelf


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9  # noqa: PLR2004  # more is no number of a sign
