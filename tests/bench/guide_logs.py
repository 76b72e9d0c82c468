"""Stored logs of 10,000 phones that come back to a signal in the same minute, and what others notice of it.

    python tests/bench/guide_logs.py [--phones 10000] [--seconds 60]

The guide is a process of its own on a Kafka and a Redis of its own; addresses are what its proxy says.
Every phone posts a day's log (40 events and a sheet of answers) at its own instant of the minute, one in
ten a second time as if the answer had been lost; ten buses have 45 phones each behind one address, which
all post within the same two seconds. Meanwhile one address floods, and ten times a second another visitor
opens a sight and posts that. Beside it, in the same run: that visitor while nobody else is there. In the
end what Kafka has becomes rows of ClickHouse: every event is to be there, once.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from bench_engines import bench_engines
from figures import Bound, Figure, at_most, bench_options, keep, ratio_at_least, ratio_at_most, say
from kafka import KafkaConsumer, TopicPartition
from meguri.engines.ports import HOST, free_ports
from meguri_flow.stream.inserts import insert
from meguri_flow.stream.topic_rows import ONE_TO_ONE
from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.migrations import migrate

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from bench_engines import Engines

TOWN_FILE = Path(__file__).parents[2] / "infra/towns/mine.yaml"
EVENTS, ANSWERS = 40, 6
BUSES, SEATS = 10, 45
COUNTED = {
    "guide-events": "SELECT count() AS rows FROM guide_events FINAL WHERE walk != 0",
    "survey-answers": "SELECT count() AS rows FROM survey_answers FINAL",
}
"""By topic: its rows, without openings that the guide notes by itself when a page is asked for."""
ASKED_AGAIN = 10
"""One phone in so many posts its log twice."""
VISITS_A_SECOND = 10
FLOOD_A_SECOND = 50
WARM_UP_S = 3


@dataclass
class Told:
    """What the phones were answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    flood: Counter[int] = field(default_factory=Counter)
    waits_ms: list[float] = field(default_factory=list)
    """Of the phones."""
    tried_again: int = 0


class Guide:
    """The guide's process, as phones and visitors reach it; `before` is put before its command."""

    def __init__(self, engines: Engines, before: Sequence[str] = ()) -> None:
        (self.port,) = free_ports(1)
        towns = engines.folder / "towns"
        towns.mkdir()
        live = re.sub(r"^clock: recording$", "clock: live", TOWN_FILE.read_text("utf-8"), flags=re.MULTILINE)
        (towns / TOWN_FILE.name).write_text(live, "utf-8")
        environment = {
            "MEGURI_KAFKA": engines.bootstrap,
            "MEGURI_REDIS_URL": engines.redis_url,
            "MEGURI_TOWNS": towns,
            "MEGURI_GUIDES": engines.folder / "guides",
            "MEGURI_PORT": self.port,
            "MEGURI_PROXIES": HOST,
        }
        settings = [f"{name}={value}" for name, value in environment.items()]
        self._child = engines.children.start(
            "guide", [*before, "/usr/bin/env", *settings, sys.executable, "-m", "meguri_qrguide"]
        )

    async def ready(self) -> None:
        """Wait until it answers."""
        while True:
            if self._child.ended:
                raise SystemExit(self._child.failure())
            try:
                if (await self.ask("GET", "/healthz", HOST))[0] == 200:
                    return
            except OSError:
                await asyncio.sleep(0.2)

    async def ask(self, method: str, path: str, address: str, body: bytes = b"") -> tuple[int, float]:
        """The status, and how many milliseconds it took with its connection."""
        began = time.perf_counter()
        reader, writer = await asyncio.open_connection(HOST, self.port)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: guide\r\nX-Forwarded-For: {address}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await reader.read()
        writer.close()
        return int(answer.split(b" ", 2)[1]), 1_000 * (time.perf_counter() - began)


