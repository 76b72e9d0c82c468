"""The HTTP server of the dashboard, which ends with pages open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    import socket


class Server(uvicorn.Server):
    """Ends the pages' event streams first: uvicorn waits for open answers, and a stream never ends by itself.

    Its config's app is one of `create_app`.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the streams end, then everything else."""
        self.config.app.state.subscribers.close()  # type: ignore[union-attr]  # typed as any ASGI app
        await super().shutdown(sockets)
