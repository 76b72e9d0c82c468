"""What the flow is compared with: locked as the workspace is, and asked for what is true."""

import re
import tomllib
from pathlib import Path

import pytest
from bench.json_topic import truth
from bench.made_town import DAY_MS, MadeTown
from bench.packed_day import unpacked
from bench.peers.key_visits import hear
from hypothesis import given
from hypothesis import strategies as st
from reference.fold import DayRules, visits_of
from reference.log import closed_visits, folded

ROOT = Path(__file__).parents[2]
PEERS = ROOT / "tests" / "bench" / "peers"

GAP_MS = 10


def locked(folder):
    """The packages of a lock by name."""
    return {each["name"]: each for each in tomllib.loads((folder / "uv.lock").read_text("utf-8"))["package"]}


def test_the_lock_holds_just_what_the_peers_ask_for():
    asked = tomllib.loads((PEERS / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    (project,) = [each for each in locked(PEERS).values() if each["source"] == {"virtual": "."}]
    assert {re.match(r"[a-z-]+", each)[0] for each in asked} == {
        each["name"] for each in project["dependencies"]
    }
    for name, version in (each.split("==") for each in asked if "==" in each):
        assert locked(PEERS)[name.partition("[")[0]]["version"] == version


def test_every_locked_package_comes_from_where_the_workspaces_packages_come_from():
    def sources(folder):
        return {each["source"].get("registry") for each in locked(folder).values()} - {None}

    assert sources(PEERS) == sources(ROOT)


def test_faust_is_the_one_that_the_flow_runs_in():
    name = "faust-streaming"
    assert locked(PEERS)[name]["version"] == locked(ROOT)[name]["version"]


@given(st.lists(st.integers(0, 60), min_size=1))
def test_visits_by_hand_are_those_of_the_reference_in_any_order(times):
    visits = []
    for time_ms in times:
        hear(visits, time_ms, GAP_MS)
    found = visits_of(1, "hall", times, DayRules(0, 100, GAP_MS, 0, {}))
    assert sorted(visits) == [[visit.first_ms, visit.last_ms, visit.receptions] for visit in found]


@pytest.fixture(scope="module")
def records():
    """A small town's day: its rules, deliveries and the tick after it."""
    town = MadeTown(devices=60)
    return town.rules(), list(town.deliveries(150, 20)), town.tick(DAY_MS + town.lateness_ms)


def test_what_the_peers_have_to_find_is_what_the_fold_finds(records):
    rules, deliveries, tick = records
    _, taken = folded(list(enumerate([rules, *deliveries, tick])))
    found = {
        (f"{visit.device:016x}", visit.place, visit.first_ms, visit.last_ms, visit.receptions)
        for visit in closed_visits(taken)
    }
    assert len(found) > len({visit[:2] for visit in found}), "no device comes twice"
    assert truth(unpacked(rules, deliveries)) == found


def test_a_part_of_the_day_is_whole_messages_or_whole_devices(records):
    rules, deliveries, _ = records
    day = unpacked(rules, deliveries)
    of_messages = day.of_messages(7, 100)
    assert of_messages.message.tolist() == [number for number in (0, 7, 14, 21, 28) for _ in range(20)]
    of_devices = day.of_devices(3)
    assert 0 < len(of_devices) < len(day)
    for device in set(of_devices.device.tolist()):
        assert (of_devices.device == device).sum() == (day.device == device).sum()
