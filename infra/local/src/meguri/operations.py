"""What the running process does for other commands, through its control socket."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any, Literal

from kafka import KafkaAdminClient, OffsetSpec, TopicPartition
from meguri_proto.topics import topics
from meguri_proto.towns import Clock

from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from meguri.control import Operation
    from meguri.running import Running

FOLDED_TOPIC = "detections"
_POLL_SECONDS = 0.1


def operations(running: Running) -> dict[str, Operation]:
    """Every request that the control socket answers."""
    began = time.time()

    async def status(_request: dict[str, Any]) -> dict[str, Any]:
        return {"uptime_s": round(time.time() - began, 1), **await asyncio.to_thread(_status, running)}

    async def enrol(request: dict[str, Any]) -> dict[str, Any]:
        role: Literal["sensor", "replayer"] = "replayer" if request.get("role") == "replayer" else "sensor"
        token = await asyncio.to_thread(
            enrol_sensor, running, str(request["town"]), str(request["sensor"]), role
        )
        return {"ingest": running.addresses["ingest"], "token": token}

    async def fold(_request: dict[str, Any]) -> dict[str, Any]:
        return {"next_offsets": await all_folded(running)}

    return {"status": status, "enrol": enrol, "fold": fold}


async def all_folded(running: Running) -> dict[int, int]:
    """Return when everything that is in the log by now is folded, written and snapshot; the next offsets."""
    ends = await asyncio.to_thread(_log_ends, running.kafka.bootstrap)
    while True:
        saved = {each["partition"]: each["snapshot_offset"] for each in running.services.flow.partitions()}
        if all(saved.get(partition, 0) >= end for partition, end in ends.items()):
            return ends
        await asyncio.sleep(_POLL_SECONDS)


def _log_ends(bootstrap: str) -> dict[int, int]:
    latest = {
        TopicPartition(FOLDED_TOPIC, number): OffsetSpec.LATEST
        for number in range(topics()[FOLDED_TOPIC].partitions)
    }
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        found = admin.list_partition_offsets(latest)
    finally:
        admin.close()
    return {topic_partition.partition: offset.offset for topic_partition, offset in found.items()}


def enrol_sensor(running: Running, town: str, sensor: str, role: Literal["sensor", "replayer"]) -> str:
    """A new token for a sensor of a running town.

    Raises:
        LocalRunError: no such town or sensor, or a replayer for a live town.
    """
    if town not in running.towns:
        raise LocalRunError(f"The running Meguri has no town {town}; it has: {', '.join(running.towns)}.")
    known = running.towns[town]
    if sensor not in known.sensors:
        raise LocalRunError(f"{town} has no sensor {sensor}; it has: {', '.join(known.sensors)}.")
    if role == "replayer" and known.clock is not Clock.RECORDING:
        raise LocalRunError(
            f"{town} is a live town: it takes only what is heard now. Replay into a town whose file says "
            "`clock: recording`."
        )
    return running.services.registry.enrol(town, sensor, role)


def _status(running: Running) -> dict[str, Any]:
    partitions = running.services.flow.partitions()
    return {
        "pid": os.getpid(),
        "data": str(running.folder.path),
        "addresses": dict(running.addresses),
        "children": [
            {"name": child.name, "pid": child.process.pid, "runs": not child.ended}
            for child in running.children.running
        ],
        "kafka": running.kafka.bootstrap,
        "redis": running.redis.url,
        "towns": {
            name: {"clock": town.clock.value, "town_time_ms": running.services.registry.town_time(name)}
            for name, town in running.towns.items()
        },
        "flow": {"lag": sum(each["lag"] for each in partitions), "partitions": partitions},
    }
