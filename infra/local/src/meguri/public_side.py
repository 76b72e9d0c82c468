"""The guide before the world: what `meguri up` is told of its address and TLS, and the certificate's care."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from meguri_kit.public_side import PublicSide, PublicSideError, read_public_side

from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from pathlib import Path

    from meguri.running import Running

LOOK_SECONDS = 3600.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Door:
    """Where visitors reach the guide; by default on this machine alone."""

    public: PublicSide = field(default_factory=PublicSide)
    port: int | None = None
    """To listen on; None: the public URL's where the guide brings the TLS, else that among the services'."""

    def elsewhere(self, port_among_services: int) -> dict[str, tuple[str, int]]:
        """For `listeners.listen`: where the guide listens if not beside the other services."""
        if self == Door():
            return {}
        own = self.public.url.port if self.public.url and self.public.certificate else port_among_services
        return {"guide": (self.public.host, own if self.port is None else self.port)}


def read_door(
    url: str | None, certificate: Path | None, key: Path | None, proxies: str | None, port: int | None
) -> Door:
    """The door as asked for on the command line.

    Raises:
        LocalRunError: it cannot be like this.
    """
    try:
        public = read_public_side(
            url=url, certificate=certificate, key=key, proxies=proxies, now=datetime.now(UTC)
        )
    except PublicSideError as error:
        raise LocalRunError(str(error)) from error
    return Door(public, port)


async def look_after_certificate(running: Running) -> None:
    """Take renewed certificates, say when one is about to end, and never return."""
    certificate = running.door.public.certificate
    while certificate is not None:
        word = await asyncio.to_thread(certificate.look_after, datetime.fromtimestamp(time.time(), UTC))
        if word is not None:
            running.narrator.say(word)
            logger.warning("%s", word)
        await asyncio.sleep(LOOK_SECONDS)
    await asyncio.Event().wait()
