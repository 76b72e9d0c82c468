"""Running what stands in `peers`: scripts in an environment of their own, whose visits have to be true."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from json_topic import CLOSING, append, truth

if TYPE_CHECKING:
    from json_topic import Visit
    from packed_day import PackedDay

FOLDER = Path(__file__).parent / "peers"
PYTHON = FOLDER / ".venv" / "bin" / "python"
PACKAGES = ("bytewax", "confluent-kafka", "quixstreams")
PATIENCE_S = 300


@dataclass(frozen=True)
class JsonDay:
    """A day's detections in a topic of JSON, and its visits."""

    bootstrap: str
    topic: str
    messages: int
    day: PackedDay
    visits: set[Visit]


def json_day(bootstrap: str, topic: str, day: PackedDay) -> JsonDay:
    """Append the day to a new topic."""
    return JsonDay(bootstrap, topic, append(bootstrap, topic, day), day, truth(day))


def make_environment() -> None:
    """Install what the peers' lock names.

    Raises:
        SystemExit: it cannot be had; uv says why on standard error.
    """
    uv = Path(sys.executable).parent / "uv"
    command = [uv, "sync", "--project", FOLDER, "--locked", "--quiet"]
    if subprocess.run(command, check=False).returncode:
        raise SystemExit(
            f"the environment of {FOLDER} cannot be made, as uv says above; it needs Python 3.11 or 3.12 "
            "and the packages of its uv.lock"
        )


def versions() -> dict[str, str]:
    """Of the peers, as locked."""
    locked = tomllib.loads((FOLDER / "uv.lock").read_text("utf-8"))["package"]
    return {each["name"]: each["version"] for each in locked if each["name"] in PACKAGES}


def run(script: str, given: JsonDay, *, is_tuned: bool = False) -> float:
    """Detections a second of one peer over a JSON topic.

    Raises:
        RuntimeError: it fails, or finds other visits than the reference.
    """
    with tempfile.TemporaryDirectory() as name:
        asked, answered, state = (Path(name) / each for each in ("asked.json", "answered.json", "state"))
        state.mkdir()
        job = {
            "bootstrap": given.bootstrap,
            "topic": given.topic,
            "messages": given.messages,
            "gap_ms": given.day.rules.gap_ms,
            "lateness_ms": given.day.rules.lateness_ms,
            "minimum_rssi": given.day.minimum_rssi,
            "is_tuned": is_tuned,
            "run": Path(name).name,
            "folder": str(state),
        }
        asked.write_text(json.dumps(job), "utf-8")
        command = [PYTHON, FOLDER / f"{script}.py", asked, answered]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        if ended.returncode:
            raise RuntimeError(f"{script} failed:\n{ended.stderr}")
        answer = json.loads(answered.read_text("utf-8"))
    visits = sorted(tuple(visit) for visit in answer["visits"] if visit[0] != CLOSING)
    if visits != sorted(given.visits):
        raise RuntimeError(f"{script} finds {len(visits):,} visits, others than the {len(given.visits):,}")
    return len(given.day) / answer["seconds"]