def log_of(phone: int, kinds: random.Random) -> bytes:
    """A day's log of a phone whose clock is right."""
    now_ms = time.time_ns() // 1_000_000
    of_all = {"language": "ja", "walk": f"{phone + 1:016x}"}
    events = []
    for number in range(EVENTS):
        kind = kinds.choice(("opened", "listened", "finished"))
        of_kind = {"kind": kind, **({"seconds": 40} if kind == "listened" else {})}
        at_ms = now_ms - 60_000 * (EVENTS - number)
        sight = 101 + number % 8
        events.append({"event_id": f"{phone}-{number}", "sight": sight, "at_ms": at_ms, **of_all, **of_kind})
    sheet = {"town": "mine", "sheet_id": f"s{phone}", "language": "ja", "at_ms": now_ms}
    answers = [{**sheet, "question": f"q{number}", "answer": "yes"} for number in range(ANSWERS - 1)]
    answers.append({**sheet, "question": "remarks", "free_text": "とても涼しかったです。"})
    return json.dumps({"events": events, "answers": answers, "sent_at_ms": now_ms}).encode()


def address_of(phone: int) -> str:
    """Those of a bus share one."""
    if phone < BUSES * SEATS:
        return f"198.51.100.{phone // SEATS}"
    return f"10.{phone >> 16}.{phone >> 8 & 255}.{phone & 255}"


