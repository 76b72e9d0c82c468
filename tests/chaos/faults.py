"""What goes wrong in a round, and when: a function of the seed."""

import random
from dataclasses import dataclass

PLAY_S = 40.0
_FIRST_S = 1.0
_BETWEEN_S = 3.0
"""On average, from one fault to the next."""
_STOPPED_S = (2.0, 15.0)
_DOWN_S = (0.2, 2.0)
_STARTING_S = 3.0
"""What is started again is left alone for so long: it would only be killed while it loads its libraries."""
MESSENGER = "messenger"
VICTIMS = {
    "broker": ("broker",),
    "database": ("database",),
    "redis": ("redis",),
    "ingest": ("ingest",),
    "flow": ("flow-1", "flow-2"),
    "sensor": ("sensor-hall", "sensor-kitchen", "sensor-station"),
    "tills": ("tills",),
    "messenger": (MESSENGER,),
}
"""The processes of each kind; one kind is as likely as another."""


@dataclass(frozen=True)
class Fault:
    """Something that happens to a process, `at_s` seconds after the play's beginning."""

    at_s: float
    process: str
    is_kill: bool
    """SIGKILL; else SIGSTOP, later SIGCONT."""
    for_s: float
    """How long it is down or stopped."""

    def __str__(self):
        what = "killed, started again" if self.is_kill else "stopped, continued"
        return f"{self.at_s:5.1f} s  {self.process} {what} after {self.for_s:.1f} s"


def kind_of(process):
    """The kind of a process."""
    return next(kind for kind, processes in VICTIMS.items() if process in processes)


def schedule(seed):
    """The faults of a round in the order of time; nothing happens to what is down or stopped already."""
    draw = random.Random(seed)
    busy_until = {}
    faults = []
    at_s = _FIRST_S
    while (at_s := round(at_s + draw.expovariate(1 / _BETWEEN_S), 1)) < PLAY_S:
        process = draw.choice(VICTIMS[draw.choice(list(VICTIMS))])
        is_kill = draw.random() < 1 / 2
        for_s = round(draw.uniform(*(_DOWN_S if is_kill else _STOPPED_S)), 1)
        if at_s < busy_until.get(process, 0):
            continue
        busy_until[process] = at_s + for_s + (_STARTING_S if is_kill else 0)
        faults.append(Fault(at_s, process, is_kill, for_s))
    return faults
