"""Items that a request posts: its body read and judged in a thread, appended; unreadable ones are told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from meguri_ingest.bodies import UnreadableError, decoded, read_body
from meguri_ingest.dead_letters import unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from meguri_ingest.dead_letters import DeadLetters, Teller
    from meguri_ingest.settings import Settings
    from meguri_ingest.verdicts import M, Verdicts


class PostedItems:
    """Reads what tills and counters post."""

    def __init__(self, dead_letters: DeadLetters, settings: Settings) -> None:
        self._dead_letters = dead_letters
        self._settings = settings

    async def body(self, request: Request) -> bytes:
        """The request's body as it travelled.

        Raises:
            TooLargeError: it is longer than one may be.
        """
        return await read_body(request, self._settings.max_body_bytes)

    async def judged(
        self,
        body: bytes,
        encoding: str,
        source: str,
        teller: Teller,
        judge: Callable[[bytes], Verdicts[M]],
    ) -> Verdicts[M]:
        """The verdicts of a request's items.

        Args:
            body: as it travelled; it may be gzip.
            encoding: the header Content-Encoding, empty if there is none.
            source: of dead letters, where the body cannot be read.
            teller: who posts it.
            judge: makes the verdicts of the decoded body; blocking, so it runs in a thread.

        Raises:
            UnreadableError, UnknownEncodingError, TooLargeError: nothing of it was taken.
            LogUnavailableError: the dead letter of an unreadable one was not acknowledged.
            RegistryError: the registry does not answer.
        """

        def decode_and_judge() -> Verdicts[M]:
            return judge(decoded(body, encoding, self._settings.max_upload_bytes))

        try:
            return await asyncio.to_thread(decode_and_judge)
        except UnreadableError:
            await self._dead_letters.append([unreadable(source, teller, len(body))])
            raise
