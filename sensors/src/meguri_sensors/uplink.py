"""A sensor's way to ingest: keys, uploads and ticks over HTTP, patient while ingest is away."""

from __future__ import annotations

import base64
import binascii
import gzip
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from meguri_proto.schema.upload_pb2 import Upload

from meguri_sensors.day_keys import DayKey, KeysAnswer
from meguri_sensors.opt_outs import OptOuts
from meguri_sensors.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from meguri_proto.schema.upload_pb2 import Batch

    from meguri_sensors.five_minute_counts import FiveMinuteCount

_COMPRESSION: Final = 1
"""Pseudonyms do not compress; what does, does so at the cheapest level."""


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

    A request that ingest cannot answer now is repeated, see `Service`.

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
        self._token = token
        self._replayer_token = replayer_token or token
        self._service = Service("ingest", url, patience_s=patience_s, sleep=sleep)

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
        self._service.close()

    def keys(self, from_ms: int, to_ms: int) -> KeysAnswer:
        """The keys of the key days that overlap the instants from `from_ms` to before `to_ms`.

        Raises:
            UplinkError: ingest gave no keys.
        """
        task = "hand out keys"
        span = {"from_ms": from_ms, "to_ms": to_ms}
        answer = self._service.ask("GET", "/v1/keys", task, self._token, params=span)
        try:
            return KeysAnswer(
                town=str(answer["town"]),
                gap_ms=int(answer["gap_ms"]),
                lateness_ms=int(answer["lateness_ms"]),
                keys=tuple(_day_key(entry) for entry in answer["keys"]),
                unavailable=tuple((int(e["key_day"]), str(e["reason"])) for e in answer["unavailable"]),
            )
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise self._service.nonsense(task) from error

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
        task = "take detections"
        answer = self._service.ask(
            "POST",
            "/v1/detections",
            task,
            self._token,
            content=gzip.compress(upload.SerializeToString(), _COMPRESSION, mtime=0),
            headers={"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"},
        )
        try:
            return UploadAnswer(
                accepted=int(answer["accepted"]),
                rejected=tuple(_rejection(entry) for entry in answer["rejected"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._service.nonsense(task) from error

    def opt_outs(self) -> OptOuts:
        """The town's opt-out list as it is now.

        Raises:
            UplinkError: ingest gave none.
        """
        task = "hand out the opt-out list"
        answer = self._service.ask("GET", "/v1/opt-outs", task, self._token)
        try:
            return OptOuts(
                base64.b64decode(answer["key"], validate=True),
                frozenset(base64.b64decode(mark, validate=True) for mark in answer["marks"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._service.nonsense(task) from error

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
        answer = self._service.ask("POST", "/v1/counts", task, self._token, json={"counts": items})
        try:
            return CountsAnswer(
                accepted=int(answer["accepted"]),
                rejected=tuple((str(each["reason"]), str(each["message"])) for each in answer["rejected"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._service.nonsense(task) from error

    def tick(self, town_time_ms: int) -> None:
        """Tell the town of a recording that it is at least this late there.

        Raises:
            UplinkError: ingest did not take the tick, or the token is not a replayer's.
        """
        self._service.ask(
            "POST", "/v1/ticks", "take a tick", self._replayer_token, json={"town_time_ms": town_time_ms}
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
