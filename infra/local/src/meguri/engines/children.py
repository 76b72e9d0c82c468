"""Processes that end with the one that started them, also when that one is killed.

On Linux the kernel ends them (see `leash`); everywhere their ids are recorded with their start times, and the
next start on the same data directory ends what is still there. A start time makes sure that an id which the
system has given to another process meanwhile is left alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Sequence

LEASH = Path(__file__).with_name("leash.py")
STOP_SECONDS = 10
_SAME_START_SECONDS = 1.0
_TAIL_BYTES = 20_000


@dataclass(frozen=True)
class Child:
    """A running child: what it is called, its process, and where its output goes."""

    name: str
    title: str
    """What it is called at the beginning of a sentence."""
    process: subprocess.Popen[bytes]
    log: Path
    watched: bool
    """Whether its end is a failure of the whole; of another the caller sees to its end."""

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.poll() is not None

    def failure(self) -> str:
        """How it ended, as far as its status and its output say, and what to do."""
        if "No space left on device" in self.log_tail():
            return f"{self.title} ended because the disk is full. Make room and start again."
        status = self.process.poll()
        how = f"was ended by signal {-status}" if status and status < 0 else f"ended with status {status}"
        return f"{self.title} {how}. What it wrote is in {self.log}. Start again: what was stored is kept."

    def log_tail(self) -> str:
        """The end of what it wrote."""
        with suppress(FileNotFoundError), self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
        return ""


class Children:
    """The children of one data directory.

    Start them from the main thread: the kernel ties them to the thread that started them.
    """

    def __init__(self, data: Path) -> None:
        self._record = data / "children.json"
        self._logs = data / "logs"
        self._running: dict[str, Child] = {}
        self._lock = threading.Lock()
        """Several may be stopped at once, each from a thread."""

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        title: str | None = None,
        first_line: str | None = None,
        watched: bool = True,
    ) -> Child:
        """Start a command whose output goes to `logs/NAME.log` (afresh at each start).

        A session of its own keeps the terminal's Ctrl-C from it: stopping is the parent's business.

        Args:
            name: what it is called; its log file too.
            title: what it is called at the beginning of a sentence; by default its name.
            command: the program's path and its arguments; no secret, since everybody can list them.
            first_line: all that stands on its standard input.
            watched: see `Child`.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        leashed = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *map(str, command)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                leashed,
                stdin=subprocess.DEVNULL if first_line is None else subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin as standard_input:
                standard_input.write(f"{first_line}\n".encode())
        child = Child(name, title or name.capitalize(), process, log, watched)
        with self._lock:
            self._running[name] = child
            self._write_record()
        return child

    @property
    def running(self) -> list[Child]:
        """Those that were started and not stopped, dead ones among them."""
        with self._lock:
            return list(self._running.values())

    def stop(self, child: Child, timeout: float = STOP_SECONDS) -> None:
        """Ask the child to end, and end it if it has not within `timeout` seconds."""
        child.process.terminate()
        try:
            child.process.wait(timeout)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
        with self._lock:
            self._running.pop(child.name, None)
            self._write_record()

    def end_leftovers(self) -> list[str]:
        """End what a killed run on this data directory left behind; the names of those that still ran."""
        ended = []
        for entry in self._read_record():
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(entry["pid"])
                is_same = abs(process.create_time() - entry["started"]) < _SAME_START_SECONDS
                if is_same and process.status() != psutil.STATUS_ZOMBIE:
                    process.kill()
                    process.wait(STOP_SECONDS)
                    ended.append(entry["name"])
        self._record.unlink(missing_ok=True)
        return ended

    def _write_record(self) -> None:
        entries = []
        for child in self._running.values():
            with suppress(psutil.NoSuchProcess):
                started = psutil.Process(child.process.pid).create_time()
                entries.append({"name": child.name, "pid": child.process.pid, "started": started})
        if not entries:
            self._record.unlink(missing_ok=True)
            return
        written = self._record.with_suffix(".new")
        written.write_text(json.dumps(entries), "utf-8")
        written.replace(self._record)

    def _read_record(self) -> list[dict[str, Any]]:
        try:
            entries: list[dict[str, Any]] = json.loads(self._record.read_text("utf-8"))
        except FileNotFoundError:
            return []
        return entries
