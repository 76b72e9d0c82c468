"""The pages and their fragments: one page a town, its live part and the figures of a period also alone."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from meguri_kit.clickhouse.store import StoreError
from meguri_kit.pages.languages import page_language, remember_language
from meguri_proto.key_days import day_date
from meguri_proto.towns import Clock

from meguri_dashboard.asked import Asked
from meguri_dashboard.catalogue import LANGUAGES, catalogue
from meguri_dashboard.charts.renderer import RenderingError
from meguri_dashboard.live import Link
from meguri_dashboard.measures import table_file
from meguri_dashboard.page import BLOCKS, GUIDE_BLOCKS, page_view
from meguri_dashboard.periods import Period, PeriodError, asked_period
from meguri_dashboard.picker import Picker, picker
from meguri_dashboard.suppression import step_of
from meguri_dashboard.times import MINUTE_MS
from meguri_dashboard.town_map import PlaceMark, draw_map
from meguri_dashboard.wording import Wording

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from meguri_proto.towns import Town

    from meguri_dashboard.blocks.block import Chart, Reader
    from meguri_dashboard.changes import Subscribers
    from meguri_dashboard.charts.renderer import Renderer
    from meguri_dashboard.days import DayRow
    from meguri_dashboard.live import LiveBoard, LiveNumbers
    from meguri_dashboard.page_book import PageBook

CHART_WIDTHS = {"narrow": 328, "wide": 680}
STALE_AFTER_MS = 3 * MINUTE_MS
"""A live town that ticks every minute has stopped when nothing came for so long."""
_KEEP_ALIVE_S = 15.0


class NoSuchPageError(Exception):
    """There is no such town, or nothing of what the address asks of it; `reason` is the key of a text."""

    def __init__(self, town: Town | None, reason: str = "error.no_day") -> None:
        super().__init__("no such town" if town is None else f"no such period of {town.town}")
        self.town = town
        self.reason = reason


@dataclass(frozen=True)
class Shown:
    """The period that a page shows among the town's days; None where the town has no day."""

    period: Period | None
    days: Mapping[int, DayRow]
    """All of the town's, the newest first."""
    is_asked: bool
    """The address names the period; otherwise it is the latest day, whichever that is."""


