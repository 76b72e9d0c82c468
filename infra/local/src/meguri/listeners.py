"""The sockets on which the services answer, taken before anything is started."""

from __future__ import annotations

import socket
from types import MappingProxyType
from typing import TYPE_CHECKING

from meguri.engines.ports import HOST
from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICES = ("dashboard", "ingest", "guide", "flow")
DEFAULT_PORT = 8600
_BACKLOG = 128


def listen(
    first_port: int, elsewhere: Mapping[str, tuple[str, int]] = MappingProxyType({})
) -> dict[str, socket.socket]:
    """A listening socket for each service, on `first_port` and the next ones (0: on any free ones).

    Args:
        first_port: of this machine's own address.
        elsewhere: by service, the address and port of those that listen on others.

    Raises:
        LocalRunError: another program has a port, or it needs more rights.
    """
    listeners: dict[str, socket.socket] = {}
    for number, service in enumerate(SERVICES):
        host, port = elsewhere.get(service, (HOST, first_port + number if first_port else 0))
        # asyncio sends answers without Nagle's delay (40 ms) only where the protocol is named.
        listener = socket.socket(proto=socket.IPPROTO_TCP)
        listeners[service] = listener
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            for opened in listeners.values():
                opened.close()
            if service in elsewhere:
                raise LocalRunError(
                    f"Port {port}, on which visitors are to reach the {service}, cannot be used "
                    f"({error.strerror}). End the program that has it, run Meguri with the right to it, or "
                    "have it forwarded to another, which --guide-port names."
                ) from error
            raise LocalRunError(
                f"Port {port}, on which the {service} is to answer, cannot be used ({error.strerror}). End "
                f"the program that has it, or choose {len(SERVICES)} others: --port names the first."
            ) from error
    return listeners


def guide_port(first_port: int) -> int:
    """The guide's among the services; 0: any."""
    return first_port + SERVICES.index("guide") if first_port else 0


def url(listener: socket.socket) -> str:
    """Where it answers."""
    return f"http://{HOST}:{listener.getsockname()[1]}"
