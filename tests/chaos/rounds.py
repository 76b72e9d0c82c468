"""Many rounds, several at a time, each a process with engines of its own: most of a round is waiting."""

import json
import os
import shutil
import time
from pathlib import Path

from chaos.faults import VICTIMS
from chaos.processes import python
from chaos.round import FLOW, RESULT, Result
from meguri.engines import Children

TESTS = Path(__file__).resolve().parents[1]
_BETWEEN_STARTS_S = 5.0
"""Between the starts of two rounds: loading and compiling are all that keeps the processor busy."""


def play(seeds, at_once, folder, *, flow=FLOW, kinds=tuple(VICTIMS)):
    """Play the rounds of these seeds; yields the result of each as it comes.

    Args:
        seeds: of the rounds.
        at_once: how many at a time.
        folder: takes a folder of each round, which is kept where the round is not right.
        flow: the module that is a worker of the flow.
        kinds: of processes to which something happens.
    """
    children = Children(folder)
    waiting, running = list(seeds), {}
    last_start = float("-inf")
    while waiting or running:
        if waiting and len(running) < at_once and time.monotonic() - last_start >= _BETWEEN_STARTS_S:
            seed, last_start = waiting.pop(0), time.monotonic()
            running[seed] = children.start(f"round-{seed}", _command(seed, folder / str(seed), flow, kinds))
        for seed in [seed for seed, child in running.items() if child.ended]:
            yield _result(seed, running.pop(seed), folder / str(seed))
        time.sleep(0.1)


def _command(seed, folder, flow, kinds):
    folder.mkdir(parents=True)
    path = os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))
    options = ("--seed", seed, "--folder", folder, "--flow", flow, "--kinds", *kinds)
    return python("chaos.round", *options, PYTHONPATH=path)


def _result(seed, child, folder):
    """What a round that has ended left; its files go if it was right."""
    try:
        result = Result(**json.loads((folder / RESULT).read_text("utf-8")))
    except FileNotFoundError:
        return Result(seed, [], failure=f"the round itself failed: {child.log_tail()[-2000:]}")
    if result.is_right:
        shutil.rmtree(folder)
    return result
