"""The guide's pages: a sight, its QR code, the list of sights."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import qrcode  # type: ignore[import-untyped]  # it ships no types
import yaml
from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from meguri_kit.pages.languages import page_language, remember_language
from qrcode.image.svg import SvgPathImage  # type: ignore[import-untyped]  # it ships no types

from meguri_qrguide.sights import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_proto.towns import Town

    from meguri_qrguide.openings import Openings
    from meguri_qrguide.sights import Sight


class Pages:
    """The routes.

    Args:
        towns_of_sights: by the sight's number.
        sights: by number; those of no town are not there.
        openings: told of each sight that is opened.
        public_url: the guide's address as visitors reach it, for QR codes; None for the one asked.
        static_version: of the files under `/static`.
    """

    def __init__(
        self,
        towns_of_sights: Mapping[int, Town],
        sights: Mapping[int, Sight],
        openings: Openings,
        *,
        public_url: str | None,
        static_version: str,
    ) -> None:
        self._towns = towns_of_sights
        self._sights = {number: sights[number] for number in towns_of_sights if number in sights}
        self._openings = openings
        self._public_url = public_url
        self._templates = Environment(
            loader=PackageLoader("meguri_qrguide"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._texts = yaml.safe_load(files("meguri_qrguide").joinpath("texts.yaml").read_text("utf-8"))
        self._templates.globals["v"] = static_version
        self.router = APIRouter(include_in_schema=False)
        self.router.get("/")(self.front)
        self.router.get("/s/{number}")(self.sight)
        self.router.get("/s/{number}/qr.svg")(self.qr_code)

    async def front(self, request: Request) -> Response:
        """Every sight."""
        return self._page(request, "front.html", towns=self._by_town())

    async def sight(self, request: Request, number: str) -> Response:
        """One sight; its opening is noted, unless the browser only fetched ahead."""
        sight = self._sight(number)
        town = self._towns[sight.number]
        if "prefetch" not in request.headers.get("sec-purpose", ""):
            self._openings.note(town, sight, page_language(request, LANGUAGES))
        return self._page(
            request, "sight.html", sight=sight, town=town, address=self._address(request, sight)
        )

    async def qr_code(self, request: Request, number: str) -> Response:
        """The QR code of a sight's own address, to be printed and put up there."""
        code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, image_factory=SvgPathImage)
        code.add_data(self._address(request, self._sight(number)))
        svg = code.make_image().to_string()
        return Response(svg, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})

    def answer_errors(self, app: FastAPI) -> None:
        """Give the app the page of addresses that lead nowhere."""

        async def no_such_page(request: Request, _error: Exception) -> Response:
            return self._page(request, "no_such_page.html", status=404, towns=self._by_town())

        app.add_exception_handler(404, no_such_page)

    def _by_town(self) -> list[tuple[Town, list[Sight]]]:
        """Towns, each with its sights in the order of their numbers."""
        found: dict[str, tuple[Town, list[Sight]]] = {}
        for number, sight in self._sights.items():
            town = self._towns[number]
            found.setdefault(town.town, (town, []))[1].append(sight)
        return list(found.values())

    def _sight(self, number: str) -> Sight:
        sight = self._sights.get(int(number)) if number.isascii() and number.isdigit() else None
        if sight is None:
            raise HTTPException(404)
        return sight

    def _address(self, request: Request, sight: Sight) -> str:
        return f"{(self._public_url or str(request.base_url)).rstrip('/')}/s/{sight.number}"

    def _page(self, request: Request, template: str, *, status: int = 200, **values: object) -> Response:
        language = page_language(request, LANGUAGES)
        other = next(one for one in LANGUAGES if one != language)
        html = self._templates.get_template(template).render(
            t=self._texts[language], language=language, other=other, switch=f"?lang={other}", **values
        )
        response = HTMLResponse(html, status, {"Cache-Control": "no-store"})
        remember_language(request, response, LANGUAGES)
        return response
