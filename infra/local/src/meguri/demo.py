"""The demo: villages beside the services, their history at full speed, then what happens now."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meguri.checkout import DEMO_TOWNS
from meguri.demo_progress import DemoProgress
from meguri.demo_record import DemoRecord, settle
from meguri.errors import LocalRunError
from meguri.local_run import LocalRun
from meguri.narration import Narrator
from meguri.town_files import read_town_files
from meguri.village_process import VillageProcess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meguri_proto.towns import Town

    from meguri.data_folder import DataFolder
    from meguri.running import Running

DEFAULT_DAYS = 60
DEFAULT_SEED = 1
DEFAULT_SIZE = 1.0
DEFAULT_ADDRESSES = "field"
POLL_SECONDS = 0.2
STOP_SECONDS = 2


@dataclass(frozen=True)
class Asked:
    """What the user asked for; None where he left it open. Times are ISO 8601, by default the town's."""

    towns: Sequence[str]
    """Names of towns that ship, or town files; none: all that ship."""
    days: int | None
    start: str | None
    until: str | None
    seed: int | None
    size: float | None
    addresses: str | None


def run_demo(folder: DataFolder, first_port: int, asked: Asked, *, exit_when_filled: bool) -> None:
    """Run the demo on a folder until it is told to stop.

    Args:
        folder: keeps the demo's data.
        first_port: see `LocalRun`.
        asked: which towns, what kind of village, and of what time.
        exit_when_filled: see `Demo`.

    Raises:
        LocalRunError: there is no such town, a time cannot be read, or see `LocalRun.run`.
    """
    files = [_town_file(name) for name in asked.towns] or list(DEMO_TOWNS.values())
    towns = read_town_files(files)
    narrator = Narrator()
    with folder.held():
        now_ms = time.time_ns() // 1_000_000
        wanted = {name: _wanted(asked, town) for name, town in towns.items()}
        new = {name: _new(town, wanted[name], now_ms) for name, town in towns.items()}
        records, word = settle(folder, new, wanted, now_ms)
        if word:
            narrator.say(word)
        demo = Demo(dict(zip(towns, files, strict=True)), records, exit_when_filled=exit_when_filled)
        LocalRun(folder, towns, first_port, narrator, demo.run).run()


def _town_file(name: str) -> Path:
    if name in DEMO_TOWNS:
        return DEMO_TOWNS[name]
    if Path(name).is_file():
        return Path(name)
    raise LocalRunError(f"--town: {name} is no town file, and no town that ships: {', '.join(DEMO_TOWNS)}.")


def _wanted(asked: Asked, town: Town) -> dict[str, Any]:
    """The fields of a record that the user asked for."""
    given: dict[str, Any] = {
        "days": asked.days,
        "start_ms": _time_ms("--from", asked.start, town),
        "until_ms": _time_ms("--until", asked.until, town),
        "seed": asked.seed,
        "size": asked.size,
        "addresses": asked.addresses,
    }
    return {name: value for name, value in given.items() if value is not None}


def _new(town: Town, wanted: Mapping[str, Any], now_ms: int) -> DemoRecord:
    days: int = wanted.get("days", DEFAULT_DAYS)
    fields = {
        "days": None if "start_ms" in wanted else days,
        "start_ms": _days_ago(town, days, now_ms),
        "until_ms": None,
        "seed": DEFAULT_SEED,
        "size": DEFAULT_SIZE,
        "addresses": DEFAULT_ADDRESSES,
        **wanted,
    }
    return DemoRecord(**fields)


def _days_ago(town: Town, days: int, now_ms: int) -> int:
    """The start of the key day that many days ago: so the first day of the history is a whole one."""
    return town.day_bounds_ms(town.key_day_at(now_ms) - days)[0]


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
    """An activity of a local run: one village process a town.

    Args:
        town_files: of recording towns, by name.
        records: by town, which village, and of what time.
        exit_when_filled: whether the run ends when everything up to the records' ends is written.
    """

    def __init__(
        self,
        town_files: Mapping[str, Path],
        records: Mapping[str, DemoRecord],
        *,
        exit_when_filled: bool,
    ) -> None:
        self._town_files = town_files
        self._records = records
        self._exit_when_filled = exit_when_filled

    async def run(self, running: Running) -> None:
        """Start the villages and tell how far they are; return when they ended and that was wanted.

        Raises:
            LocalRunError: a village ended otherwise.
        """
        villages: list[VillageProcess] = []
        try:
            for name, record in self._records.items():
                villages.append(VillageProcess(running, running.towns[name], self._town_files[name], record))
            await self._watch(villages, running)
        finally:
            # In threads, since what they are sending meanwhile is answered by this loop; not for long, since
            # they may be cut off anywhere.
            stops = (asyncio.to_thread(running.children.stop, each.child, STOP_SECONDS) for each in villages)
            await asyncio.gather(*stops)

    async def _watch(self, villages: Sequence[VillageProcess], running: Running) -> None:
        progress = DemoProgress(villages, running)
        try:
            while not all(village.ended for village in villages):
                await asyncio.sleep(POLL_SECONDS)
                for village in villages:
                    village.read()
                    village.check()
                await progress.update()
        finally:
            progress.close()
        if not self._exit_when_filled:
            await asyncio.Event().wait()
