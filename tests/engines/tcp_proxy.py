"""A door between a client and a server that can be shut, held, or made to lose an answer."""

import contextlib
import socket
import threading
from urllib.parse import urlsplit

from meguri.engines.ports import HOST

_END_OF_STREAM = b"\x05"
"""What a ClickHouse server says last when it has done what it was asked."""


class TcpProxy:
    """Passes bytes between clients of `port` and the server of a URL.

    Three faults: `shut` (the server is away), `hold` (it takes connections and says nothing), `lose_insert`
    (what was inserted is in, but the connection breaks before the answer comes).
    """

    def __init__(self, url):
        parts = urlsplit(url)
        self._server = (parts.hostname, parts.port)
        self._listener = socket.create_server((HOST, 0))
        self.url = parts._replace(netloc=f"{HOST}:{self._listener.getsockname()[1]}").geturl()
        self._flows = threading.Event()
        self._flows.set()
        self._is_open = True
        self._connections = set()
        self._inserts_to_lose = 0
        self.inserts_lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def shut(self):
        """Break every connection and every new one."""
        self._is_open = False
        for connection in list(self._connections):
            _break(connection)

    def hold(self):
        """Let nothing pass."""
        self._flows.clear()

    def lose_insert(self):
        """Break the connection of the next insert that is done, instead of saying so."""
        self._inserts_to_lose += 1

    def mend(self):
        """Pass everything again."""
        self._is_open = True
        self._flows.set()

    def close(self):
        self.shut()
        self._flows.set()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self._is_open:
                _break(client)
                continue
            server = socket.create_connection(self._server)
            ends = (client, server)
            self._connections.update(ends)
            asked = {"insert": False}
            for pump in (self._to_server, self._to_client):
                threading.Thread(target=self._pump, args=(pump, *ends, asked), daemon=True).start()

    def _pump(self, pump, client, server, asked):
        with contextlib.suppress(OSError):
            pump(client, server, asked)
        for end in (client, server):
            _break(end)
            self._connections.discard(end)

    def _to_server(self, client, server, asked):
        while data := client.recv(1 << 16):
            self._flows.wait()
            asked["insert"] |= b"INSERT INTO" in data
            server.sendall(data)

    def _to_client(self, client, server, asked):
        while data := server.recv(1 << 16):
            self._flows.wait()
            if asked["insert"] and data.endswith(_END_OF_STREAM):
                asked["insert"] = False
                if self._inserts_to_lose:
                    self._inserts_to_lose -= 1
                    self.inserts_lost += 1
                    return
            client.sendall(data)


def _break(connection):
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
