"""What a demo on a data folder is of, so that a second start on the folder goes on with the same."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri.data_folder import DataFolder

LONGEST_AGE_MS = 120 * 24 * 3_600_000
"""Since a history's start. An older one takes longer to be brought up to now than a new one."""


@dataclass(frozen=True)
class DemoRecord:
    """One town's village and its time; epoch milliseconds."""

    days: int | None
    """Of history before the day of the first start; None if the start was named."""
    start_ms: int
    until_ms: int | None
    seed: int
    size: float
    addresses: str
    """How its phones use addresses: `field` or `stable`, see `meguri_village`."""


def settle(
    folder: DataFolder,
    new: Mapping[str, DemoRecord],
    asked: Mapping[str, Mapping[str, object]],
    now_ms: int,
) -> tuple[dict[str, DemoRecord], str | None]:
    """By town the demo to go on with or to begin, and what the user should know about it.

    Args:
        folder: held.
        new: by town, what a new demo would be.
        asked: by town, which fields of that the user asked for.
        now_ms: epoch milliseconds.

    Raises:
        LocalRunError: the folder holds another demo than was asked for, or its record is damaged.
    """
    there, word = _recorded(folder), None
    if there is None:
        folder.empty()
        there, word = {}, "The demo that is there was made by an earlier Meguri: beginning anew."
    going_on = {town: there[town] for town in new if town in there}
    for town, record in going_on.items():
        _check(folder, town, record, asked[town])
    if any(_is_too_old(record, asked[town], now_ms) for town, record in going_on.items()):
        folder.empty()
        there, going_on = {}, {}
        days = LONGEST_AGE_MS // 86_400_000
        word = f"The history that is there began more than {days} days ago: beginning anew."
    if going_on:
        word = "Going on with the village that is there."
    settled = {town: going_on.get(town, record) for town, record in new.items()}
    _write(folder, {**there, **settled})
    return settled, word


def _check(folder: DataFolder, town: str, record: DemoRecord, asked: Mapping[str, object]) -> None:
    for name, value in asked.items():
        recorded = getattr(record, name)
        if value != recorded:
            raise LocalRunError(
                f"{folder.path} holds a demo of {town} whose {name} is {recorded}, not {value}. Leave that "
                "option away to go on with it, or name another folder with --data."
            )


def _is_too_old(record: DemoRecord, asked: Mapping[str, object], now_ms: int) -> bool:
    return "start_ms" not in asked and record.until_ms is None and now_ms - record.start_ms > LONGEST_AGE_MS


def _recorded(folder: DataFolder) -> dict[str, DemoRecord] | None:
    """By town; None if an earlier version wrote it, whose village was another."""
    try:
        found: dict[str, Any] = json.loads(folder.demo_record.read_text("utf-8"))
        if "start_ms" in found:
            return None
        return {town: DemoRecord(**record) for town, record in found.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        raise LocalRunError(
            f"{folder.demo_record} is damaged. Delete the folder {folder.path} to begin anew."
        ) from error


def _write(folder: DataFolder, records: Mapping[str, DemoRecord]) -> None:
    written = folder.demo_record.with_suffix(".new")
    written.write_text(json.dumps({town: asdict(record) for town, record in records.items()}), "utf-8")
    written.replace(folder.demo_record)
