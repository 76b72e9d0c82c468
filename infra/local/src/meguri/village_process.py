"""A town's village as a child of the run: how it is started, and what it tells of itself."""

from __future__ import annotations

import json
import secrets
import sys
from typing import TYPE_CHECKING, TypedDict

from meguri.enrolment import connect_square
from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from pathlib import Path

    from meguri_proto.towns import Town

    from meguri.demo_record import DemoRecord
    from meguri.engines import Child
    from meguri.running import Running


class Step(TypedDict):
    """The village's newest step: how far it is, and what it has delivered since it was started."""

    phase: str
    """`history` or `live`."""
    town_time_ms: int
    frames: int
    detections: int
    sales: int
    guide_events: int
    rejected: int
    seconds: float


class VillageProcess:
    """The village of one town. Starts it at once; to be made in the main thread.

    Args:
        running: the services that it delivers to.
        town: a recording town.
        town_file: of that town.
        record: which village, and of what time.
    """

    def __init__(self, running: Running, town: Town, town_file: Path, record: DemoRecord) -> None:
        self.town = town
        self.record = record
        self.child = _start(running, town, town_file, record)
        self._output = self.child.log.open("rb")
        self._rest = b""
        self._last_words = ""
        self.step: Step | None = None
        self.ended = False

    def read(self) -> None:
        """Take in what it wrote since the last time."""
        self.ended = self.child.ended
        *lines, self._rest = (self._rest + self._output.read()).split(b"\n")
        for line in lines:
            if line.startswith(b"{"):
                self.step = json.loads(line)
            elif line:
                self._last_words = line.decode("utf-8", "replace")

    def check(self) -> None:
        """Raise why it ended, if it ended and not because it had reached its end.

        Raises:
            LocalRunError: it failed.
        """
        if not self.ended:
            return
        if self.child.process.returncode > 0 and self._last_words:
            raise LocalRunError(f"{self.child.title} ended: {self._last_words}")
        if self.child.process.returncode:
            raise LocalRunError(self.child.failure())

    @property
    def history_is_in(self) -> bool:
        """Whether all of its history is delivered."""
        return self.ended or (self.step is not None and self.step["phase"] == "live")


def _start(running: Running, town: Town, town_file: Path, record: DemoRecord) -> Child:
    command: list[str | Path] = [sys.executable, "-m", "meguri_village"]
    options = {
        "town": town_file,
        "ingest": running.addresses["ingest"],
        "guide": running.addresses["guide"],
        "data": running.folder.village / town.town,
        "start": record.start_ms,
        "seed": record.seed,
        "size": record.size,
        "addresses": record.addresses,
    }
    if record.until_ms is not None:
        options["until"] = record.until_ms
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    return running.children.start(
        f"village-{town.town}",
        command,
        title=f"The village of {town.names['en']}",
        first_line=json.dumps(_tokens(running, town)),
        watched=False,
    )


def _tokens(running: Running, town: Town) -> dict[str, object]:
    """Tokens are of one start: only their hashes are kept."""
    registry = running.services.registry
    square = {}
    # The first shop's till is Square's: the village has one of each kind of till.
    for shop in list(town.shops)[:1]:
        square[shop] = secrets.token_urlsafe(16)
        connect_square(running, town.town, shop, square[shop])
    return {
        # As a replayer the village may deliver days in seconds, and say what time it is.
        "replayer": registry.enrol(town.town, "village", "replayer"),
        "tills": {shop: registry.enrol(town.town, shop, "till") for shop in town.shops},
        "counters": {counter: registry.enrol(town.town, counter, "counter") for counter in town.counters},
        "square": square,
    }
