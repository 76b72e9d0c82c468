"""What the running process does for other commands, through its control socket."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any

from meguri.dead_letter_operations import dead_letter_operations
from meguri.enrolment import ROLES, connect_square, enrol
from meguri.errors import LocalRunError
from meguri.flow_command import flow_operations
from meguri.flow_progress import all_written, one_to_one_progress
from meguri.opt_outs import opt_out_operations
from meguri.refold_operations import refold_operations
from meguri.user_command import user_operations

if TYPE_CHECKING:
    from meguri.control import Operation
    from meguri.running import Running


def operations(running: Running) -> dict[str, Operation]:
    """Every request that the control socket answers."""
    began = time.time()

    async def status(_request: dict[str, Any]) -> dict[str, Any]:
        return {"uptime_s": round(time.time() - began, 1), **await asyncio.to_thread(_status, running)}

    async def enrol_one(request: dict[str, Any]) -> dict[str, Any]:
        return await asyncio.to_thread(_enrol, running, request)

    async def fold(_request: dict[str, Any]) -> dict[str, Any]:
        return {"next_offsets": await all_written(running)}

    own = {"status": status, "enrol": enrol_one, "fold": fold}
    return {
        **own,
        **dead_letter_operations(running),
        **flow_operations(running),
        **opt_out_operations(running),
        **refold_operations(running),
        **user_operations(running),
    }


def _enrol(running: Running, request: dict[str, Any]) -> dict[str, Any]:
    town, name, role = str(request["town"]), str(request["name"]), request["role"]
    if role not in ROLES:
        raise LocalRunError(f"There is no role {role}; there are {', '.join(ROLES)}.")
    webhook = {}
    if "square_key" in request:
        webhook["webhook"] = connect_square(running, town, name, str(request["square_key"]))
    token = enrol(running, town, name, role)
    return {"ingest": running.addresses["ingest"], "token": token, **webhook}


def _status(running: Running) -> dict[str, Any]:
    partitions = running.services.flow.partitions()
    one_to_one = one_to_one_progress(running)
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
            name: {
                "clock": town.clock.value,
                "time_zone": town.zone.key,
                "town_time_ms": running.services.registry.town_time(name),
            }
            for name, town in running.towns.items()
        },
        "flow": {
            "lag": sum(each["lag"] for each in (*partitions, *one_to_one)),
            "partitions": partitions,
            "topics": one_to_one,
        },
    }
