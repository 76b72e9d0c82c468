"""Charts for the pages: drawn by one process, which is replaced when it dies or hangs, and cached."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections import OrderedDict
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meguri_dashboard.drawings import Drawing

_log = logging.getLogger(__name__)
_LINE_LIMIT = 4 * 1024 * 1024


class RenderingError(Exception):
    """This chart cannot be drawn now; its figures can be shown all the same."""


class Renderer:
    """Renders drawings to SVG. To be used from one event loop.

    Args:
        fonts: the folder whose fonts the charts are measured with.
        timeout_s: how long one chart may take; then the process is ended, and a new one draws the next.
        cached: how many charts are kept, the least used going first.
        outcome: told of each chart that had to be drawn.
    """

    def __init__(
        self,
        fonts: Path,
        *,
        timeout_s: float = 15.0,
        cached: int = 512,
        outcome: Callable[[Literal["drawn", "failed"]], None] = lambda _: None,
    ) -> None:
        self._fonts = fonts
        self._timeout_s = timeout_s
        self._cached = cached
        self._outcome = outcome
        self._cache: OrderedDict[str, asyncio.Future[str]] = OrderedDict()
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Of the rendering process, None while there is none."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def svg(self, drawing: Drawing, width: int) -> str:
        """The drawing as an SVG `width` pixels wide; the same one is drawn once.

        Raises:
            RenderingError: it failed twice, or took too long.
        """
        request = json.dumps({"drawing": drawing, "width": width}, ensure_ascii=False, sort_keys=True)
        if request not in self._cache:
            self._cache[request] = asyncio.ensure_future(self._draw(request))
            while len(self._cache) > self._cached:
                self._cache.popitem(last=False)
        self._cache.move_to_end(request)
        drawn = self._cache[request]
        try:
            return await asyncio.shield(drawn)
        except RenderingError:
            if self._cache.get(request) is drawn:
                del self._cache[request]
            raise

    async def warm_up(self) -> None:
        """Start the process and let it draw something, so that the first page does not wait for it."""
        marks = [{"at": "-", "value": 1, "look": "shown", "text": "-", "label": "-", "usual": None}]
        panels = [{"name": "-", "marks": marks, "top": 1}]
        with contextlib.suppress(RenderingError):
            await self.svg({"chart": "bars", "label": "-", "panels": panels}, 328)

    async def close(self) -> None:
        """End the rendering process."""
        async with self._turn:
            await self._end()

    async def _draw(self, request: str) -> str:
        try:
            svg = await self._render(request)
        except RenderingError:
            self._outcome("failed")
            raise
        self._outcome("drawn")
        return svg

    async def _render(self, request: str) -> str:
        async with self._turn:
            try:
                answer = await self._ask(request)
            except _ProcessDiedError:
                _log.warning("the chart process ended by itself; another one draws this chart")
                try:
                    answer = await self._ask(request)
                except _ProcessDiedError as error:
                    raise RenderingError("the chart process ended twice over one chart") from error
        if "error" in answer:
            _log.error("a chart cannot be drawn: %s", answer["error"])
            raise RenderingError(answer["error"])
        return answer["svg"]

    async def _ask(self, request: str) -> dict[str, str]:
        process = await self._start()
        if process.stdin is None or process.stdout is None:
            raise RenderingError("the chart process has no pipes")
        try:
            process.stdin.write(request.encode() + b"\n")
            await process.stdin.drain()
            line = await asyncio.wait_for(process.stdout.readline(), self._timeout_s)
        except TimeoutError as error:
            await self._end()
            raise RenderingError(f"a chart took longer than {self._timeout_s:g} s") from error
        except (BrokenPipeError, ConnectionResetError) as error:
            await self._end()
            raise _ProcessDiedError from error
        if not line.endswith(b"\n"):
            await self._end()
            raise _ProcessDiedError
        answer: dict[str, str] = json.loads(line)
        return answer

    async def _start(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "meguri_dashboard.charts.worker",
                str(self._fonts),
                str(os.getpid()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LINE_LIMIT,
            )
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()


class _ProcessDiedError(Exception):
    """The rendering process ended without an answer."""
