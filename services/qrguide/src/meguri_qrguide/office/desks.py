"""Who works on what: each request of the office is let in here, or not."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from meguri_kit.registry import OFFICE
from starlette.datastructures import UploadFile

from meguri_qrguide.office.drafts import Draft
from meguri_qrguide.office.refusals import RefusedError, SignInNeededError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meguri_kit.registry import User, Users
    from meguri_proto.towns import Town
    from starlette.datastructures import FormData
    from starlette.requests import Request

    from meguri_qrguide.content.editions import Editions
    from meguri_qrguide.content.guide import Guide
    from meguri_qrguide.content.guides import Guides

COOKIE = "meguri_office"
MOST_UPLOADED = 400_000_000
"""Bytes of one request."""
_MOST_FIELDS = 2_000
_LONGEST_FIELD = 200_000


@dataclass(frozen=True)
class Seat:
    """Who is signed in, by which session."""

    user: User
    token: str

    @property
    def csrf(self) -> str:
        """What every form of the session carries; it says nothing of the session's token."""
        return hashlib.sha256(b"csrf " + self.token.encode()).hexdigest()


@dataclass(frozen=True)
class Desk:
    """Somebody of the office at a town's draft."""

    seat: Seat
    town: Town
    draft: Draft
    editions: Editions

    @property
    def shared(self) -> dict[str, object]:
        """What every page of the town shows."""
        return {"user": self.seat.user, "csrf": self.seat.csrf, "town": self.town}

    @property
    def address(self) -> str:
        """Of the town's first page."""
        return f"/office/guides/{self.town.town}"


class Form:
    """What was posted, with one kind of newline and no spaces around."""

    def __init__(self, data: FormData) -> None:
        self._data = data

    def __contains__(self, name: str) -> bool:
        """Whether a field of this name was posted."""
        return name in self._data

    def text(self, name: str) -> str:
        """A field's text; empty if it was not posted."""
        value = self._data.get(name)
        return value.replace("\r\n", "\n").replace("\r", "\n").strip() if isinstance(value, str) else ""

    def texts(self, prefix: str) -> dict[str, str]:
        """The texts of all fields whose names begin so, by the rest of the name; empty ones left out."""
        found = {name.removeprefix(prefix): self.text(name) for name in self._data if name.startswith(prefix)}
        return {name: text for name, text in found.items() if text}

    def file(self, name: str) -> UploadFile:
        """A file that was chosen.

        Raises:
            RefusedError: none was.
        """
        value = self._data.get(name)
        if not isinstance(value, UploadFile) or not value.size:
            raise RefusedError("refused_no_file")
        return value


class Desks:
    """Lets requests in.

    Args:
        towns: by name.
        guides: where drafts and editions lie.
        users: of the registry.
        public_url: the guide's address as others reach it; None: as the request says.
        now_ms: the wall clock, epoch milliseconds.
    """

    def __init__(
        self,
        towns: Mapping[str, Town],
        guides: Guides,
        users: Users,
        public_url: str | None,
        now_ms: Callable[[], int],
    ) -> None:
        self.towns = towns
        self.guides = guides
        self.users = users
        self.now_ms = now_ms
        self._public = urlsplit(public_url or "")
        self._drafts: dict[str, Draft] = {}

    def is_https(self, request: Request) -> bool:
        """Whether the browser came by TLS, here or at a proxy."""
        return "https" in (self._public.scheme, request.url.scheme)

    async def seat(self, request: Request) -> Seat:
        """Who asks.

        Raises:
            SignInNeededError: nobody that is signed in.
            RefusedError: somebody who has another role.
        """
        token = request.cookies.get(COOKIE, "")
        user = await asyncio.to_thread(self.users.of_session, token, self.now_ms()) if token else None
        if user is None:
            raise SignInNeededError
        if user.role != OFFICE:
            raise RefusedError("refused_role", 403)
        return Seat(user, token)

    async def desk(self, request: Request, town: str) -> Desk:
        """Somebody of the office at the town's draft.

        Raises:
            SignInNeededError: nobody is signed in.
            RefusedError: there is no such town.
        """
        return self._desk(await self.seat(request), town)

    async def posted(self, request: Request, town: str) -> tuple[Desk, Form]:
        """The same for a form, which was sent by one of our own pages.

        Raises:
            SignInNeededError: nobody is signed in.
            RefusedError: there is no such town, or the form is another site's or too large.
        """
        seat, form = await self.seat_posted(request)
        return self._desk(seat, town), form

    async def seat_posted(self, request: Request) -> tuple[Seat, Form]:
        """A form of no town; see `posted`."""
        self.check_origin(request)
        seat = await self.seat(request)
        form = await self.form(request)
        if not hmac.compare_digest(form.text("csrf"), seat.csrf):
            raise RefusedError("refused_csrf", 403)
        return seat, form

    async def form(self, request: Request) -> Form:
        """What was posted by whomever.

        Raises:
            RefusedError: it is too large, or does not say how large it is.
        """
        length = request.headers.get("content-length", "")
        if not length.isdecimal():
            raise RefusedError("refused_length", 411)
        if int(length) > MOST_UPLOADED:
            raise RefusedError("refused_too_large", 413, most=MOST_UPLOADED // 1_000_000)
        return Form(await request.form(max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD))

    def check_origin(self, request: Request) -> None:
        """Pass what one of our own pages sent, or no browser at all.

        Raises:
            RefusedError: a page of another origin sent it.
        """
        origin = request.headers.get("origin")
        ours = {request.headers.get("host", ""), self._public.netloc} - {""}
        site = request.headers.get("sec-fetch-site", "same-origin")
        if (origin is not None and urlsplit(origin).netloc not in ours) or site not in (
            "same-origin",
            "none",
        ):
            raise RefusedError("refused_origin", 403)

    def numbers_of_others(self, town: str) -> set[int]:
        """Numbers of sights that other towns have: a code leads to one place alone."""
        found = {number for name, each in self.towns.items() if name != town for number in each.sights}
        for name in self.towns:
            if name != town and (edition := self.guides.current(name)) is not None:
                found |= {sight.number for sight in edition.guide.sights}
        return found

    def _desk(self, seat: Seat, town: str) -> Desk:
        if town not in self.towns:
            raise RefusedError("refused_no_town", 404)
        if town not in self._drafts:
            self._drafts[town] = Draft(self.guides.draft(town))
        return Desk(seat, self.towns[town], self._drafts[town], self.guides.editions(town))


def sight_of(guide: Guide, number: str) -> int:
    """The number of one of the guide's sights.

    Raises:
        RefusedError: it has no such sight.
    """
    if not (number.isascii() and number.isdigit()) or int(number) not in {s.number for s in guide.sights}:
        raise RefusedError("refused_no_sight", 404)
    return int(number)


def language_of(guide: Guide, language: str) -> str:
    """One of the guide's languages.

    Raises:
        RefusedError: it has no such language.
    """
    if language not in guide.languages:
        raise RefusedError("refused_no_language", 404)
    return language
