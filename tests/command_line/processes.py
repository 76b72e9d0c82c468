"""The command line as its users run it: a process of its own, with what it prints and how it ends."""

import contextlib
import itertools
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
from meguri.control import ask
from meguri.data_folder import DataFolder
from meguri.errors import LocalRunError

PATIENCE = 120.0
MEGURI = Path(sys.executable).with_name("meguri")
_starts = itertools.count()


def run(*arguments, **options):
    """Run a command to its end."""
    return subprocess.run(
        [MEGURI, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        **options,
    )


class Meguri:
    """`meguri demo` or `meguri up` on a data folder, on free ports. Killed at the block's end if need be."""

    def __init__(self, command, data, *arguments):
        self.data = Path(data)
        self._output = self.data.with_name(f"{self.data.name}-{next(_starts)}.output")
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [MEGURI, command, "--data", str(data), "--port", "0", *map(str, arguments)],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    @property
    def output(self):
        return self._output.read_text()

    def status(self):
        """What `meguri status` is told; None while nothing answers."""
        with contextlib.suppress(LocalRunError):
            return ask(DataFolder(self.data).control_socket, {"op": "status"})

    def children(self):
        """Process id by name."""
        return {child["name"]: child["pid"] for child in (self.status() or {"children": []})["children"]}

    def until(self, condition):
        """Wait for a true answer and return it; fail if the process ends first."""
        deadline = time.monotonic() + PATIENCE
        while not (answer := condition()):
            assert self.process.poll() is None, f"it ended by itself:\n{self.output}"
            assert time.monotonic() < deadline, f"waited too long:\n{self.output}"
            time.sleep(0.05)
        return answer

    def until_answering(self):
        """Until it has said where its pages are; its status."""
        self.until(lambda: "Ctrl-C stops" in self.output)
        return self.status()

    def end(self, number=signal.SIGTERM):
        """Ask it to end; the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def kill(self):
        """End it as a power failure of this one process would."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)

    def wait(self):
        return self.process.wait(PATIENCE)


def living(pids):
    """Those of the processes that still run (a zombie waits only for its parent to ask)."""
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
    return found


def eventually_gone(pids):
    """Whether all of the processes have ended within a few seconds."""
    deadline = time.monotonic() + 10
    while living(pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not living(pids)


def rows(data, *statements):
    """Rows of a data folder's ClickHouse whose process has ended, as lists, for each statement."""
    selected = "[[list(row.values()) for row in store.select(sql)] for sql in sys.argv[2:]]"
    return json.loads(_in_clickhouse(data, f"print(json.dumps({selected}, default=str))", *statements))


def execute(data, statement):
    """Run a statement without an answer on a data folder's ClickHouse whose process has ended."""
    _in_clickhouse(data, "store.execute(sys.argv[2])", statement)


def _in_clickhouse(data, program, *arguments):
    """What a program prints that has the store; one of its own, since a process can have one folder."""
    before = (
        "import json, sys; from pathlib import Path; "
        "from meguri_kit.clickhouse.embedded import EmbeddedStore; store = EmbeddedStore(Path(sys.argv[1]))"
    )
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            f"{before}\n{program}\nstore.close()",
            str(Path(data) / "clickhouse"),
            *arguments,
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return answer.stdout
