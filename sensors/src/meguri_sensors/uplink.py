"""A sensor's way to ingest: keys, uploads and ticks over HTTP, patient while ingest is away."""

from __future__ import annotations

import base64
import binascii
import email.utils
import gzip
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import httpx
from meguri_proto.schema.upload_pb2 import Upload

from meguri_sensors.day_keys import DayKey, KeysAnswer
from meguri_sensors.opt_outs import OptOuts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from meguri_proto.schema.upload_pb2 import Batch

    from meguri_sensors.five_minute_counts import FiveMinuteCount

_TIMEOUT_S: Final = 15.0
"""Longer than ingest waits for Kafka before it answers 503."""
_FIRST_DELAY_S: Final = 0.1
_LONGEST_DELAY_S: Final = 5.0
_COMPRESSION: Final = 1
"""Pseudonyms do not compress; what does, does so at the cheapest level."""
_TRY_AGAIN: Final = frozenset((408, 429, 500, 502, 503, 504))
_NOTHING_ACCEPTED: Final = 422


class UplinkError(RuntimeError):
    """Ingest did not do what was asked; the message is a sentence that names what, where and why."""


@dataclass(frozen=True)
class Rejection:
    """An item of an upload that ingest did not accept."""

    item: str
    """Such as `batches[0]` or `batches[0].detections[17-203]` (both ends belong to it)."""
    reason: str
    """A value of meguri_proto.reasons.RejectReason."""
    message: str
    """The reason as a sentence."""
    detections: int


@dataclass(frozen=True)
class CountsAnswer:
    """What ingest made of counts."""

    accepted: int
    """Counts that are in the log."""
    rejected: tuple[tuple[str, str], ...]
    """Reason and message of each that is not."""


@dataclass(frozen=True)
class UploadAnswer:
    """What ingest made of an upload."""

    accepted: int
    """Detections that are in the log."""
    rejected: tuple[Rejection, ...]


