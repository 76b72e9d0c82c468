"""The processes of a round: engines and Meguri's own, each with the same address in all of its lives."""

import socket
import sys
from pathlib import Path
from random import SystemRandom

from engines.clickhouse_server import ClickHouseServer
from meguri.engines import Kafka, Redis
from meguri.engines.ports import HOST

ENV = "/usr/bin/env"
_FIRST_PORT = 12_000
_CONNECTIONS_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


def kept_ports(count):
    """Something that gives the same ports whenever it is asked, and keeps them as long as it lives.

    They lie below those that connections take for themselves: while a server is down, somebody who tries
    again and again to reach it would sooner or later be given its port, and be connected to itself. Each is
    held by a socket that does not listen: nobody else is given it, and a server that asks for its address
    again (`SO_REUSEADDR`, as all of these do) still gets it.
    """
    first_taken = int(_CONNECTIONS_PORTS.read_text().split()[0])
    holders = []
    while len(holders) < count:
        holder = socket.socket()
        try:
            holder.bind((HOST, SystemRandom().randrange(_FIRST_PORT, first_taken)))
        except OSError:
            holder.close()
            continue
        # Only now: with it, two who look for a port could hold the same one.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holders.append(holder)
    return lambda _: [holder.getsockname()[1] for holder in holders]


class Program:
    """A process that a command starts.

    Args:
        name: what it is called; its log is that with the number of its life.
        command: the program and its arguments.
        children: among which it is started.
    """

    def __init__(self, name, command, children):
        self._name = name
        self._command = command
        self._children = children
        self._lives = 0
        self.child = None

    def start(self):
        """Start it for the first time, or again."""
        self._lives += 1
        self.child = self._children.start(f"{self._name}-{self._lives}", self._command)


def python(module, *arguments, **environment):
    """The command that runs a module of Meguri or of the tests, with these environment variables."""
    variables = [f"{name}={value}" for name, value in environment.items()]
    return [ENV, *variables, sys.executable, "-m", module, *map(str, arguments)]


class Engines:
    """Kafka, ClickHouse and Redis of one round, with an empty database."""

    def __init__(self, folder, children):
        self.kafka = Kafka(folder / "kafka", children, kept_ports(2))
        self.clickhouse = ClickHouseServer(folder / "clickhouse", children, kept_ports(3))
        self.redis = Redis(children, kept_ports(1))

    def start(self):
        """Start them; returns when all answer."""
        engines = (self.kafka, self.clickhouse, self.redis)
        for engine in engines:
            engine.start()
        for engine in engines:
            engine.wait_ready()
        self.clickhouse.execute("CREATE DATABASE chaos")

    @property
    def clickhouse_url(self):
        """Of the round's database."""
        return f"{self.clickhouse.url}/chaos"


class Ingest(Program):
    """`python -m meguri_ingest`; `url` names it before it is started."""

    def __init__(self, engines, towns, registry_url, children):
        self._ports = kept_ports(1)
        (port,) = self._ports(1)
        self.url = f"http://{HOST}:{port}"
        command = python(
            "meguri_ingest",
            MEGURI_KAFKA=engines.kafka.bootstrap,
            MEGURI_REDIS_URL=engines.redis.url,
            MEGURI_TOWNS=towns,
            MEGURI_REGISTRY_URL=registry_url,
            MEGURI_PORT=port,
        )
        super().__init__("ingest", command, children)


class FlowWorker(Program):
    """`python -m meguri_flow`, or another module that is started as it is."""

    def __init__(self, name, module, engines, children):
        self._ports = kept_ports(1)
        (port,) = self._ports(1)
        command = python(
            module,
            MEGURI_KAFKA=engines.kafka.bootstrap,
            MEGURI_CLICKHOUSE_URL=engines.clickhouse_url,
            MEGURI_REDIS_URL=engines.redis.url,
            MEGURI_METRICS_PORT=port,
        )
        super().__init__(name, command, children)


class Player(Program):
    """A sensor or the tills: `chaos.player` over a script of posts.

    Args:
        name: what it is called.
        posts: in the order of time.
        folder: for its script and its progress.
        url: of ingest.
        began: when the play begins, seconds since the epoch.
        children: among which it is started.
    """

    def __init__(self, name, posts, folder, url, began, children):
        script, progress = folder / f"{name}.jsonl", folder / f"{name}.progress"
        script.write_text("".join(post.line() for post in posts), "utf-8")
        command = python("chaos.player", script, progress, url, began)
        super().__init__(name, command, children)

    @property
    def is_done(self):
        """Whether it has delivered everything."""
        return self.child.process.poll() == 0
