"""A sight's page at 500 requests a second on one core, beside nginx with the same bytes on the same core.

    python tests/bench/guide_pages.py [--rate 500] [--seconds 20]

The guide is a process of its own on a Kafka of its own; nginx sends the page that the guide sent, packed by
gzip like the guide's, from a file. Requests come at instants drawn beforehand (a Poisson process), over
connections that stay open, and a late answer does not hold up the next request. The two take turns, each
for so many seconds in each of three rounds.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from bench_engines import bench_engines
from figures import Figure, at_most, bench_options, keep, say
from guide_logs import Guide
from meguri.engines.ports import HOST, free_ports

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

    from bench_engines import Engines

ROUNDS = 3
CONNECTIONS = 64
SIGHTS = range(101, 109)
CORE = 0
HEAD = "Host: guide\r\nAccept-Encoding: gzip\r\nAccept-Language: ko\r\n\r\n"
NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  types {{ }} default_type "text/html; charset=utf-8";
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 1000000;
  server {{
    listen {host}:{port};
    root {folder}/pages;
    add_header Content-Encoding gzip;
    add_header Cache-Control no-cache;
  }}
}}
"""


@dataclass(frozen=True)
class Server:
    """One that is asked."""

    name: str
    port: int


async def answered(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The status and the body of the next answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    return int(lines[0].split(" ")[1]), await reader.readexactly(int(headers["content-length"]))


async def page(server: Server, path: str) -> bytes:
    """What it sends once."""
    reader, writer = await asyncio.open_connection(HOST, server.port)
    writer.write(f"GET {path} HTTP/1.1\r\n{HEAD}".encode())
    status, body = await answered(reader)
    writer.close()
    if status != 200:
        raise SystemExit(f"{server.name} answered {status} for {path}")
    return body


async def load(server: Server, rate: float, seconds: float) -> list[float]:
    """How many milliseconds each answer took, from the instant at which its request was due."""
    chance = random.Random(20_260_502)
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection(HOST, server.port))
    waits: list[float] = []

    async def ask(due: float, path: str) -> None:
        reader, writer = await free.get()
        writer.write(f"GET {path} HTTP/1.1\r\n{HEAD}".encode())
        status, _ = await answered(reader)
        waits.append(1_000 * (time.perf_counter() - due))
        free.put_nowait((reader, writer))
        if status != 200:
            raise SystemExit(f"{server.name} answered {status} for {path}")

    asked = []
    due = time.perf_counter()
    until = due + seconds
    while (due := due + chance.expovariate(rate)) < until:
        await asyncio.sleep(due - time.perf_counter())
        asked.append(asyncio.create_task(ask(due, f"/s/{chance.choice(SIGHTS)}")))
    await asyncio.gather(*asked)
    while not free.empty():
        free.get_nowait()[1].close()
    return waits


def start_nginx(engines: Engines, pages: dict[str, bytes]) -> Server:
    """With the pages as files."""
    binary = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if binary is None:
        raise SystemExit("nginx is not installed: apt-get install nginx-light")
    folder: Path = engines.folder / "nginx"
    for path, body in pages.items():
        file = folder / "pages" / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    (port,) = free_ports(1)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, host=HOST, port=port), "utf-8")
    engines.children.start(
        "nginx", [*on_the_core(), binary, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    )
    return Server("nginx", port)


def on_the_core() -> list[str]:
    """Before a command: it runs on one core, the one that the load does not use."""
    return ["/usr/bin/taskset", "--cpu-list", str(CORE)]


async def measure(engines: Engines, asked: Namespace) -> list[Figure]:
    """Rounds of both, one after the other."""
    os.sched_setaffinity(0, set(range(os.cpu_count() or 1)) - {CORE} or {CORE})
    guide = Guide(engines, before=on_the_core())
    await guide.ready()
    ours = Server("the guide", guide.port)
    pages = {f"/s/{number}": await page(ours, f"/s/{number}") for number in SIGHTS}
    nginx = start_nginx(engines, pages)
    await asyncio.sleep(1)
    if await page(nginx, "/s/101") != pages["/s/101"]:
        raise SystemExit("nginx does not send the same bytes")
    seconds = max(2.0, asked.seconds * asked.scale)
    found: dict[str, list[list[float]]] = {ours.name: [], nginx.name: []}
    for number in range(1, ROUNDS + 1):
        for server in (ours, nginx):
            say(f"round {number}: {server.name}, {asked.rate} requests a second for {seconds:.0f} s")
            found[server.name].append(await load(server, asked.rate, seconds))
    return [
        Figure(
            f"a sight's page at {asked.rate} requests/s, p{percent}",
            "ms",
            [float(np.percentile(waits, percent)) for waits in found[ours.name]],
            "nginx, the same bytes",
            [float(np.percentile(waits, percent)) for waits in found[nginx.name]],
            [at_most(20)] if percent == 95 else [],
        )
        for percent in (50, 95, 99)
    ]


def main() -> None:
    """Measure once."""
    options = bench_options(__doc__)
    options.add_argument("--rate", type=int, default=500)
    options.add_argument("--seconds", type=int, default=20)
    asked = options.parse_args()
    with bench_engines() as engines:
        keep("guide_pages", asked, asyncio.run(measure(engines, asked)))


if __name__ == "__main__":
    sys.exit(main())
