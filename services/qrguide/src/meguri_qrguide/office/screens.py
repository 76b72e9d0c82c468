"""A route of the office: what its handler refuses becomes a page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from meguri_qrguide.content.problems import ContentError
from meguri_qrguide.office.refusals import RefusedError, SignInNeededError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import Response
    from starlette.requests import Request

    from meguri_qrguide.office.rendering import Rendering


class Screens:
    """Collects the office's routes.

    Args:
        rendering: makes the pages of what is refused.
    """

    def __init__(self, rendering: Rendering) -> None:
        self.router = APIRouter()
        self._rendering = rendering

    def get(self, path: str, handler: Callable[[Request], Awaitable[Response]]) -> None:
        """Answer GET of the path; the handler takes the path's parameters from the request."""
        self.router.add_route(path, self._shown(handler), methods=["GET"])

    def post(self, path: str, handler: Callable[[Request], Awaitable[Response]]) -> None:
        """Answer POST of the path."""
        self.router.add_route(path, self._shown(handler), methods=["POST"])

    def _shown(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def shown(request: Request) -> Response:
            try:
                return await handler(request)
            except SignInNeededError:
                here = request.url.path if request.method == "GET" else "/office"
                return go(f"/office/sign-in?next={quote(here)}")
            except RefusedError as error:
                return self._rendering.page(request, "refused.html", status=error.status, refusal=error)
            except ContentError as error:
                return self._rendering.page(request, "refused.html", status=422, problems=error.problems)
            except HTTPException as error:  # a form that cannot be read
                refusal = RefusedError("refused_form", error.status_code)
                return self._rendering.page(request, "refused.html", status=refusal.status, refusal=refusal)

        return shown


def go(address: str) -> RedirectResponse:
    """The answer to a form that was done: the page to see next, which can be loaded again."""
    return RedirectResponse(address, 303, {"Cache-Control": "no-store"})
