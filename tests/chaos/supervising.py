"""Keeps the processes of a round going, and lets happen to them what the schedule says."""

import os
import signal
import time

from chaos.processes import Player

RESTART_S = 1.0
"""After so long what ended by itself is started again, as a supervisor of services does."""
_TURN_S = 0.05
_TURNS_BETWEEN_QUESTIONS = 5


class RoundError(Exception):
    """The round cannot go on; the message says why."""


class Supervisor:
    """The processes of one round, by name. To be used from the thread that started them.

    Args:
        processes: started; players may end, everything else is started again whenever it ended.
        faults: of the schedule, in the order of time.
        began: when the play begins, seconds since the epoch.

    Attributes:
        happened: the faults that met a running process.
    """

    def __init__(self, processes, faults, began):
        self.processes = processes
        self.happened = []
        self._coming = list(faults)
        self._began = began
        self._start_at = {}
        """When what is down is started again, seconds after the beginning."""
        self._continue_at = {}

    @property
    def is_over(self):
        """Whether everything has happened, and what was stopped goes on."""
        return not self._coming and not self._continue_at

    def until(self, condition, patience_s, what):
        """Keep everything going until a condition holds.

        Raises:
            RoundError: it did not within `patience_s` seconds, or a player failed.
        """
        deadline = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > deadline:
                raise RoundError(f"after {patience_s:.0f} s still not: {what}")
            for _ in range(_TURNS_BETWEEN_QUESTIONS):
                self._turn()
                time.sleep(_TURN_S)

    def _turn(self):
        now_s = time.time() - self._began
        while self._coming and self._coming[0].at_s <= now_s:
            self._strike(self._coming.pop(0), now_s)
        for name in [name for name, at_s in self._continue_at.items() if at_s <= now_s]:
            del self._continue_at[name]
            self._signal(name, signal.SIGCONT)
        for name, process in self.processes.items():
            if process.child.ended:
                self._raise(name, process, now_s)

    def _strike(self, fault, now_s):
        if self.processes[fault.process].child.ended:
            return
        self.happened.append(fault)
        if fault.is_kill:
            self._start_at[fault.process] = now_s + fault.for_s
            self._signal(fault.process, signal.SIGKILL)
        else:
            self._continue_at[fault.process] = now_s + fault.for_s
            self._signal(fault.process, signal.SIGSTOP)

    def _signal(self, name, number):
        process = self.processes[name].child.process
        if process.poll() is None:
            os.kill(process.pid, number)

    def _raise(self, name, process, now_s):
        """Start what ended again, if its time has come."""
        if isinstance(process, Player):
            if process.is_done:
                return
            if process.child.process.returncode > 0:
                raise RoundError(f"{name} failed: {process.child.log_tail()[-500:]}")
        if now_s >= self._start_at.setdefault(name, now_s + RESTART_S):
            del self._start_at[name]
            process.start()
