"""`meguri flow inspect`: what the running flow holds, partition by partition."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer
from meguri_proto.key_days import day_date

from meguri.asking import PIPED_COLUMNS, Json, RunningData, ask

if TYPE_CHECKING:
    from rich.console import Console

    from meguri.control import Operation
    from meguri.running import Running

app = typer.Typer(no_args_is_help=True, help="The streaming core, from inside.")


@app.command()
def inspect(*, data: RunningData = None, as_json: Json = False) -> None:
    """Show each partition's offsets and newest snapshot, and what is open of each of its days."""
    reply = ask(data, {"op": "flow-inspect"})
    if as_json:
        typer.echo(json.dumps(reply, ensure_ascii=False))
    else:
        _show(reply["partitions"], reply["time_zones"])


def _show(partitions: list[dict[str, Any]], time_zones: dict[str, str]) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPED_COLUMNS
    if not partitions:
        console.print(
            "The flow owns no partition just now: it has begun a moment ago, or other workers have them all. "
            "Ask again in a few seconds."
        )
        return
    _show_partitions(console, partitions)
    if any(each["days"] for each in partitions):
        _show_days(console, partitions, time_zones)
    else:
        console.print("No day is open: nothing has come since the last one was sealed.")


def _show_partitions(console: Console, partitions: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table("partition", "next offset", "messages behind", "snapshot at", "of bytes", "seconds ago")
    for each in partitions:
        has_snapshot = each["snapshot_bytes"] > 0
        snapshot = ("snapshot_offset", "snapshot_bytes", "snapshot_age_s")
        table.add_row(
            *(f"{each[name]:,}" for name in ("partition", "next_offset", "lag")),
            *(f"{each[name]:,}" if has_snapshot else "" for name in snapshot),
        )
    console.print(table)


def _show_days(console: Console, partitions: list[dict[str, Any]], time_zones: dict[str, str]) -> None:
    from rich.table import Table

    names = ("partition", "town", "day", "slice", "town time", "watermark", "open devices", "visits over")
    table = Table(*names, "late", "lost", "generation")
    for partition in partitions:
        for day in partition["days"]:
            zone = time_zones.get(day["town"])
            asked = f", {day['asked']:,} asked for" if day["asked"] else ""
            table.add_row(
                str(partition["partition"]),
                day["town"],
                day_date(day["key_day"]).isoformat(),
                str(day["slice"]),
                *(_time(day[name], zone) for name in ("town_time_ms", "watermark_ms")),
                *(f"{day[name]:,}" for name in ("open_devices", "visits", "late", "lost")),
                f"{day['generation']:,}{asked}",
            )
    console.print(table)


def _time(time_ms: int, zone: str | None) -> str:
    from zoneinfo import ZoneInfo

    if not time_ms:
        return ""
    return datetime.fromtimestamp(time_ms / 1000, ZoneInfo(zone) if zone else UTC).strftime("%m-%d %H:%M:%S")


def flow_operations(running: Running) -> dict[str, Operation]:
    """The request of the command, for the control socket."""

    async def inspect(_request: dict[str, Any]) -> dict[str, Any]:
        return {
            "partitions": await running.services.flow.inspect(),
            "time_zones": {name: town.zone.key for name, town in running.towns.items()},
        }

    return {"flow-inspect": inspect}
