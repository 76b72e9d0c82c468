"""The demo: a village beside the services, its history at full speed, then what happens now."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from meguri.checkout import DEMO_TOWN
from meguri.demo_record import settle
from meguri.errors import LocalRunError
from meguri.local_run import LocalRun
from meguri.narration import Narrator
from meguri.operations import all_folded, enrol_sensor
from meguri.town_files import read_town_files

if TYPE_CHECKING:
    from pathlib import Path

    from meguri_proto.towns import Town

    from meguri.data_folder import DataFolder
    from meguri.demo_record import DemoRecord
    from meguri.engines import Child
    from meguri.running import Running

POLL_SECONDS = 0.2
STOP_SECONDS = 2
PLAIN_SECONDS = 5
"""Between two lines of progress where there is no terminal to draw a bar on."""


@dataclass(frozen=True)
class Asked:
    """What the user asked for; None where he left it open. Times are ISO 8601, by default the town's."""

    start: str | None
    until: str | None
    seed: int | None
    size: float | None


def run_demo(
    folder: DataFolder,
    first_port: int,
    asked: Asked,
    *,
    exit_when_filled: bool,
) -> None:
    """Run the demo on a folder until it is told to stop.

    Args:
        folder: keeps the demo's data.
        first_port: see `LocalRun`.
        asked: what kind of village, and of what time.
        exit_when_filled: see `Demo`.

    Raises:
        LocalRunError: a time cannot be read, or see `LocalRun.run`.
    """
    town_file = DEMO_TOWN
    (town,) = read_town_files([town_file]).values()
    wanted = {
        "start_ms": _time_ms("--from", asked.start, town),
        "until_ms": _time_ms("--until", asked.until, town),
        "seed": asked.seed,
        "size": asked.size,
    }
    narrator = Narrator()
    with folder.held():
        record, word = settle(folder, wanted, time.time_ns() // 1_000_000)
        if word:
            narrator.say(word)
        demo = Demo(town, town_file, record, exit_when_filled=exit_when_filled)
        LocalRun(folder, {town.town: town}, first_port, narrator, demo.run).run()


def _time_ms(option: str, text: str | None, town: Town) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise LocalRunError(f"{option}: {text!r} is no time in ISO 8601 such as 2026-04-01T09:00.") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=town.zone)
    return int(moment.timestamp() * 1000)


class Demo:
    """An activity of a local run.

    Args:
        town: a recording town.
        town_file: of that town, for the village's own process.
        record: which village, and of what time.
        exit_when_filled: whether the run ends when everything up to the record's end is folded.
    """

    def __init__(self, town: Town, town_file: Path, record: DemoRecord, *, exit_when_filled: bool) -> None:
        self._town = town
        self._town_file = town_file
        self._record = record
        self._exit_when_filled = exit_when_filled

    async def run(self, running: Running) -> None:
        """Start the village and tell how far it is; return when it ended and that was wanted.

        Raises:
            LocalRunError: the village ended otherwise.
        """
        child = self._start(running)
        try:
            await self._watch(_Village(child), running)
        finally:
            # In a thread, since what it is sending meanwhile is answered by this loop; not for long, since it
            # may be cut off anywhere.
            await asyncio.to_thread(running.children.stop, child, STOP_SECONDS)

    async def _watch(self, village: _Village, running: Running) -> None:
        shown = _Shown(self._town, self._record, running)
        while not village.ended:
            await asyncio.sleep(POLL_SECONDS)
            village.read()
            await shown.update(village)
        village.check()
        await all_folded(running)
        await shown.finish(village)
        if not self._exit_when_filled:
            await asyncio.Event().wait()

    def _start(self, running: Running) -> Child:
        # As a replayer a sensor may deliver a day in seconds, and tick.
        tokens = {
            sensor: enrol_sensor(running, self._town.town, sensor, "replayer")
            for sensor in self._town.sensors
        }
        command: list[str | Path] = [sys.executable, "-m", "meguri_village", "--town", self._town_file]
        options = {
            "ingest": running.addresses["ingest"],
            "data": running.folder.village,
            "start": self._record.start_ms,
            "seed": self._record.seed,
            "size": self._record.size,
        }
        if self._record.until_ms is not None:
            options["until"] = self._record.until_ms
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        first = json.dumps({"sensors": tokens, "replayer": next(iter(tokens.values()))})
        return running.children.start("village", command, first_line=first, watched=False)


class _Village:
    """The village's process, and the last step that it told."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._output = child.log.open("rb")
        self._rest = b""
        self._last_words = ""
        self.step: dict[str, Any] = {}
        self.ended = False

    def read(self) -> None:
        """Take in what it wrote since the last time."""
        self.ended = self._child.ended
        *lines, self._rest = (self._rest + self._output.read()).split(b"\n")
        for line in lines:
            if line.startswith(b"{"):
                self.step = json.loads(line)
            elif line:
                self._last_words = line.decode("utf-8", "replace")

    def check(self) -> None:
        """Raise why it ended, unless it had reached its end.

        Raises:
            LocalRunError: it failed.
        """
        if self._child.process.returncode > 0 and self._last_words:
            raise LocalRunError(f"The village ended: {self._last_words}")
        if self._child.process.returncode:
            raise LocalRunError(self._child.failure())


class _Shown:
    """What the user sees of it: a bar while the history comes in, the addresses, then that it is live."""

    def __init__(self, town: Town, record: DemoRecord, running: Running) -> None:
        self._town = town
        self._record = record
        self._running = running
        self._began = time.monotonic()
        self._told = self._began
        self._addresses_said = False
        self._history_said = False
        console = running.narrator.console
        self._bar = Progress(
            TextColumn("Filling the village"),
            BarColumn(),
            TextColumn("{task.fields[now]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("fill", total=None, now="")
        self._bar.start()

    async def update(self, village: _Village) -> None:
        """Show the village's newest step."""
        if not village.step:
            return
        if not self._addresses_said and await self._visits_found():
            self._addresses_said = True
            self._running.say_addresses()
        if self._history_said:
            return
        if village.step["phase"] == "live":
            await all_folded(self._running)
            await self.finish(village)
            return
        now_ms = int(village.step["town_time_ms"])
        end_ms = self._record.until_ms or time.time_ns() // 1_000_000
        done = now_ms - self._record.start_ms
        said = f"up to {self._local(now_ms)}, {self._amount(village)}"
        self._bar.update(self._task, completed=done, total=end_ms - self._record.start_ms, now=said)
        if not self._running.narrator.console.is_terminal and time.monotonic() > self._told + PLAIN_SECONDS:
            self._told = time.monotonic()
            self._running.narrator.say(f"Filling the village: {said}")

    async def finish(self, village: _Village) -> None:
        """Say what came in, once."""
        if self._history_said:
            return
        self._history_said = True
        self._bar.stop()
        visits = await self._visits_found()
        self._running.narrator.say(
            f"The village's history is in: {self._amount(village)}; {visits:,} visits found. "
            + ("" if self._record.until_ms else "From here on it lives at the wall clock's pace.")
        )

    async def _visits_found(self) -> int:
        store = self._running.services.store
        (row,) = await asyncio.to_thread(store.query, "meguri/visits_found", {"town": self._town.town})
        return int(str(row["visits"]))

    def _amount(self, village: _Village) -> str:
        detections, seconds = int(village.step["detections"]), float(village.step["seconds"])
        return f"{detections:,} detections in {seconds:.1f} s ({detections / max(seconds, 0.1):,.0f}/s)"

    def _local(self, time_ms: int) -> str:
        return datetime.fromtimestamp(time_ms / 1000, self._town.zone).strftime("%m-%d %H:%M")
