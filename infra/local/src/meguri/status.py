"""`meguri status`: the running process's answer as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table


def show(reply: dict[str, Any]) -> None:
    """Print what runs, where it answers, and how far the flow is."""
    console = Console(highlight=False)
    console.print(f"Meguri runs on {reply['data']} (process {reply['pid']}, for {reply['uptime_s']:.0f} s).")
    parts = Table("part", "where", "state")
    for service, address in reply["addresses"].items():
        parts.add_row(service, address, "answers")
    where = {"kafka": reply["kafka"], "redis": reply["redis"]}
    for child in reply["children"]:
        place = f"{where.get(child['name'], '')} (process {child['pid']})".strip()
        parts.add_row(child["name"], place, "runs" if child["runs"] else "ended")
    console.print(parts)
    towns = Table("town", "clock", "town time")
    for name, town in reply["towns"].items():
        towns.add_row(name, town["clock"], _time(town["town_time_ms"], town["time_zone"]))
    console.print(towns)
    flow = Table("partition", "next offset", "written up to", "messages behind", "open days")
    for each in reply["flow"]["partitions"]:
        numbers = (each["partition"], each["next_offset"], each["snapshot_offset"], each["lag"])
        flow.add_row(*map(str, numbers), ", ".join(each["days"]))
    console.print(flow)
    topics = Table("topic", "messages", "written", "messages behind")
    for each in reply["flow"]["topics"]:
        topics.add_row(each["topic"], *map(str, (each["end"], each["written"], each["lag"])))
    console.print(topics)


def _time(time_ms: int | None, zone: str) -> str:
    if time_ms is None:
        return ""
    return datetime.fromtimestamp(time_ms / 1000, ZoneInfo(zone)).isoformat(" ", "seconds")
