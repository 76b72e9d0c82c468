"""Posts what tills, counters and visitors' phones tell, over HTTP, patient while the service is away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import httpx
from meguri_sensors.uplink import UplinkError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

_TIMEOUT_S: Final = 30.0
_FIRST_DELAY_S: Final = 0.1
_LONGEST_DELAY_S: Final = 5.0
_TRY_AGAIN: Final = frozenset((408, 429, 500, 502, 503, 504))
_NOTHING_ACCEPTED: Final = 422


class Posted(NamedTuple):
    """What became of what was posted."""

    accepted: int
    rejected: int


class Poster:
    """A connection to a service that takes items and says which it accepted.

    Args:
        url: of the service, such as `http://127.0.0.1:8601`.
        patience_s: how long a request that it cannot answer now is repeated, in seconds.
        sleep: waits for a number of seconds; it may raise to end the waiting.

    Raises:
        UplinkError: the URL is none of HTTP.
    """

    def __init__(
        self, url: str, *, patience_s: float = 120.0, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self.url = url.rstrip("/")
        self._patience_s = patience_s
        self._sleep = sleep
        try:
            address = httpx.URL(self.url)
        except httpx.InvalidURL:
            address = httpx.URL("")
        if address.scheme not in ("http", "https") or not address.host:
            raise UplinkError("The address of a service has to be like http://127.0.0.1:8601.")
        # A proxy that the environment names is for other machines.
        is_here = address.host in ("127.0.0.1", "::1", "localhost")
        self._client = httpx.Client(base_url=address, timeout=_TIMEOUT_S, trust_env=not is_here)

    def __enter__(self) -> Self:
        """The poster itself; its connections close at the block's end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._client.close()

    def post(self, path: str, content: bytes, headers: Mapping[str, str], token: str | None = None) -> Posted:
        """Post items; returns when the service has accepted or rejected each.

        Raises:
            UplinkError: it took nothing, or it is unknown whether it did; posting again is harmless.
        """
        authorization = {} if token is None else {"Authorization": f"Bearer {token}"}
        request = self._client.build_request(
            "POST", path, content=content, headers={**headers, **authorization}
        )
        response = self._sent(request, path.partition("?")[0])
        try:
            answer = response.json()
            return Posted(int(answer["accepted"]), len(answer["rejected"]))
        except (ValueError, KeyError, TypeError) as error:
            raise UplinkError(
                f"What answered at {self.url} is not Meguri, or another version of it: check the address."
            ) from error

    def _sent(self, request: httpx.Request, path: str) -> httpx.Response:
        waited_s, delay_s = 0.0, _FIRST_DELAY_S
        while True:
            started = time.monotonic()
            try:
                response = self._client.send(request)
            except httpx.RequestError as error:
                failure = type(error).__name__
            else:
                if response.is_success or response.status_code == _NOTHING_ACCEPTED:
                    return response
                failure = f"it answered {response.status_code}"
                if response.status_code not in _TRY_AGAIN:
                    raise UplinkError(f"{self.url} did not take what was posted to {path}: {failure}.")
                asked = response.headers.get("Retry-After", "")
                delay_s = max(delay_s, float(asked) if asked.isdecimal() else 0.0)
            waited_s += time.monotonic() - started + delay_s
            if waited_s > self._patience_s:
                raise UplinkError(
                    f"{self.url} did not take what was posted to {path}: {failure} (within "
                    f"{self._patience_s:g} s). Is it running there, and its Kafka?"
                )
            self._sleep(delay_s)
            delay_s = min(2 * delay_s, _LONGEST_DELAY_S)
