"""The parts of the chaos that can be wrong without a round showing it."""

from collections import Counter

import pytest
from chaos.faults import PLAY_S, VICTIMS, schedule
from chaos.finding import differences
from chaos.play import Truth

SCHEDULES = [schedule(seed) for seed in range(200)]


def test_a_seed_is_a_schedule():
    assert schedule(7) == schedule(7) != schedule(8)


def test_every_process_is_killed_and_stopped_in_some_round():
    happened = {(fault.process, fault.is_kill) for faults in SCHEDULES for fault in faults}
    processes = [process for of_kind in VICTIMS.values() for process in of_kind]
    assert happened == {(process, is_kill) for process in processes for is_kill in (True, False)}


def test_nothing_happens_to_what_is_down_or_stopped():
    for faults in SCHEDULES:
        free_at = {}
        for fault in faults:
            assert 0 < fault.at_s < PLAY_S
            assert fault.at_s >= free_at.get(fault.process, 0)
            free_at[fault.process] = fault.at_s + fault.for_s


TRUTH = Truth(Counter([(1,), (1,), (2,)]), Counter(), Counter(["a sale"]))


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (TRUTH, {}),
        (TRUTH._replace(visits=Counter([(1,), (2,)])), {"visits": (1, 0)}),
        (TRUTH._replace(visits=Counter([(1,), (1,), (2,), (2,)])), {"visits": (0, 1)}),
        (
            TRUTH._replace(visits=Counter([(1,), (1,), (3,)]), sales=Counter()),
            {"visits": (1, 1), "sales": (1, 0)},
        ),
    ],
    ids=["the truth", "lost", "doubled", "another and none"],
)
def test_what_is_not_there_is_lost_and_what_is_there_too_often_is_added(found, wrong):
    said = differences(TRUTH, found)
    assert {table: (each["lost"], each["added"]) for table, each in said.items()} == wrong
