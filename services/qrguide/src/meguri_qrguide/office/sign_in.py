"""Signing in and out, and the one-time links by which people get a password."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from meguri_kit.passwords import LONGEST, SHORTEST, Passwords
from meguri_kit.registry import UserNameError, user_name

from meguri_qrguide.office.attempts import Attempts
from meguri_qrguide.office.desks import COOKIE
from meguri_qrguide.office.refusals import RefusedError
from meguri_qrguide.office.screens import go

if TYPE_CHECKING:
    from fastapi import Response
    from starlette.requests import Request

    from meguri_qrguide.office.desks import Desks
    from meguri_qrguide.office.rendering import Rendering
    from meguri_qrguide.office.screens import Screens

JOIN = "/office/join"
"""Where one-time links lead, followed by `/{token}`."""


class SignIn:
    """The routes.

    Args:
        desks: knows the users.
        rendering: makes the pages.
        passwords: hashes them; another for tests, since the real one takes its time.
    """

    def __init__(self, desks: Desks, rendering: Rendering, passwords: Passwords) -> None:
        self._desks = desks
        self._rendering = rendering
        self._passwords = passwords
        self._attempts = Attempts()

    def add_to(self, screens: Screens) -> None:
        """Add the routes."""
        screens.get("/office/sign-in", self.ask)
        screens.post("/office/sign-in", self.sign_in)
        screens.post("/office/sign-out", self.sign_out)
        screens.get(JOIN + "/{token}", self.ask_to_join)
        screens.post(JOIN + "/{token}", self.join)

    async def ask(self, request: Request) -> Response:
        """The form."""
        following = _own_address(request.query_params.get("next", ""))
        return self._rendering.page(request, "sign_in.html", following=following, name="")

    async def sign_in(self, request: Request) -> Response:
        """Open a session for who knows the password.

        Whoever does not is told the same in the same time, whether or not there is such a user.
        """
        self._desks.check_origin(request)
        form = await self._desks.form(request)
        typed, following = form.text("name"), _own_address(form.text("next"))
        try:
            name = user_name(typed)
        except UserNameError:
            name = ""
        if not self._attempts.admit(name, self._desks.now_ms()):
            refusal = RefusedError("refused_too_many_attempts", 429)
        elif await asyncio.to_thread(self._fits, name, form.text("password")):
            self._attempts.succeeded(name)
            return await self._opened(request, name, following)
        else:
            refusal = RefusedError("refused_sign_in", 401)
        return self._rendering.page(
            request, "sign_in.html", status=refusal.status, following=following, name=typed, refusal=refusal
        )

    async def sign_out(self, request: Request) -> Response:
        """Close the session."""
        seat, _ = await self._desks.seat_posted(request)
        await asyncio.to_thread(self._desks.users.close_session, seat.token)
        response = go("/office/sign-in")
        response.delete_cookie(COOKIE, path="/office")
        return response

    async def ask_to_join(self, request: Request) -> Response:
        """The form in which a password is chosen."""
        token = str(request.path_params["token"])
        user = await asyncio.to_thread(self._desks.users.invited, token, self._desks.now_ms())
        if user is None:
            raise RefusedError("refused_link", 410)
        return self._rendering.page(request, "join.html", invited=user, shortest=SHORTEST)

    async def join(self, request: Request) -> Response:
        """Keep the password, use the link up and open a session."""
        self._desks.check_origin(request)
        form = await self._desks.form(request)
        token, users = str(request.path_params["token"]), self._desks.users
        user = await asyncio.to_thread(users.invited, token, self._desks.now_ms())
        if user is None:
            raise RefusedError("refused_link", 410)
        password = form.text("password")
        refusal = None
        if not SHORTEST <= len(password) <= LONGEST:
            refusal = RefusedError("refused_password_length", shortest=SHORTEST, longest=LONGEST)
        elif password != form.text("again"):
            refusal = RefusedError("refused_password_again")
        if refusal:
            return self._rendering.page(
                request, "join.html", status=422, invited=user, shortest=SHORTEST, refusal=refusal
            )
        kept = await asyncio.to_thread(self._passwords.hash, password)
        if await asyncio.to_thread(users.accept, token, kept, self._desks.now_ms()) is None:
            raise RefusedError("refused_link", 410)
        return await self._opened(request, user.name, "/office")

    def _fits(self, name: str, password: str) -> bool:
        kept = self._desks.users.password_hash(name) if name else None
        fits = self._passwords.fits(password[:LONGEST], kept)
        if fits and kept and self._passwords.is_too_cheap(kept):
            self._desks.users.keep_password_hash(name, self._passwords.hash(password))
        return fits

    async def _opened(self, request: Request, name: str, following: str) -> Response:
        users = self._desks.users
        if before := request.cookies.get(COOKIE):
            await asyncio.to_thread(users.close_session, before)
        token = await asyncio.to_thread(users.open_session, name, self._desks.now_ms())
        response = go(following)
        response.set_cookie(
            COOKIE,
            token,
            path="/office",
            httponly=True,
            secure=self._desks.is_https(request),
            samesite="lax",
        )
        return response


def _own_address(asked: str) -> str:
    """Where to go after signing in: a page of the office, whatever an address in a link says."""
    is_own = (asked == "/office" or asked.startswith("/office/")) and "\\" not in asked and "//" not in asked
    return asked if is_own and asked.isprintable() else "/office"