class Uplink:
    """One sensor's connection to ingest.

    A request that ingest cannot answer now (no connection, 429, 503 and the like) is repeated, with a
    random delay that grows and is never shorter than `Retry-After` asks, until `patience_s` is used up.

    Args:
        url: of ingest, such as `http://127.0.0.1:8601`.
        token: the sensor's, which names it and its town.
        replayer_token: for ticks, where the town's clock is a recording's; `token` by default.
        patience_s: how long a request is repeated, in seconds.
        sleep: waits for a number of seconds; it may raise to end the waiting.

    Raises:
        UplinkError: the URL is none of HTTP.
    """

    def __init__(
        self,
        url: str,
        token: str,
        replayer_token: str | None = None,
        *,
        patience_s: float = 120.0,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._replayer_token = replayer_token or token
        self._patience_s = patience_s
        self._sleep = sleep
        self._jitter = random.SystemRandom()
        try:
            address = httpx.URL(self._url)
        except httpx.InvalidURL:
            address = httpx.URL("")
        if address.scheme not in ("http", "https") or not address.host:
            raise UplinkError("The address of ingest has to be like http://127.0.0.1:8601.")
        # A proxy that the environment names is for other machines.
        is_here = address.host in ("127.0.0.1", "::1", "localhost")
        self._client = httpx.Client(base_url=address, timeout=_TIMEOUT_S, trust_env=not is_here)

    def __enter__(self) -> Self:
        """The uplink itself; its connections close at the block's end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def keys(self, from_ms: int, to_ms: int) -> KeysAnswer:
        """The keys of the key days that overlap the instants from `from_ms` to before `to_ms`.

        Raises:
            UplinkError: ingest gave no keys.
        """
        request = self._client.build_request("GET", "/v1/keys", params={"from_ms": from_ms, "to_ms": to_ms})
        answer = self._json(self._send(request, self._token, "hand out keys"), "hand out keys")
        try:
            return KeysAnswer(
                town=str(answer["town"]),
                gap_ms=int(answer["gap_ms"]),
                lateness_ms=int(answer["lateness_ms"]),
                keys=tuple(_day_key(entry) for entry in answer["keys"]),
                unavailable=tuple((int(e["key_day"]), str(e["reason"])) for e in answer["unavailable"]),
            )
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise self._nonsense("hand out keys") from error

    def upload(
        self, batches: Iterable[Batch], *, recording: bool, town_time_ms: int | None = None
    ) -> UploadAnswer:
        """Deliver batches; returns when ingest has them in the log or has rejected them.

        Args:
            batches: of this sensor; of a replayer, each names its sensor.
            recording: they come from a file and not from the air of now.
            town_time_ms: of a replayer: where the recording town's clock moves to with this upload.

        Raises:
            UplinkError: ingest did not take the upload, or it is unknown whether it did: uploading the
                same batches again is harmless.
        """
        upload = Upload(batches=batches, recording=recording, town_time_ms=town_time_ms or 0)
        request = self._client.build_request(
            "POST",
            "/v1/detections",
            content=gzip.compress(upload.SerializeToString(), _COMPRESSION, mtime=0),
            headers={"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"},
        )
        answer = self._json(self._send(request, self._token, "take detections"), "take detections")
        try:
            return UploadAnswer(
                accepted=int(answer["accepted"]),
                rejected=tuple(_rejection(entry) for entry in answer["rejected"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._nonsense("take detections") from error

    def opt_outs(self) -> OptOuts:
        """The town's opt-out list as it is now.

        Raises:
            UplinkError: ingest gave none.
        """
        task = "hand out the opt-out list"
        answer = self._json(
            self._send(self._client.build_request("GET", "/v1/opt-outs"), self._token, task), task
        )
        try:
            return OptOuts(
                base64.b64decode(answer["key"], validate=True),
                frozenset(base64.b64decode(mark, validate=True) for mark in answer["marks"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._nonsense(task) from error

    def counts(self, counts: Iterable[FiveMinuteCount]) -> CountsAnswer:
        """Tell what was counted of days whose pseudonyms are gone; telling it again is harmless.

        Raises:
            UplinkError: ingest did not take the counts, or it is unknown whether it did.
        """
        task = "take counts"
        items = [
            {"quantity": each.quantity, "from_ms": each.from_ms, "to_ms": each.to_ms, "count": each.count}
            for each in counts
        ]
        request = self._client.build_request("POST", "/v1/counts", json={"counts": items})
        answer = self._json(self._send(request, self._token, task), task)
        try:
            return CountsAnswer(
                accepted=int(answer["accepted"]),
                rejected=tuple((str(each["reason"]), str(each["message"])) for each in answer["rejected"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._nonsense(task) from error

    def tick(self, town_time_ms: int) -> None:
        """Tell the town of a recording that it is at least this late there.

        Raises:
            UplinkError: ingest did not take the tick, or the token is not a replayer's.
        """
        request = self._client.build_request("POST", "/v1/ticks", json={"town_time_ms": town_time_ms})
        self._send(request, self._replayer_token, "take a tick")

    def _send(self, request: httpx.Request, token: str, task: str) -> httpx.Response:
        request.headers["Authorization"] = f"Bearer {token}"
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
                    raise UplinkError(f"Ingest at {self._url} did not {task}: {failure}.")
                asked_delay = _retry_after_s(response)
            attempt += 1
            longest = min(_FIRST_DELAY_S * 2**attempt, _LONGEST_DELAY_S)
            delay = asked_delay + self._jitter.uniform(longest / 2, longest)
            spent += time.monotonic() - started + delay
            if spent > self._patience_s:
                raise UplinkError(
                    f"Ingest at {self._url} did not {task}: {failure} ({attempt} attempts within "
                    f"{self._patience_s:g} s). Is ingest running there, and its Kafka?"
                )
            self._sleep(delay)

    def _json(self, response: httpx.Response, task: str) -> dict[str, Any]:
        try:
            answer = response.json()
        except ValueError as error:
            raise self._nonsense(task) from error
        if not isinstance(answer, dict):
            raise self._nonsense(task)
        return answer

    def _nonsense(self, task: str) -> UplinkError:
        return UplinkError(
            f"What answered at {self._url} when asked to {task} is not Meguri's ingest, or another version "
            "of it: check the address."
        )


def _day_key(entry: dict[str, Any]) -> DayKey:
    return DayKey(
        int(entry["key_day"]),
        int(entry["start_ms"]),
        int(entry["end_ms"]),
        base64.b64decode(entry["key"], validate=True),
    )


def _rejection(entry: dict[str, Any]) -> Rejection:
    return Rejection(
        str(entry["item"]), str(entry["reason"]), str(entry["message"]), int(entry["detections"])
    )


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
