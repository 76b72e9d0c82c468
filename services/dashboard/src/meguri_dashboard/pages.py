"""The pages and their fragments: one page a town, its live part and its day part also alone."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from meguri_kit.clickhouse.store import StoreError
from meguri_kit.pages.languages import page_language, remember_language
from meguri_proto.key_days import day_date, day_number
from meguri_proto.towns import Clock

from meguri_dashboard.catalogue import LANGUAGES, catalogue
from meguri_dashboard.charts.renderer import RenderingError
from meguri_dashboard.findings import MINUTE_MS
from meguri_dashboard.live import Link
from meguri_dashboard.suppression import step_of
from meguri_dashboard.views import day_view
from meguri_dashboard.wording import Wording

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from fastapi import Response
    from meguri_proto.towns import Town

    from meguri_dashboard.changes import Subscribers
    from meguri_dashboard.charts.renderer import Renderer
    from meguri_dashboard.day_book import DayBook
    from meguri_dashboard.drawings import Drawing
    from meguri_dashboard.findings import DayRow
    from meguri_dashboard.live import LiveBoard

CHART_WIDTHS = {"narrow": 328, "wide": 680}
STALE_AFTER_MS = 3 * MINUTE_MS
"""A live town that ticks every minute has stopped when nothing came for so long."""
_KEEP_ALIVE_S = 15.0


class NoSuchPageError(Exception):
    """There is no such town, or no such day of it."""

    def __init__(self, town: Town | None) -> None:
        super().__init__("no such town" if town is None else f"no such day of {town.town}")
        self.town = town


@dataclass(frozen=True)
class Day:
    """The day that a page shows, and those beside it; all None where the town has no day."""

    chosen: DayRow | None
    days: tuple[DayRow, ...]
    is_asked: bool
    """The address names the day; otherwise it is the latest, whichever that is."""


class Pages:
    """The routes. See `create_app` for what they are made of."""

    def __init__(  # noqa: PLR0913  # what the pages are made of, each by name
        self,
        *,
        towns: Mapping[str, Town],
        book: DayBook,
        live: LiveBoard,
        subscribers: Subscribers,
        renderer: Renderer,
        static_version: str,
        poll_after_s: float,
    ) -> None:
        self._towns = towns
        self._book = book
        self._live = live
        self._subscribers = subscribers
        self._renderer = renderer
        self._templates = Environment(
            loader=PackageLoader("meguri_dashboard"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(v=static_version, poll_ms=int(poll_after_s * 1000), day_date=day_date)
        self.router = APIRouter(include_in_schema=False)
        self.router.get("/")(self.front)
        self.router.get("/towns/{town}")(self.town)
        self.router.get("/towns/{town}/live")(self.live)
        self.router.get("/towns/{town}/day")(self.day)
        self.router.get("/towns/{town}/events")(self.events)

    async def front(self, request: Request) -> Response:
        """The only town's page, else the list of towns."""
        if len(self._towns) == 1:
            return RedirectResponse(f"/towns/{next(iter(self._towns))}")
        return self._page(request, "towns.html", towns=self._towns.values())

    async def town(self, request: Request, town: str) -> Response:
        """The whole page of a town."""
        of = self._town(town)
        language = page_language(request, LANGUAGES)
        try:
            day = await self._day(request, of)
            fragment = await self._day_fragment(of, day, language)
        except StoreError:
            day, fragment = Day(None, (), is_asked="day" in request.query_params), None
        return self._page(
            request,
            "town.html",
            status=200 if fragment is not None else 503,
            town=of,
            day=day,
            wording=Wording(catalogue(language), of.zone),
            query=_query(day, language),
            live_fragment=self._live_fragment(of, language),
            day_fragment=self._failed_fragment(language) if fragment is None else fragment,
        )

    async def live(self, request: Request, town: str) -> Response:
        """The live part of a town's page."""
        return _fragment(self._live_fragment(self._town(town), page_language(request, LANGUAGES)))

    async def day(self, request: Request, town: str) -> Response:
        """The day part of a town's page."""
        of, language = self._town(town), page_language(request, LANGUAGES)
        try:
            return _fragment(await self._day_fragment(of, await self._day(request, of), language))
        except StoreError:
            return _fragment(self._failed_fragment(language), status=503)

    async def events(self, town: str) -> Response:
        """What changed on a town's page (`live`, `day`), as server-sent events without the change itself."""
        name = self._town(town).town

        async def stream() -> AsyncIterator[str]:
            with self._subscribers.subscription(name) as subscription:
                yield "retry: 3000\n\n"
                while not subscription.ended:
                    changes = await subscription.take(_KEEP_ALIVE_S)
                    yield "".join(f"event: {what}\ndata: {name}\n\n" for what in changes) or ": alive\n\n"

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)

    def answer_errors(self, app: FastAPI) -> None:
        """Give the app the page of addresses that lead nowhere."""

        async def no_such_page(request: Request, error: Exception) -> Response:
            town = error.town if isinstance(error, NoSuchPageError) else None
            return self._page(request, "no_such_page.html", status=404, town=town, towns=self._towns.values())

        app.add_exception_handler(NoSuchPageError, no_such_page)
        app.add_exception_handler(404, no_such_page)

    def _town(self, name: str) -> Town:
        if name not in self._towns:
            raise NoSuchPageError(None)
        return self._towns[name]

    async def _day(self, request: Request, town: Town) -> Day:
        """Raises StoreError, NoSuchPageError."""
        asked = request.query_params.get("day")
        days = tuple(await self._book.days(town))
        if asked is None:
            return Day(days[0] if days else None, days, is_asked=False)
        try:
            key_day = day_number(date.fromisoformat(asked))
        except ValueError:
            raise NoSuchPageError(town) from None
        for day in days:
            if day.key_day == key_day:
                return Day(day, days, is_asked=True)
        raise NoSuchPageError(town)

    async def _day_fragment(self, town: Town, day: Day, language: str) -> Markup:
        """Raises StoreError."""
        if day.chosen is None:
            return self._render("_no_day.html", language)
        figures = await self._book.figures(town, day.chosen)
        view = day_view(town, figures, language)
        drawings = [block.drawing for block in view.blocks]
        charts = await asyncio.gather(*(self._charts(drawing) for drawing in drawings))
        return self._render(
            "_day.html",
            language,
            view=view,
            blocks=list(zip(view.blocks, charts, strict=True)),
            step=figures.step,
        )

    async def _charts(self, drawing: Drawing | None) -> dict[str, Markup] | None:
        """The drawing in every width; None where there is nothing to draw or it cannot be drawn."""
        if drawing is None:
            return None
        try:
            drawn = await asyncio.gather(
                *(self._renderer.svg(drawing, width) for width in CHART_WIDTHS.values())
            )
        except RenderingError:
            return None
        return dict(zip(CHART_WIDTHS, map(Markup, drawn), strict=True))

    def _live_fragment(self, town: Town, language: str) -> Markup:
        numbers = self._live.numbers(town.town)
        now_ms = int(time.time() * 1000)
        stale = (
            numbers is not None
            and town.clock is Clock.LIVE
            and now_ms - numbers.town_time_ms > STALE_AFTER_MS
        )
        return self._render(
            "_live.html",
            language,
            town=town,
            numbers=numbers,
            is_link_up=self._live.link is Link.UP,
            is_stale=stale,
            step=step_of(town.k),
            wording=Wording(catalogue(language), town.zone),
        )

    def _failed_fragment(self, language: str) -> Markup:
        return self._render("_store_away.html", language)

    def _page(self, request: Request, template: str, *, status: int = 200, **values: object) -> Response:
        language = page_language(request, LANGUAGES)
        other = next(one for one in LANGUAGES if one != language)
        switch = request.url.include_query_params(lang=other)
        html = self._render(template, language, other=other, switch=f"{switch.path}?{switch.query}", **values)
        response = HTMLResponse(html, status, {"Cache-Control": "no-store"})
        remember_language(request, response, LANGUAGES)
        return response

    def _render(self, template: str, language: str, **values: object) -> Markup:
        texts = catalogue(language)
        html = self._templates.get_template(template).render(
            t=texts.text, markup=texts.markup, language=language, **values
        )
        return Markup(html)  # noqa: S704  # an autoescaped template wrote it


def _query(day: Day, language: str) -> str:
    """What the page's fragments are asked with."""
    chosen = f"day={day_date(day.chosen.key_day)}&" if day.chosen and day.is_asked else ""
    return f"?{chosen}lang={language}"


def _fragment(html: Markup, *, status: int = 200) -> Response:
    return HTMLResponse(html, status, {"Cache-Control": "no-store"})
