"""`meguri town`: commands about town files."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003  typer reads the annotation when the command runs
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from meguri_proto.towns import Town
    from rich.console import Console

app = typer.Typer(no_args_is_help=True, help="Town files: what stands where in a town, and its rules.")


@app.callback()
def _town() -> None:
    """Keep `check` a command of its own name."""


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Town files that are to run together.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")] = False,
) -> None:
    """Say what town files hold, or what is wrong with them and where. Status 1 if one cannot be used."""
    from meguri.town_check import contents, suspicions

    found: list[dict[str, Any]] = []
    towns: list[tuple[str, Town]] = []
    for file in files:
        try:
            town = _read(file, towns)
        except LocalRunError as error:
            found.append({"file": str(file), "error": str(error)})
            continue
        towns.append((str(file), town))
        found.append({"file": str(file), **contents(town), "warnings": suspicions(town, _told(town))})
    if as_json:
        typer.echo(json.dumps({"files": found}, ensure_ascii=False))
    else:
        _show(found)
    if any("error" in each for each in found):
        raise typer.Exit(1)


def _told(town: Town) -> Collection[int]:
    """Sights of which the guide that ships for the town tells; all of them, where the town brings its own."""
    from meguri_qrguide.content.guides import shipped_guide
    from meguri_qrguide.content.reading import read_guide

    folder = shipped_guide(town.town)
    return town.sights if folder is None else [sight.number for sight in read_guide(folder).sights]


def _read(file: Path, others: Sequence[tuple[str, Town]]) -> Town:
    """The file's town, which can run beside the others.

    Raises:
        LocalRunError: it cannot be read or is wrong, or cannot run beside them.
    """
    from meguri_qrguide.sights import SharedSightError, towns_of_sights

    from meguri.town_files import read_town_file

    town = read_town_file(file)
    for name, other in others:
        if other.town == town.town:
            raise LocalRunError(f"{file}: {town.town} is the town of {name} already.")
    try:
        towns_of_sights({each.town: each for _, each in [*others, ("", town)]})
    except SharedSightError as error:
        raise LocalRunError(f"{file}: {error}.") from error
    return town


def _show(found: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for each in found:
        if "error" in each:
            console.print(f"[red]Error[/red]  {_plain(each['error'])}")
        else:
            _show_town(console, each)


def _show_town(console: Console, town: dict[str, Any]) -> None:
    rules = town["rules"]
    names = _plain(" / ".join(town["names"].values()))
    file = _plain(town["file"])
    console.print(f"[bold]{names}[/bold] ({town['town']}), a {town['clock']} town: {file}")
    console.print(
        f"Days begin at {rules['day_start']} ({rules['time_zone']}). A pause of more than "
        f"{_duration(rules['gap_ms'])} ends a visit; {_duration(rules['lateness_ms'])} late is in time; a "
        f"sensor's clock may lead by {_duration(rules['clock_lead_ms'])}; fewer than {rules['k']} are not "
        "shown."
    )
    if rules["slices"] > 1:
        console.print(f"Its devices are folded in {rules['slices']} slices.")
    for whose, stay_ms in (("staff's", rules["staff_ms"]), ("equipment", rules["equipment_ms"])):
        if stay_ms:
            console.print(f"A device that stays for {_duration(stay_ms)} in a day is {whose}.")
    for name, place in town["places"].items():
        where = "" if place["at"] is None else f", on the map at {place['at'][0]}, {place['at'][1]}"
        kind = place["kind"].replace("_", " ")
        console.print(f"  [bold]{name}[/bold] ({_plain(' / '.join(place['names'].values()))}): {kind}{where}")
        sensors = [f"{each} (from {town['sensors'][each]['minimum_rssi']} dBm)" for each in place["sensors"]]
        counters = [f"{each} ({town['counters'][each]['counts']})" for each in place["counters"]]
        shops = [f"{each} ({' / '.join(town['shops'][each]['names'].values())})" for each in place["shops"]]
        sights = list(map(str, place["sights"]))
        for what, each in (
            ("sensors", sensors),
            ("counters", counters),
            ("shops", shops),
            ("sights of the guide", sights),
        ):
            if each:
                console.print(f"    {what}: {_plain(', '.join(each))}")
    if town["ways"]:
        console.print(f"  ways: {', '.join(' - '.join(way) for way in town['ways'])}")
    for warning in town["warnings"]:
        console.print(f"[yellow]Warning[/yellow]  {_plain(warning)}")
    console.print(f"No error, {len(town['warnings']) or 'no'} warning{'s' * (len(town['warnings']) != 1)}.\n")


def _plain(text: str) -> str:
    """The text with nothing in it that the console would take for a style."""
    from rich.markup import escape

    return escape(text)


def _duration(milliseconds: int) -> str:
    for size, unit in ((3_600_000, "h"), (60_000, "min"), (1_000, "s")):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size} {unit}"
    return f"{milliseconds} ms"
