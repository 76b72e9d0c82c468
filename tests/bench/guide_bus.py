"""A bus at the entrance: 45 phones store the guide with its sound over one line of 20 Mbit/s.

    python tests/bench/guide_bus.py [--phones 45] [--megabits 20]

The guide is a process of its own. Phones are clients that ask for what a browser's page asks for, in its
order and one after the other: the entrance's page, styles and scripts, the bundle of one of nine languages,
its sounds, its pictures. All of them begin within ten seconds, behind one line that passes so many bits a
second to them, a piece at a time in the order of arrival. Beside it: what the bytes alone take on the line.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench_engines import bench_engines
from figures import Figure, at_most, bench_options, keep, say
from guide_logs import Guide
from meguri.engines.ports import HOST, free_ports

if TYPE_CHECKING:
    from argparse import Namespace

    from bench_engines import Engines

LANGUAGES = ("ja", "en", "zh-Hans", "zh-Hant", "ko", "th", "fr", "vi", "ja-x-easy")
PIECE = 16 * 1024
BEGIN_WITHIN_S = 10.0


class Line:
    """Passes bytes between phones and the guide; towards the phones at its speed."""

    def __init__(self, port: int, megabits: float) -> None:
        self._port = port
        self._bytes_a_second = megabits * 1e6 / 8
        self._free_at = 0.0
        self.passed = 0
        self._serving: set[asyncio.Task[None] | None] = set()

    async def serve(self, phone: asyncio.StreamReader, to_phone: asyncio.StreamWriter) -> None:
        """One connection."""
        self._serving.add(asyncio.current_task())
        guide, to_guide = await asyncio.open_connection(HOST, self._port)
        asking = asyncio.create_task(self._ask(phone, to_guide))
        while piece := await guide.read(PIECE):
            await self._turn(len(piece))
            to_phone.write(piece)
        asking.cancel()
        to_phone.close()
        to_guide.close()

    async def ended(self) -> None:
        """Every phone has closed its connections."""
        await asyncio.gather(*filter(None, self._serving))

    async def _ask(self, phone: asyncio.StreamReader, to_guide: asyncio.StreamWriter) -> None:
        while piece := await phone.read(PIECE):
            to_guide.write(piece)
        to_guide.close()

    async def _turn(self, length: int) -> None:
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now) + length / self._bytes_a_second
        self.passed += length
        await asyncio.sleep(self._free_at - now)


@dataclass
class Stored:
    """When a phone was ready, in seconds from its beginning."""

    text_s: float
    sound_s: float
    all_s: float
    sounds: int


class Phone:
    """One of them, on a connection that stays open."""

    def __init__(self, port: int, language: str) -> None:
        self._port = port
        self._language = language

    async def store(self) -> Stored:
        """Everything but videos."""
        clock = asyncio.get_running_loop().time
        began = clock()
        self._reader, self._writer = await asyncio.open_connection(HOST, self._port)
        page = (await self._ask(f"/g/mine?lang={self._language}")).decode()
        for address in {*re.findall(r'"(/static/[^"]+)"', page), "/sw.js"}:
            await self._ask(address)
        offer = json.loads(await self._ask("/b/mine/current.json"))["languages"][self._language]
        bundle = json.loads(await self._ask(offer["url"]))
        found = {"text": clock() - began}
        sounds = 0
        # Of a picture's formats a phone stores the first that it shows: here always the smallest.
        names = set()
        for part in ("sounds", "pictures"):
            for file in (each for each in bundle["media"] if each["part"] == part):
                if file["of"] not in names:
                    names.add(file["of"])
                    body = await self._ask(file["url"])
                    if len(body) != file["bytes"]:
                        raise SystemExit(f"{file['url']} has {len(body)} bytes, not {file['bytes']}")
                    sounds += part == "sounds"
            found[part] = clock() - began
        self._writer.close()
        return Stored(found["text"], found["sounds"], found["pictures"], sounds)

    async def _ask(self, path: str) -> bytes:
        try:
            return await self._answer(path)
        except (asyncio.IncompleteReadError, ConnectionError):
            # As a browser does: the guide closes connections on which nothing is asked for a while.
            self._reader, self._writer = await asyncio.open_connection(HOST, self._port)
            return await self._answer(path)

    async def _answer(self, path: str) -> bytes:
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: guide\r\nAccept-Encoding: gzip\r\n\r\n".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        if " 200 " not in head.split("\r\n", 1)[0]:
            raise SystemExit(f"{path}: {head.splitlines()[0]}")
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = await self._reader.readexactly(int(headers["content-length"]))
        return gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body


async def measure(engines: Engines, asked: Namespace) -> list[Figure]:
    """One bus."""
    guide = Guide(engines)
    await guide.ready()
    line = Line(guide.port, asked.megabits)
    (port,) = free_ports(1)
    server = await asyncio.start_server(line.serve, HOST, port)
    chance = random.Random(20_260_503)
    number = max(2, round(asked.phones * asked.scale))

    async def phone(which: int) -> Stored:
        await asyncio.sleep(chance.uniform(0, BEGIN_WITHIN_S))
        return await Phone(port, LANGUAGES[which % len(LANGUAGES)]).store()

    say(f"{number} phones over {asked.megabits} Mbit/s")
    stored = await asyncio.gather(*map(phone, range(number)))
    server.close()
    await line.ended()
    if not all(each.sounds for each in stored):
        raise SystemExit("the guide has no sounds in a language: run `make sounds`")
    alone_s = line.passed * 8 / asked.megabits / 1e6
    say(f"{line.passed / number / 1e6:.2f} MB a phone, {line.passed / 1e6:.0f} MB in all")
    beside = "the bytes alone on the line"
    return [
        Figure(
            f"the last of {number} phones is ready: {what}", "s", [max(seconds)], beside, [alone_s], bounds
        )
        for what, seconds, bounds in (
            ("text", [each.text_s for each in stored], []),
            ("text and sound", [each.sound_s for each in stored], [at_most(120)]),
            ("text, sound and pictures", [each.all_s for each in stored], []),
        )
    ]


def main() -> None:
    """Measure once."""
    options = bench_options(__doc__)
    options.add_argument("--phones", type=int, default=45)
    options.add_argument("--megabits", type=float, default=20)
    asked = options.parse_args()
    with bench_engines() as engines:
        keep("guide_bus", asked, asyncio.run(measure(engines, asked)))


if __name__ == "__main__":
    main()