class Pages:
    """The routes. See `create_app` for what they are made of."""

    def __init__(  # noqa: PLR0913  # what the pages are made of, each by name
        self,
        *,
        towns: Mapping[str, Town],
        book: PageBook,
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
        self._templates.globals.update(v=static_version, poll_ms=int(poll_after_s * 1000))
        self.router = APIRouter(include_in_schema=False)
        self.router.get("/")(self.front)
        self.router.get("/towns/{town}")(self.town)
        self.router.get("/towns/{town}/live")(self.live)
        self.router.get("/towns/{town}/figures")(self.figures)
        self.router.get("/towns/{town}/events")(self.events)
        self.router.get("/towns/{town}/guide")(self.guide)
        self.router.get("/towns/{town}/guide.csv")(self.guide_table)

    async def front(self, request: Request) -> Response:
        """The only town's page, else the list of towns."""
        if len(self._towns) == 1:
            return RedirectResponse(f"/towns/{next(iter(self._towns))}")
        words = {
            town.town: Wording(catalogue(page_language(request, LANGUAGES)), town)
            for town in self._towns.values()
        }
        return self._page(
            request,
            "towns.html",
            towns=[(town, self._live.numbers(town.town), words[town.town]) for town in self._towns.values()],
            is_link_up=self._live.link is Link.UP,
        )

    async def town(self, request: Request, town: str) -> Response:
        """The whole page of a town."""
        of = self._town(town)
        language = page_language(request, LANGUAGES)
        try:
            shown = await self._shown(request, of)
            fragment = await self._figures_fragment(of, shown, language)
        except StoreError:
            shown, fragment = Shown(None, {}, is_asked=bool(request.url.query)), None
        return self._page(
            request,
            "town.html",
            status=200 if fragment is not None else 503,
            town=of,
            shown=shown,
            picker=self._picker(of, shown, language),
            path=f"/towns/{of.town}",
            period_query=_period_query(shown),
            query=_query(shown, language),
            live_fragment=self._live_fragment(of, language),
            figures_fragment=self._failed_fragment(language) if fragment is None else fragment,
        )

    async def guide(self, request: Request, town: str) -> Response:
        """How a town's guide was used."""
        of = self._town(town)
        language = page_language(request, LANGUAGES)
        try:
            shown = await self._shown(request, of)
            fragment = await self._figures_fragment(of, shown, language, GUIDE_BLOCKS)
        except StoreError:
            shown, fragment = Shown(None, {}, is_asked=bool(request.url.query)), None
        return self._page(
            request,
            "guide.html",
            status=200 if fragment is not None else 503,
            town=of,
            path=f"/towns/{of.town}/guide",
            period_query=_period_query(shown),
            picker=self._picker(of, shown, language),
            figures_fragment=self._failed_fragment(language) if fragment is None else fragment,
        )

    async def guide_table(self, request: Request, town: str) -> Response:
        """The figures of the guide's page as CSV: what the page shows and nothing else."""
        of, language = self._town(town), page_language(request, LANGUAGES)
        try:
            shown = await self._shown(request, of)
            if shown.period is None:
                raise NoSuchPageError(of)
            asked = Asked(of, shown.period, shown.days)
            figures = await self._book.figures(asked, GUIDE_BLOCKS)
        except StoreError:
            return Response(status_code=503, headers={"Retry-After": "5", "Cache-Control": "no-store"})
        first, last = day_date(shown.period.first), day_date(shown.period.last)
        name = f"{of.town}-guide-{first}-{last}.csv"
        return Response(
            table_file(asked, figures.blocks, Wording(catalogue(language), of)),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )

    async def live(self, request: Request, town: str) -> Response:
        """The live part of a town's page."""
        return _fragment(self._live_fragment(self._town(town), page_language(request, LANGUAGES)))

    async def figures(self, request: Request, town: str) -> Response:
        """The part of a town's page that shows a period."""
        of, language = self._town(town), page_language(request, LANGUAGES)
        try:
            return _fragment(await self._figures_fragment(of, await self._shown(request, of), language))
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
            missing = error if isinstance(error, NoSuchPageError) else NoSuchPageError(None)
            return self._page(
                request,
                "no_such_page.html",
                status=404,
                town=missing.town,
                reason=missing.reason,
                towns=self._towns.values(),
            )

        app.add_exception_handler(NoSuchPageError, no_such_page)
        app.add_exception_handler(404, no_such_page)

    def _town(self, name: str) -> Town:
        if name not in self._towns:
            raise NoSuchPageError(None)
        return self._towns[name]

    async def _shown(self, request: Request, town: Town) -> Shown:
        """Raises StoreError, NoSuchPageError."""
        query = request.query_params
        try:
            period = asked_period(query.get("day"), query.get("from"), query.get("to"))
        except PeriodError as error:
            raise NoSuchPageError(town, error.reason) from None
        days = await self._book.days(town)
        if period is None:
            latest = next(iter(days), None)
            return Shown(None if latest is None else Period(latest, latest), days, is_asked=False)
        if not any(day in days for day in period.days):
            raise NoSuchPageError(town)
        return Shown(period, days, is_asked=True)

    async def _figures_fragment(
        self, town: Town, shown: Shown, language: str, blocks: tuple[Reader, ...] = BLOCKS
    ) -> Markup:
        """Raises StoreError."""
        if shown.period is None:
            return self._render("_no_figures.html", language)
        figures = await self._book.figures(Asked(town, shown.period, shown.days), blocks)
        view = page_view(figures, Wording(catalogue(language), town))
        charts = await asyncio.gather(*(self._charts(block.charts) for block in view.blocks))
        return self._render(
            "_figures.html",
            language,
            view=view,
            period=shown.period,
            blocks=list(zip(view.blocks, charts, strict=True)),
        )

    async def _charts(self, charts: Sequence[Chart]) -> list[tuple[dict[str, Markup], str]]:
        """Each chart in every width, with its legend; without those that cannot be drawn."""
        drawn = await asyncio.gather(*(self._chart(chart) for chart in charts))
        return [(one, chart.legend) for one, chart in zip(drawn, charts, strict=True) if one]

    async def _chart(self, chart: Chart) -> dict[str, Markup] | None:
        if callable(chart.drawing):
            return {name: chart.drawing(width) for name, width in CHART_WIDTHS.items()}
        try:
            drawn = await asyncio.gather(
                *(self._renderer.svg(chart.drawing, width) for width in CHART_WIDTHS.values())
            )
        except RenderingError:
            return None
        return dict(zip(CHART_WIDTHS, map(Markup, drawn), strict=True))

    def _picker(self, town: Town, shown: Shown, language: str) -> Picker | None:
        if shown.period is None:
            return None
        return picker(shown.period, shown.days, Wording(catalogue(language), town))

    def _live_fragment(self, town: Town, language: str) -> Markup:
        numbers = self._live.numbers(town.town)
        now_ms = int(time.time() * 1000)
        stale = (
            numbers is not None
            and town.clock is Clock.LIVE
            and now_ms - numbers.town_time_ms > STALE_AFTER_MS
        )
        words = Wording(catalogue(language), town)
        return self._render(
            "_live.html",
            language,
            town=town,
            numbers=numbers,
            maps=_live_maps(town, numbers, words),
            is_link_up=self._live.link is Link.UP,
            is_stale=stale,
            step=step_of(town.k),
            wording=words,
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


def _query(shown: Shown, language: str) -> str:
    """What the page's fragments are asked with."""
    asked = f"{shown.period.query}&" if shown.period and shown.is_asked else ""
    return f"?{asked}lang={language}"


def _period_query(shown: Shown) -> str:
    """What another page is asked with to show the same period."""
    return f"?{shown.period.query}" if shown.period and shown.is_asked else ""


def _live_maps(town: Town, numbers: LiveNumbers | None, words: Wording) -> dict[str, Markup]:
    """The town's map in every width, with the numbers on it where there are any."""
    marks = {}
    for index, place in enumerate(town.places, 1):
        name, href = words.place(place), f"#arrivals-{index}"
        if numbers is None:
            marks[place] = PlaceMark(name, "", name, href)
            continue
        count = numbers.active[place]
        text = words.text("live.map_fewer", step=step_of(town.k))
        if count.shown is not None:
            text = words.number(count.shown)
        label = words.text("live.map_place", place=name, count=words.count(count))
        marks[place] = PlaceMark(name, text, label, href, is_hidden=count.shown is None)
    label = words.text("live.map_label")
    return {name: draw_map(town, marks, width, label) for name, width in CHART_WIDTHS.items()}


def _fragment(html: Markup, *, status: int = 200) -> Response:
    return HTMLResponse(html, status, {"Cache-Control": "no-store"})
