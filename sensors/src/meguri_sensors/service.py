"""A service of Meguri over HTTP, asked patiently while it is away."""

from __future__ import annotations

import email.utils
import random
import time
from typing import TYPE_CHECKING, Any, Final, Self

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_TIMEOUT_S: Final = 15.0
"""Longer than a service waits for Kafka before it answers 503."""
_FIRST_DELAY_S: Final = 0.1
_LONGEST_DELAY_S: Final = 5.0
_TRY_AGAIN: Final = frozenset((408, 429, 500, 502, 503, 504))
_NOTHING_ACCEPTED: Final = 422


class UplinkError(RuntimeError):
    """A service did not do what was asked; the message is a sentence that names what, where and why."""


class Service:
    """The connection to a service.

    A request that the service cannot answer now (no connection, 429, 503 and the like) is repeated, with a
    random delay that grows and is never shorter than `Retry-After` asks, until `patience_s` is used up.

    Args:
        name: of the service in sentences, such as `ingest`.
        url: of the service, such as `http://127.0.0.1:8601`.
        patience_s: how long a request is repeated, in seconds.
        sleep: waits for a number of seconds; it may raise to end the waiting.

    Raises:
        UplinkError: the URL is none of HTTP.
    """

    def __init__(
        self, name: str, url: str, *, patience_s: float = 120.0, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._name = name
        self.url = url.rstrip("/")
        """Without a slash at its end."""
        self._patience_s = patience_s
        self._sleep = sleep
        self._jitter = random.SystemRandom()
        try:
            address = httpx.URL(self.url)
        except httpx.InvalidURL:
            address = httpx.URL("")
        if address.scheme not in ("http", "https") or not address.host:
            raise UplinkError(f"The address of {name} has to be like http://127.0.0.1:8601.")
        # A proxy that the environment names is for other machines.
        is_here = address.host in ("127.0.0.1", "::1", "localhost")
        self._client = httpx.Client(base_url=address, timeout=_TIMEOUT_S, trust_env=not is_here)

    def __enter__(self) -> Self:
        """The connection itself; it closes at the block's end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        task: str,
        token: str | None = None,
        **content: Any,  # noqa: ANN401 - as httpx takes it
    ) -> dict[str, Any]:
        """The service's answer, which is an object of JSON.

        Args:
            method: of HTTP.
            path: with its query, if any.
            task: what is asked, as a verb: it stands in sentences.
            token: of whoever asks; None for none.
            content: `content`, `headers`, `json` or `params` of `httpx.Client.build_request`.

        Raises:
            UplinkError: the service did not do it, or it is unknown whether it did.
        """
        request = self._client.build_request(method, path, **content)
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token}"
        response = self._sent(request, task)
        try:
            answer = response.json()
        except ValueError as error:
            raise self.nonsense(task) from error
        if not isinstance(answer, dict):
            raise self.nonsense(task)
        return answer

    def nonsense(self, task: str) -> UplinkError:
        """What to raise where the answer to a task lacks something."""
        return UplinkError(
            f"What answered at {self.url} when asked to {task} is not Meguri's {self._name}, or another "
            "version of it: check the address."
        )

    def _sent(self, request: httpx.Request, task: str) -> httpx.Response:
        title = f"{self._name[0].upper()}{self._name[1:]} at {self.url}"
        spent, attempt = 0.0, 0
        while True:
            started = time.monotonic()
            asked_delay = 0.0
            try:
                response = self._client.send(request)
            except httpx.RequestError as error:
                failure = f"{type(error).__name__}, {error}" if str(error) else type(error).__name__
            else:
                if response.is_success or response.status_code == _NOTHING_ACCEPTED:
                    return response
                failure = f"it answered {response.status_code}{_said(response)}"
                if response.status_code not in _TRY_AGAIN:
                    raise UplinkError(f"{title} did not {task}: {failure}.")
                asked_delay = _retry_after_s(response)
            attempt += 1
            longest = min(_FIRST_DELAY_S * 2**attempt, _LONGEST_DELAY_S)
            delay = asked_delay + self._jitter.uniform(longest / 2, longest)
            spent += time.monotonic() - started + delay
            if spent > self._patience_s:
                raise UplinkError(
                    f"{title} did not {task}: {failure} ({attempt} attempts within {self._patience_s:g} s). "
                    f"Is {self._name} running there, and its Kafka?"
                )
            self._sleep(delay)


def _said(response: httpx.Response) -> str:
    """What the answer says for people, if it says something."""
    try:
        answer = response.json()
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    said = answer.get("error")
    return f" ({said.rstrip('.')})" if isinstance(said, str) else ""


def _retry_after_s(response: httpx.Response) -> float:
    """Seconds that the answer asks to wait: a number or a date (RFC 9110, 10.2.3); 0 if it asks nothing."""
    value = response.headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0
