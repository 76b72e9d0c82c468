"""Connections that one thread at a time may use, kept for the next."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from meguri_kit.clickhouse.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_C = TypeVar("_C")


class Pool(Generic[_C]):
    """As many connections as threads ask for at the same time.

    Args:
        connect: opens a connection.
        disconnect: closes one.
    """

    def __init__(self, connect: Callable[[], _C], disconnect: Callable[[_C], None]) -> None:
        self._connect = connect
        self._disconnect = disconnect
        self._lock = threading.Lock()
        self._idle: list[_C] = []
        self._closed = False

    @contextmanager
    def borrow(self) -> Iterator[_C]:
        """A connection for the body alone.

        Raises:
            StoreError: the pool is closed.
        """
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed")
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._connect()
        try:
            yield connection
        finally:
            with self._lock:
                keep = not self._closed
                if keep:
                    self._idle.append(connection)
            if not keep:
                self._disconnect(connection)

    def close(self) -> None:
        """Close the idle connections now and the lent ones as they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            self._disconnect(connection)
