"""What the user of the demo sees: a bar a town while its history comes in, then that it is live."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from meguri.flow_progress import all_written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguri.running import Running
    from meguri.village_process import VillageProcess

PLAIN_SECONDS = 5
"""Between two lines of progress where there is no terminal to draw a bar on."""


class DemoProgress:
    """Shows how far villages are.

    Args:
        villages: started.
        running: what they deliver to.
    """

    def __init__(self, villages: Sequence[VillageProcess], running: Running) -> None:
        self._villages = villages
        self._running = running
        self._began = time.monotonic()
        self._told = self._began
        self._addresses_said = False
        self._history_said = False
        console = running.narrator.console
        self._is_plain = not console.is_terminal
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[now]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=self._is_plain,
        )
        self._tasks: list[TaskID] = [
            self._bars.add_task(village.town.names["en"], total=None, now="") for village in villages
        ]
        self._bars.start()

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._bars.stop()

    async def update(self) -> None:
        """Show the villages' newest steps; once their histories are in and written, say so."""
        if self._history_said:
            return
        self._say_addresses_once_there_is_something()
        for village, task in zip(self._villages, self._tasks, strict=True):
            if village.step is not None:
                record = village.record
                end_ms = record.until_ms or time.time_ns() // 1_000_000
                self._bars.update(
                    task,
                    completed=village.step["town_time_ms"] - record.start_ms,
                    total=end_ms - record.start_ms,
                    now=_how_far(village),
                )
        if all(village.history_is_in for village in self._villages):
            await all_written(self._running)
            await self._say_history()
        elif self._is_plain and time.monotonic() > self._told + PLAIN_SECONDS:
            self._told = time.monotonic()
            told = [f"{v.town.names['en']} {_how_far(v)}" for v in self._villages if v.step is not None]
            self._running.narrator.say(f"Filling: {'; '.join(told) or 'the first day is being made'}")

    def _say_addresses_once_there_is_something(self) -> None:
        if self._addresses_said:
            return
        if any(each["snapshot_offset"] for each in self._running.services.flow.partitions()):
            self._addresses_said = True
            self._running.say_addresses()

    async def _say_history(self) -> None:
        self._history_said = True
        self.close()
        if not self._addresses_said:
            self._running.say_addresses()
        seconds = time.monotonic() - self._began
        steps = [village.step for village in self._villages if village.step is not None]
        detections = sum(step["detections"] for step in steps)
        sales, uses = sum(step["sales"] for step in steps), sum(step["guide_events"] for step in steps)
        rejected = sum(step["rejected"] for step in steps)
        names = " and ".join(village.town.names["en"] for village in self._villages)
        is_live = any(village.record.until_ms is None for village in self._villages)
        came_in = (
            f"is in: {detections:,} detections ({detections / seconds:,.0f}/s), {sales:,} sales and "
            f"{uses:,} uses of the guide in {seconds:.1f} s"
        )
        self._running.narrator.say(
            f"The history of {names} {came_in if detections else 'was in already'}; "
            f"{await self._visits_found():,} visits found."
            + (f" {rejected:,} were not accepted: `meguri dead-letters list` says why." if rejected else "")
            + (" From here on it lives at the wall clock's pace." if is_live else "")
        )

    async def _visits_found(self) -> int:
        store = self._running.services.store
        found = 0
        for village in self._villages:
            (row,) = await asyncio.to_thread(store.query, "meguri/visits_found", {"town": village.town.town})
            found += int(str(row["visits"]))
        return found


def _how_far(village: VillageProcess) -> str:
    """Such as `09-12 04:00, 312,345 detections, 25,000/s`; nothing before the first step."""
    if village.step is None:
        return ""
    moment = datetime.fromtimestamp(village.step["town_time_ms"] / 1000, village.town.zone)
    detections, seconds = village.step["detections"], max(village.step["seconds"], 0.1)
    return f"{moment:%m-%d %H:%M}, {detections:,} detections, {detections / seconds:,.0f}/s"
