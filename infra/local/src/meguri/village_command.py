"""`meguri village`: days of a simulated town as files, with their truth."""

from __future__ import annotations

import json
import sys
import time
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path  # noqa: TC003  typer reads the annotation when the command runs
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from meguri.errors import LocalRunError
from meguri.town_files import read_town_file

if TYPE_CHECKING:
    from meguri_village.day_folders import Written
    from meguri_village.village import Village

app = typer.Typer(no_args_is_help=True, help="Days of a simulated town as files, with their truth.")

_EPOCH = date(1970, 1, 1)
_MOST_DAYS = 3_660


class Addresses(StrEnum):
    """How the phones of a village use addresses."""

    FIELD = "field"
    """As phones do: many draw a new one for each scan."""
    STABLE = "stable"
    """One a phone, so that what is found can be held against what happened."""


@app.callback()
def _village() -> None:
    """Keep `make` a command of its own name."""


@app.command()
def make(  # noqa: PLR0913  a command has as many arguments as options
    town: Annotated[Path, typer.Option(help="The town file.", dir_okay=False)],
    out: Annotated[Path, typer.Option(help="The folder for the days.", file_okay=False)],
    *,
    days: Annotated[int, typer.Option(help="How many key days.", min=1, max=_MOST_DAYS)] = 60,
    seed: Annotated[int, typer.Option(help="Of all that is random.")] = 1,
    first: Annotated[
        str | None, typer.Option("--from", help="The first day, such as 2026-04-01; else so many days ago.")
    ] = None,
    size: Annotated[float, typer.Option(help="How many people, as a factor.")] = 1.0,
    addresses: Annotated[
        Addresses, typer.Option(help="Whether phones change their addresses as real ones do.")
    ] = Addresses.FIELD,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Write what a town's sensors, tills, counters and phones tell of some days, and the truth of them.

    The same seed gives the same bytes on any machine. A folder that was begun is gone on with.
    """
    from meguri_village.day_folders import OtherVillageError, begin
    from meguri_village.village import Village

    read = read_town_file(town)
    literal: Literal["field", "stable"] = "stable" if addresses is Addresses.STABLE else "field"
    try:
        village = Village(read, seed, size, literal)
    except ValueError as error:
        raise LocalRunError(f"--size: {error}") from error
    first_day = _first_day(first, days, village)
    try:
        begin(village, out)
    except OtherVillageError as error:
        raise LocalRunError(str(error)) from error
    started = time.monotonic()
    written = _write(village, first_day, days, out, show=not as_json)
    seconds = time.monotonic() - started
    if as_json:
        typer.echo(json.dumps({**_sums(written), "folder": str(out), "seconds": round(seconds, 1)}))
    else:
        _say(written, out, seconds)


def _first_day(first: str | None, days: int, village: Village) -> int:
    """The first key day's number."""
    if first is None:
        return (datetime.now(village.town.zone).date() - timedelta(days=days) - _EPOCH).days
    try:
        return (date.fromisoformat(first) - _EPOCH).days
    except ValueError as error:
        raise LocalRunError(f"--from: {first!r} is no date such as 2026-04-01.") from error


def _write(village: Village, first_day: int, days: int, out: Path, *, show: bool) -> list[Written]:
    from meguri_village.day_folders import write_day
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    progress = Progress(
        TextColumn("Writing {task.fields[date]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("days"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not (show and sys.stderr.isatty()),
        transient=True,
    )
    written = []
    with progress:
        task = progress.add_task("write", total=days, date="")
        for key_day in range(first_day, first_day + days):
            written.append(write_day(village, key_day, out))
            progress.update(task, advance=1, date=written[-1].date)
    return written


def _sums(written: list[Written]) -> dict[str, int]:
    new = [each for each in written if each.is_new]
    return {
        "days": len(new),
        "days_there_already": len(written) - len(new),
        "people": sum(each.people for each in new),
        "frames": sum(each.frames for each in new),
        "sales": sum(each.sales for each in new),
        "guide_events": sum(each.guide_events for each in new),
    }


def _say(written: list[Written], out: Path, seconds: float) -> None:
    sums = _sums(written)
    if sums["days"]:
        typer.echo(
            f"{sums['days']:,} days in {out} in {seconds:.1f} s: {sums['people']:,} people, "
            f"{sums['frames']:,} frames, {sums['sales']:,} sales, {sums['guide_events']:,} uses of the guide."
        )
    if sums["days_there_already"]:
        typer.echo(f"{sums['days_there_already']:,} days were there already.")
