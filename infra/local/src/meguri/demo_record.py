"""What a demo on a data folder is of, so that a second start on the folder goes on with the same."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri.data_folder import DataFolder

HISTORY_MS = 24 * 3_600_000
LONGEST_AGE_MS = 3 * 24 * 3_600_000
"""Since a history's start. An older one has days to simulate before it is at now, so it is begun anew."""
DEFAULT_SEED = 1
DEFAULT_SIZE = 1.0


@dataclass(frozen=True)
class DemoRecord:
    """One village and its time; epoch milliseconds."""

    start_ms: int
    until_ms: int | None
    seed: int
    size: float


def settle(
    folder: DataFolder, asked: Mapping[str, int | float | None], now_ms: int
) -> tuple[DemoRecord, str | None]:
    """The demo to go on with or to begin, and what the user should know about it.

    Args:
        folder: held.
        asked: fields of a record that the user asked for; those left open are absent or None.
        now_ms: epoch milliseconds.

    Raises:
        LocalRunError: the folder holds another demo than was asked for.
    """
    wanted = {name: value for name, value in asked.items() if value is not None}
    default = DemoRecord(now_ms - HISTORY_MS, None, DEFAULT_SEED, DEFAULT_SIZE)
    new = DemoRecord(**{**asdict(default), **wanted})
    recorded = _recorded(folder)
    if recorded is None:
        _write(folder, new)
        return new, None
    for name, value in wanted.items():
        there = getattr(recorded, name)
        if value != there:
            raise LocalRunError(
                f"{folder.path} holds a demo whose {name} is {there}, not {value}. Leave that option away to "
                "go on with it, or name another folder with --data."
            )
    if "start_ms" not in wanted and recorded.until_ms is None and now_ms - recorded.start_ms > LONGEST_AGE_MS:
        folder.empty()
        _write(folder, new)
        return new, "The village that is there began more than three days ago: beginning anew."
    return recorded, "Going on with the village that is there."


def _recorded(folder: DataFolder) -> DemoRecord | None:
    try:
        return DemoRecord(**json.loads(folder.demo_record.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise LocalRunError(
            f"{folder.demo_record} is damaged. Delete the folder {folder.path} to begin anew."
        ) from error


def _write(folder: DataFolder, record: DemoRecord) -> None:
    written = folder.demo_record.with_suffix(".new")
    written.write_text(json.dumps(asdict(record)), "utf-8")
    written.replace(folder.demo_record)
