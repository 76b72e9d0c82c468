"""Appending to Kafka from an event loop, acknowledged or refused within seconds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kafka import KafkaProducer
from kafka.errors import KafkaError

if TYPE_CHECKING:
    from collections.abc import Sequence

_logger = logging.getLogger(__name__)

MAX_RECORD_BYTES = 1_000_000
"""A record's value, key and headers together; what Kafka's own default (1 MiB) leaves."""


_ANSWER_S = 2.0
_API_VERSIONS_REQUEST = struct.pack(">ihhih", 10, 18, 0, 0, -1)
"""Length, API key 18 in version 0, correlation id, no client id."""


class LogUnavailableError(Exception):
    """Kafka did not acknowledge in time; the record may be in the log all the same."""


class Log(Protocol):
    """Where records are appended: Kafka, or a list in a test."""

    async def append(
        self,
        topic: str,
        value: bytes,
        *,
        partition: int | None = None,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Append one record and return when the log has it for good.

        Records of one partition stand in the order of the calls. Cancelling the caller takes nothing back.

        Raises:
            LogUnavailableError: not acknowledged in time, or too much is waiting already; appending the
                same record again is the caller's to do, and may append it a second time.
            ValueError: the record is larger than `MAX_RECORD_BYTES`.
        """

    async def reachable(self) -> bool:
        """Whether the log answers now."""

    def close(self) -> None:
        """Let go; appends that still wait are given their time, then refused. Blocks for it."""


@dataclass(frozen=True)
class _Append:
    """One call of `append` on its way: the record, and whom to tell."""

    topic: str
    value: bytes
    partition: int | None
    key: bytes | None
    headers: list[tuple[str, bytes]]
    deadline: float
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[None]

    @property
    def size(self) -> int:
        return (
            len(self.value) + len(self.key or b"") + sum(len(name) + len(body) for name, body in self.headers)
        )

    def settle(self, error: Exception | None) -> None:
        """Answer the caller, from any thread; where its loop has ended nobody waits any more."""
        try:
            self.loop.call_soon_threadsafe(self._answer, error)
        except RuntimeError:
            return

    def _answer(self, error: Exception | None) -> None:
        if self.answer.done():
            return
        if error is None:
            self.answer.set_result(None)
        else:
            self.answer.set_exception(error)


