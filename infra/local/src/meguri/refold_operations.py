"""What the running process does for the command `meguri refold`."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from meguri_kit.clickhouse.store import StoreError
from meguri_kit.log import LogUnavailableError, partition_count
from meguri_proto.key_days import day_number
from meguri_proto.schema.log_pb2 import Record, Refold
from meguri_proto.topics import detections_partition

from meguri.errors import LocalRunError
from meguri.flow_progress import FOLDED_TOPIC, folded_topic_end
from meguri.running import town_named

if TYPE_CHECKING:
    from meguri.control import Operation
    from meguri.running import Running

State = Literal["waiting", "folding", "writing", "done", "impossible"]


class Asked(TypedDict):
    """A slice that was asked to be folded again. Offsets are of its partition."""

    slice: int
    partition: int
    from_offset: int
    """The request stands here or above: a generation that does not is from before it."""
    to_offset: int
    """The request stands below."""
    before: dict[str, object]
    """What was found until then."""


class RefoldState(TypedDict):
    """How far a slice's refold is; `done` and `to_do` are messages."""

    slice: int
    state: State
    done: int
    to_do: int
    found: dict[str, object]
    """What readers see now."""


def refold_operations(running: Running) -> dict[str, Operation]:
    """The requests of the command, for the control socket."""

    async def refold(request: dict[str, Any]) -> dict[str, Any]:
        town, day = town_named(running, str(request["town"])).town, date.fromisoformat(request["day"])
        found = await asyncio.to_thread(_found, running, town, day)
        if not found:
            raise LocalRunError(
                f"Nothing of {day} is known in {town}: no sensor has told of it. The town's page says of "
                "which days something is."
            )
        if any(each["sealed"] for each in found.values()):
            raise LocalRunError(
                f"{day} of {town} is sealed: its pseudonyms are dropped, so that it cannot be folded again. "
                "What was found of it stays as it is."
            )
        return {"slices": [await _ask(running, town, day, number, found[number]) for number in found]}

    async def progress(request: dict[str, Any]) -> dict[str, Any]:
        town, day = str(request["town"]), date.fromisoformat(request["day"])
        found = await asyncio.to_thread(_found, running, town, day)
        asked: list[Asked] = request["slices"]
        return {"slices": [_state(running, town, day, each, found[each["slice"]]) for each in asked]}

    return {"refold": refold, "refold-progress": progress}


def _found(running: Running, town: str, day: date) -> dict[int, dict[str, object]]:
    """What readers see of each slice of a day: see the query."""
    try:
        rows = running.services.store.query("meguri/day_slices", {"town": town, "key_day": day})
    except StoreError as error:
        raise LocalRunError(f"ClickHouse did not answer: {error}. Ask again.") from error
    return {int(str(row["slice"])): row for row in rows}


async def _ask(running: Running, town: str, day: date, slice_: int, found: dict[str, object]) -> Asked:
    number = day_number(day)
    record = Record(refold=Refold(town=town, key_day=number, slice=slice_))
    try:
        partitions = await asyncio.to_thread(partition_count, running.kafka.bootstrap, FOLDED_TOPIC)
        partition = detections_partition(town, number, partitions, slice_)
        from_offset = await asyncio.to_thread(folded_topic_end, running, partition)
        await running.services.log.append(FOLDED_TOPIC, record.SerializeToString(), partition=partition)
    except LogUnavailableError as error:
        raise LocalRunError(f"{day} of {town} could not be asked for: {error}. Ask again.") from error
    to_offset = await asyncio.to_thread(folded_topic_end, running, partition)
    return Asked(
        slice=slice_, partition=partition, from_offset=from_offset, to_offset=to_offset, before=found
    )


def _state(running: Running, town: str, day: date, asked: Asked, found: dict[str, object]) -> RefoldState:
    folding = running.services.flow.day_progress(asked["partition"], town, day_number(day), asked["slice"])
    state: State
    if int(str(found["generation"])) >= asked["from_offset"]:
        state = "done"
    elif folding is None or folding.saved_offset < asked["to_offset"]:
        state = "waiting"
    elif folding.asked >= asked["from_offset"]:
        state = "folding" if folding.done else "waiting"
    elif folding.generation >= asked["from_offset"]:
        state = "writing"
    else:
        state = "impossible"
    done, to_do = (folding.done, folding.to_do) if folding else (0, 0)
    return RefoldState(slice=asked["slice"], state=state, done=done, to_do=to_do, found=found)
