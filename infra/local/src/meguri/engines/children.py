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
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEASH = Path(__file__).with_name("leash.py")
STOP_SECONDS = 10
_SAME_START_SECONDS = 1.0
_TAIL_BYTES = 20_000


@dataclass(frozen=True)
class Child:
    """A running child: what it is called in messages, its process, and where its output goes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.poll() is not None

    def how_it_ended(self) -> str:
        """As the end of a sentence that begins with its name."""
        status = self.process.poll()
        if status is None:
            return "still runs"
        return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"

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

    def start(self, name: str, command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Child:
        """Start a command whose output goes to `logs/NAME.log` (afresh at each start).

        A session of its own keeps the terminal's Ctrl-C from it: stopping is the parent's business.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{name}.log"
        leashed = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *map(str, command)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                leashed,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if env is None else {**os.environ, **env},
                start_new_session=True,
            )
        child = Child(name, process, log)
        self._running[name] = child
        self._write_record()
        return child

    def stop(self, child: Child, timeout: float = STOP_SECONDS) -> None:
        """Ask the child to end, and end it if it has not within `timeout` seconds."""
        child.process.terminate()
        try:
            child.process.wait(timeout)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
        self._running.pop(child.name, None)
        self._write_record()

    def end_leftovers(self) -> list[str]:
        """End what a killed run on this data directory left behind; the names of those that still ran."""
        ended = []
        for entry in self._read_record():
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(entry["pid"])
                if abs(process.create_time() - entry["started"]) < _SAME_START_SECONDS:
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