class LogProducer:
    """Appends to Kafka: acknowledged by all in-sync replicas, idempotent, bounded in memory and in time.

    kafka-python waits for metadata inside `send` and for the broker inside its constructor, so both happen
    in a thread of their own, one record after the other; the event loop never waits. Connects at the first
    append. A producer that failed once is replaced by a new one, so that neither an expired batch nor a
    broken sequence outlives its failure.

    Args:
        bootstrap: `host:port` of a broker, several separated by commas.
        timeout_s: within which an append is acknowledged or refused (twice that if the broker hangs).
        max_waiting_bytes: of appends that are not answered yet; more are refused at once.
    """

    def __init__(
        self, bootstrap: str, *, timeout_s: float = 5.0, max_waiting_bytes: int = 32 * 1024 * 1024
    ) -> None:
        self._bootstrap = bootstrap.split(",")
        self._timeout_s = timeout_s
        self._max_waiting_bytes = max_waiting_bytes
        self._waiting_bytes = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="meguri-log")
        self._lock = threading.Lock()
        self._producer: KafkaProducer | None = None
        self._failing = False

    async def append(
        self,
        topic: str,
        value: bytes,
        *,
        partition: int | None = None,
        key: bytes | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """See `Log.append`."""
        loop = asyncio.get_running_loop()
        append = _Append(
            topic,
            value,
            partition,
            key,
            list(headers),
            time.monotonic() + self._timeout_s,
            loop,
            loop.create_future(),
        )
        if append.size > MAX_RECORD_BYTES:
            raise ValueError(
                f"a record of {append.size} bytes for {topic}; the log takes {MAX_RECORD_BYTES} at most"
            )
        if self._waiting_bytes + append.size > self._max_waiting_bytes:
            raise LogUnavailableError(
                f"{self._waiting_bytes} bytes wait for Kafka already; try again in a few seconds"
            )
        self._waiting_bytes += append.size
        append.answer.add_done_callback(lambda _: self._forget(append.size))
        try:
            self._thread.submit(self._send, append)
        except RuntimeError as error:
            append.answer.cancel()
            raise LogUnavailableError("the log is closed") from error
        try:
            async with asyncio.timeout(2 * self._timeout_s):
                await append.answer
        except TimeoutError:
            raise LogUnavailableError("Kafka did not answer in time") from None

    async def reachable(self) -> bool:
        """See `Log.reachable`: whether one of the brokers answers within two seconds."""
        return any(await asyncio.gather(*map(_answers, self._bootstrap)))

    def close(self) -> None:
        """See `Log.close`."""
        self._thread.shutdown(wait=True)
        with self._lock:
            producer, self._producer = self._producer, None
        if producer is not None:
            self._end(producer)

    def _forget(self, size: int) -> None:
        self._waiting_bytes -= size

    def _send(self, append: _Append) -> None:
        """Hand one record to the producer; runs in the thread, in the order of the calls."""
        if time.monotonic() >= append.deadline:
            append.settle(LogUnavailableError("Kafka did not answer in time"))
            return
        try:
            producer = self._connected()
        except KafkaError as error:
            self._refuse(append, error)
            return
        try:
            sent = producer.send(
                append.topic, append.value, append.key, append.headers, partition=append.partition
            )
        except KafkaError as error:
            self._fail(producer, append, error)
            return
        except ValueError as error:  # no such partition
            append.settle(error)
            return
        sent.add_callback(lambda _: self._acknowledged(append))
        sent.add_errback(lambda error: self._fail(producer, append, error))

    def _connected(self) -> KafkaProducer:
        with self._lock:
            if self._producer is None:
                timeout_ms = int(self._timeout_s * 1000)
                self._producer = KafkaProducer(
                    bootstrap_servers=self._bootstrap,
                    acks="all",
                    enable_idempotence=True,
                    allow_auto_create_topics=False,
                    bootstrap_timeout_ms=timeout_ms,
                    max_block_ms=timeout_ms,
                    request_timeout_ms=timeout_ms,
                    delivery_timeout_ms=timeout_ms,
                    reconnect_backoff_max_ms=1_000,
                    metrics_enabled=False,
                )
            return self._producer

    def _acknowledged(self, append: _Append) -> None:
        if self._failing:
            self._failing = False
            _logger.info("Kafka acknowledges again")
        append.settle(None)

    def _refuse(self, append: _Append, error: Exception) -> None:
        reason = type(error).__name__
        if not self._failing:
            self._failing = True
            _logger.warning("Kafka does not acknowledge (%s); records are refused until it does", reason)
        append.settle(LogUnavailableError(f"Kafka did not acknowledge in time ({reason})"))

    def _fail(self, producer: KafkaProducer, append: _Append, error: Exception) -> None:
        """Refuse the append and let a new producer take the next one; called in any thread."""
        self._refuse(append, error)
        with self._lock:
            if self._producer is not producer:
                return
            self._producer = None
        threading.Thread(target=self._end, args=(producer,), name="meguri-log-end", daemon=True).start()

    def _end(self, producer: KafkaProducer) -> None:
        """Close a producer once what it still holds was acknowledged or has expired."""
        with contextlib.suppress(KafkaError):
            producer.close(timeout=2 * self._timeout_s)


async def _answers(address: str) -> bool:
    """Whether this broker answers which versions it speaks: a process that hangs still takes connections."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(_ANSWER_S):
            reader, writer = await asyncio.open_connection(host, int(port))
            try:
                writer.write(_API_VERSIONS_REQUEST)
                await reader.readexactly(4)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    return True
