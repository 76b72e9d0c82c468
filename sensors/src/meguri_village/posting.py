"""Posts what tills, counters and visitors' phones tell, over HTTP, patient while the service is away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, Self

from meguri_sensors.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType


class Posted(NamedTuple):
    """What became of what was posted."""

    accepted: int
    rejected: int


class Poster:
    """A connection to a service that takes items and says which it accepted.

    Args:
        name: of the service in sentences, such as `ingest`.
        url: of the service, such as `http://127.0.0.1:8601`.
        patience_s: how long a request that it cannot answer now is repeated, in seconds.
        sleep: waits for a number of seconds; it may raise to end the waiting.

    Raises:
        UplinkError: the URL is none of HTTP.
    """

    def __init__(
        self, name: str, url: str, *, patience_s: float = 120.0, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self.url = url.rstrip("/")
        self._service = Service(name, url, patience_s=patience_s, sleep=sleep)

    def __enter__(self) -> Self:
        """The poster itself; its connections close at the block's end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._service.close()

    def post(self, path: str, content: bytes, headers: Mapping[str, str], token: str | None = None) -> Posted:
        """Post items; returns when the service has accepted or rejected each.

        Raises:
            UplinkError: it took nothing, or it is unknown whether it did; posting again is harmless.
        """
        task = f"take what was posted to {path.partition('?')[0]}"
        answer = self._service.ask("POST", path, task, token, content=content, headers=headers)
        try:
            return Posted(int(answer["accepted"]), len(answer["rejected"]))
        except (ValueError, KeyError, TypeError) as error:
            raise self._service.nonsense(task) from error
