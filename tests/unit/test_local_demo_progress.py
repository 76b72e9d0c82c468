"""What the demo says while its villages fill it, on a terminal and on a plain output."""

import asyncio
import io
from types import SimpleNamespace

import pytest
from meguri import demo_progress
from meguri.checkout import DEMO_TOWNS
from meguri.demo_progress import DemoProgress
from meguri.demo_record import DemoRecord
from meguri.narration import Narrator
from meguri.town_files import read_town_files
from rich.console import Console

TOWNS = read_town_files(list(DEMO_TOWNS.values()))
NOON_MS = 1_775_098_800_000
"""2026-04-02 12:00 in Japan."""


def step(phase, **fields):
    nothing = {"frames": 0, "detections": 0, "sales": 0, "guide_events": 0, "rejected": 0, "seconds": 0.0}
    return {"phase": phase, "town_time_ms": NOON_MS, **nothing, **fields}


def village(town, until_ms=None):
    record = DemoRecord(60, NOON_MS - 60 * 86_400_000, until_ms, 1, 1.0, "field")
    return SimpleNamespace(town=TOWNS[town], record=record, step=None, history_is_in=False)


def visits_of(_name, given):
    return [{"visits": {"mine": 30, "minamiyamashiro": 4}[given["town"]]}]


class World:
    """A run on which nothing runs: what is said, and how far the flow is."""

    def __init__(self, monkeypatch, villages, *, terminal=False):
        self.output = io.StringIO()
        self.snapshot_offset = 0
        self.waited = 0
        self.now = 100.0
        narrator = Narrator(Console(file=self.output, force_terminal=terminal, width=100, highlight=False))
        services = SimpleNamespace(
            flow=SimpleNamespace(partitions=lambda: [{"snapshot_offset": self.snapshot_offset}]),
            store=SimpleNamespace(query=visits_of),
        )
        running = SimpleNamespace(
            narrator=narrator, services=services, say_addresses=lambda: narrator.say("THE ADDRESSES")
        )

        async def all_written(_running):
            self.waited += 1

        monkeypatch.setattr(demo_progress, "all_written", all_written)
        monkeypatch.setattr(demo_progress.time, "monotonic", lambda: self.now)
        self.progress = DemoProgress(villages, running)

    def update(self):
        asyncio.run(self.progress.update())

    @property
    def said(self):
        return self.output.getvalue()


@pytest.fixture
def both():
    return [village("minamiyamashiro"), village("mine")]


def test_the_addresses_are_said_once_as_soon_as_something_is_written(monkeypatch, both):
    world = World(monkeypatch, both)
    world.update()
    assert world.said == ""
    world.snapshot_offset = 7
    world.update()
    world.update()
    assert world.said == "THE ADDRESSES\n"


def test_every_five_seconds_a_line_says_how_far_each_town_is_and_how_fast(monkeypatch, both):
    world = World(monkeypatch, both)
    both[1].step = step("history", detections=12_000, seconds=2.0)
    world.update()
    assert world.said == ""
    world.now += 5.1
    world.update()
    world.update()
    assert world.said == "Filling: Mine Akiyoshido 04-02 12:00, 12,000 detections, 6,000/s\n"


def test_the_history_is_in_when_both_towns_are_live_and_everything_is_written(monkeypatch, both):
    world = World(monkeypatch, both)
    both[0].step = step("live", detections=1_000, sales=20, guide_events=3)
    both[1].step = step("history", detections=2_000, sales=1, guide_events=2)
    both[0].history_is_in = True
    world.update()
    assert (world.said, world.waited) == ("", 0)
    both[1].step = step("live", detections=3_000, sales=1, guide_events=2)
    both[1].history_is_in = True
    world.now += 4.0
    world.update()
    world.update()
    assert world.waited == 1
    assert world.said == (
        "THE ADDRESSES\n"
        "The history of Minamiyamashiro and Mine Akiyoshido is in: 4,000 detections (1,000/s), 21 sales and "
        "5 uses of the guide in 4.0 s; 34 visits found. From here on it lives at the wall clock's pace.\n"
    )


def test_what_was_not_accepted_is_said_with_where_it_is_told(monkeypatch):
    ended = village("mine", until_ms=NOON_MS)
    ended.step, ended.history_is_in = step("history", detections=1, rejected=1_200), True
    world = World(monkeypatch, [ended])
    world.now += 1
    world.update()
    assert "1,200 were not accepted: `meguri dead-letters list` says why." in world.said
    assert "wall clock" not in world.said


def test_of_a_demo_that_is_full_already_no_rate_is_said(monkeypatch):
    ended = village("minamiyamashiro", until_ms=NOON_MS)
    ended.history_is_in = True
    world = World(monkeypatch, [ended])
    world.now += 1
    world.update()
    assert world.said == "THE ADDRESSES\nThe history of Minamiyamashiro was in already; 4 visits found.\n"


def test_on_a_terminal_there_is_a_bar_a_town_and_nothing_of_it_stays(monkeypatch, both):
    world = World(monkeypatch, both, terminal=True)
    for each in both:
        each.step = step("history", detections=5, seconds=1.0)
    world.update()
    world.progress._bars.refresh()
    assert "Minamiyamashiro" in world.said
    assert "Mine Akiyoshido" in world.said
    assert "Filling" not in world.said
    world.progress.close()
    assert world.said.endswith(("\x1b[2K", "\x1b[?25h"))
