"""Many rounds, several at a time, each a process with engines of its own: most of a round is waiting."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import NamedTuple

from chaos.processes import python
from chaos.round import FLOW, RESULT, Result
from meguri.engines import Children

TESTS = Path(__file__).resolve().parents[1]
_BETWEEN_STARTS_S = 5.0
"""Between the starts of two rounds: loading and compiling are all that keeps the processor busy."""


class Asked(NamedTuple):
    """A round that is to be played."""

    seed: int
    flow: str = FLOW
    """The module that is a worker of the flow."""

    def folder(self, of_all):
        """Of this round, in the one of all rounds."""
        return of_all / f"{self.flow}-{self.seed}"


def play(rounds, at_once, folder):
    """Play rounds; yields each as it was asked with its result, as it comes.

    Args:
        rounds: which; no two are the same.
        at_once: how many at a time.
        folder: takes a folder of each round, which is kept where the round is not right.
    """
    children = Children(folder)
    waiting, running = list(rounds), {}
    last_start = float("-inf")
    while waiting or running:
        if waiting and len(running) < at_once and time.monotonic() - last_start >= _BETWEEN_STARTS_S:
            asked, last_start = waiting.pop(0), time.monotonic()
            running[asked] = _start(asked, asked.folder(folder), children)
        for asked in [asked for asked, child in running.items() if child.ended]:
            yield asked, _result(asked, running.pop(asked), asked.folder(folder))
        time.sleep(0.1)


def _start(asked, folder, children):
    folder.mkdir(parents=True)
    path = os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH"))))
    options = ("--seed", asked.seed, "--folder", folder, "--flow", asked.flow)
    return children.start(folder.name, python("chaos.round", *options, PYTHONPATH=path))


def _result(asked, child, folder):
    """What a round that has ended left; its files go if it was right."""
    try:
        result = Result(**json.loads((folder / RESULT).read_text("utf-8")))
    except FileNotFoundError:
        return Result(asked.seed, [], failure=f"the round itself failed: {child.log_tail()[-2000:]}")
    if result.is_right:
        shutil.rmtree(folder)
    return result