async def phones(guide: Guide, asked: Namespace, seconds: float, told: Told) -> None:
    """All of them within so many seconds."""
    number = max(BUSES * SEATS, round(asked.phones * asked.scale))
    chance = random.Random(20_260_501)
    buses = [chance.uniform(0, seconds - 2) for _ in range(BUSES)]

    async def phone(which: int) -> None:
        at_s = chance.uniform(0, seconds)
        if which < BUSES * SEATS:
            at_s = buses[which // SEATS] + chance.uniform(0, 2)
        twice = which % ASKED_AGAIN == 0
        await asyncio.sleep(at_s)
        body = log_of(which, chance)
        for _ in range(1 + twice):
            while True:
                try:
                    status, wait_ms = await guide.ask("POST", "/v1/events", address_of(which), body)
                except OSError:
                    status, wait_ms = 0, 0.0
                told.statuses[status] += 1
                if status == 200:
                    told.waits_ms.append(wait_ms)
                    break
                told.tried_again += 1
                await asyncio.sleep(2)

    await asyncio.gather(*(phone(which) for which in range(number)))


async def flood(guide: Guide, seconds: float, told: Told) -> None:
    """One address that posts as much as a post may hold."""
    body = json.dumps({"events": [{"note": "x" * 400}] * 500}).encode()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        posts = [guide.ask("POST", "/v1/events", "192.0.2.66", body) for _ in range(FLOOD_A_SECOND // 10)]
        for answer in await asyncio.gather(*posts, return_exceptions=True):
            told.flood[answer[0] if isinstance(answer, tuple) else 0] += 1
        await asyncio.sleep(0.1)


async def visits(guide: Guide, seconds: float, began: int) -> list[float]:
    """How many milliseconds each opening of a sight and each post of it took."""
    waits_ms: list[float] = []

    async def visit(number: int) -> None:
        event = {"event_id": f"v{began}-{number}", "sight": 101, "language": "ja", "kind": "opened"}
        event |= {"at_ms": time.time_ns() // 1_000_000, "walk": f"{2**40 + began + number:016x}"}
        address = f"172.16.{number >> 8}.{number & 255}"
        for asked in (("GET", "/s/101", address), ("POST", "/v1/events", address)):
            body = json.dumps({"events": [event]}).encode() if asked[0] == "POST" else b""
            status, wait_ms = await guide.ask(*asked, body)
            if status != 200:
                raise SystemExit(f"a visitor was answered {status} for {asked[1]}")
            waits_ms.append(wait_ms)

    tasks = []
    for number in range(round(seconds * VISITS_A_SECOND)):
        tasks.append(asyncio.create_task(visit(number)))
        await asyncio.sleep(1 / VISITS_A_SECOND)
    await asyncio.gather(*tasks)
    return waits_ms


@dataclass(frozen=True)
class Rows:
    """What became of a topic."""

    messages: int
    delivered: int
    """Rows in the messages, those that came twice among them."""
    kept: int
    """In ClickHouse, once each."""


def rows_of(engines: Engines) -> dict[str, Rows]:
    """By topic: what the flow makes of what Kafka has."""
    found = {}
    store = EmbeddedStore(engines.folder / "clickhouse")
    migrate(store)
    for one_to_one in ONE_TO_ONE:
        if one_to_one.topic in COUNTED:
            values = read_all(engines.bootstrap, one_to_one.topic)
            columns, rejected = one_to_one.rows(values)
            if rejected:
                raise SystemExit(f"{one_to_one.topic}: the flow rejects {rejected}")
            insert(store, one_to_one.table, columns)
            (row,) = store.select(COUNTED[one_to_one.topic])
            found[one_to_one.topic] = Rows(len(values), len(columns["town"]), int(str(row["rows"])))
    store.close()
    return found


def read_all(bootstrap: str, topic: str) -> list[bytes]:
    """The values of a topic's only partition."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    end = consumer.end_offsets([partition])[partition]
    values: list[bytes] = []
    while len(values) < end:
        values += [each.value for polled in consumer.poll(1_000).values() for each in polled]
    consumer.close()
    return values


async def measure(engines: Engines, asked: Namespace) -> list[Figure]:
    """One minute of everybody, after a third of it with the visitor alone."""
    guide, told = Guide(engines), Told()
    await guide.ready()
    seconds = max(5.0, asked.seconds * min(1.0, asked.scale * 10))
    await visits(guide, WARM_UP_S, 0)
    say("the visitor alone")
    alone = await visits(guide, seconds / 3, 10_000)
    number = max(BUSES * SEATS, round(asked.phones * asked.scale))
    say(f"{number:,} phones within {seconds:.0f} s, one flood, and the visitor")
    _, _, others = await asyncio.gather(
        phones(guide, asked, seconds, told), flood(guide, seconds, told), visits(guide, seconds, 50_000)
    )
    tables = rows_of(engines)
    say(f"phones {dict(told.statuses)}, again {told.tried_again}, flood {dict(told.flood)}, {tables}")
    visited = WARM_UP_S * VISITS_A_SECOND + (len(alone) + len(others)) // 2
    events, answers = tables["guide-events"], tables["survey-answers"]
    same = [ratio_at_least(1), ratio_at_most(1)]
    happened = number * EVENTS + visited
    return [
        Figure("events of phones in ClickHouse", "", [events.kept], "that happened", [happened], same),
        Figure("answers in ClickHouse", "", [answers.kept], "given", [number * ANSWERS], same),
        Figure("events delivered", "", [events.delivered], "that happened", [happened]),
        of_waits("another visitor's page or post", 99, others, alone, at_most(100)),
        of_waits("another visitor's page or post", 50, others, alone),
        of_waits("a phone's post of its log", 99, told.waits_ms, alone),
        Figure("posts of phones", "", [told.statuses[200]], "messages in Kafka", [events.messages]),
        Figure(
            "phones told to wait",
            "",
            [told.tried_again],
            "posts of the flood",
            [told.flood[429]],
            [at_most(0)],
        ),
    ]


def of_waits(what: str, percent: int, waits: list[float], alone: list[float], *bounds: Bound) -> Figure:
    """A percentile beside that of the visitor alone."""
    found, beside = (float(np.percentile(each, percent)) for each in (waits, alone))
    return Figure(f"{what}, p{percent}", "ms", [found], "a visitor alone", [beside], bounds)


def main() -> None:
    """Measure once."""
    options = bench_options(__doc__)
    options.add_argument("--phones", type=int, default=10_000)
    options.add_argument("--seconds", type=int, default=60)
    asked = options.parse_args()
    with bench_engines() as engines:
        keep("guide_logs", asked, asyncio.run(measure(engines, asked)))


if __name__ == "__main__":
    main()
