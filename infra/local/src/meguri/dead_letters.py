"""`meguri dead-letters`: what was not accepted, why, and what is accepted of it now."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from meguri_proto.reasons import RejectReason  # noqa: TC002  typer reads the annotation

from meguri.asking import PIPED_COLUMNS, Json, RunningData, ask
from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Iterator

app = typer.Typer(no_args_is_help=True, help="What was not accepted, and why; replay what may be now.")

SHOWN = 40
"""Letters of the list, the newest ones, unless all are asked for."""
REPLAYED_AT_ONCE = 20_000
"""Detections, sales and counts of one request to the running process, which judges them within seconds."""


@app.command("list")
def list_letters(
    *,
    every: Annotated[bool, typer.Option("--all", help="Also older ones than the newest 40.")] = False,
    data: RunningData = None,
    as_json: Json = False,
) -> None:
    """List what was not accepted of late: when, why, by whom, how much. A letter lives for 18 to 21 hours."""
    reply = ask(data, {"op": "dead-letters"})
    if as_json:
        typer.echo(json.dumps(reply, ensure_ascii=False))
    else:
        _show_list(reply["letters"], every=every)


@app.command()
def show(
    offset: Annotated[int, typer.Argument(help="The letter's offset, as the list says.", min=0)],
    *,
    data: RunningData = None,
    as_json: Json = False,
) -> None:
    """Show what a letter holds: amounts and times, never an identifier."""
    reply = ask(data, {"op": "dead-letter", "offset": offset})
    if as_json:
        typer.echo(json.dumps(reply, ensure_ascii=False))
    else:
        _show_letter(reply["letter"])


@app.command()
def replay(
    offsets: Annotated[
        list[int] | None, typer.Argument(help="Of the letters; none for all that have a body.", min=0)
    ] = None,
    *,
    reason: Annotated[RejectReason | None, typer.Option(help="Only letters of this reason.")] = None,
    data: RunningData = None,
    as_json: Json = False,
) -> None:
    """Judge letters again and append what is accepted now: once, however often it is replayed.

    Detections that are accepted may still be late: the flow counts them as such. Status 1 if nothing of the
    named letters could be accepted.
    """
    letters = ask(data, {"op": "dead-letters"})["letters"]
    replayed: list[dict[str, Any]] = []
    for group in _groups(_chosen(letters, offsets or None, reason)):
        replayed += ask(data, {"op": "replay-dead-letters", "offsets": group})["letters"]
    if as_json:
        typer.echo(json.dumps({"letters": replayed}, ensure_ascii=False))
    else:
        _show_replayed(replayed)
    if replayed and not any(each["accepted"] for each in replayed):
        raise typer.Exit(1)


def _chosen(
    letters: list[dict[str, Any]], offsets: list[int] | None, reason: str | None
) -> list[dict[str, Any]]:
    """The letters of these offsets, else all with a body; of the reason, if one is given.

    Raises:
        LocalRunError: there is no letter of an offset.
    """
    by_offset = {letter["offset"]: letter for letter in letters}
    if offsets is None:
        chosen = [letter for letter in letters if letter["has_body"]]
    else:
        for offset in offsets:
            if offset not in by_offset:
                raise no_letter(offset)
        chosen = [by_offset[offset] for offset in offsets]
    return [letter for letter in chosen if reason in (None, letter["reason"])]


def no_letter(offset: int) -> LocalRunError:
    """What is said where there is no letter of this offset."""
    return LocalRunError(
        f"There is no dead letter {offset} (any more); `meguri dead-letters list` says which are."
    )


def _groups(letters: list[dict[str, Any]]) -> Iterator[list[int]]:
    """The letters' offsets, as many together as are replayed well within the time of one answer."""
    group: list[int] = []
    amount = 0
    for letter in letters:
        if group and amount + letter["amount"] > REPLAYED_AT_ONCE:
            yield group
            group, amount = [], 0
        group.append(letter["offset"])
        amount += letter["amount"]
    if group:
        yield group


def _show_list(letters: list[dict[str, Any]], *, every: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPED_COLUMNS
    if not letters:
        console.print("There are no dead letters.")
        return
    table = Table("offset", "time (UTC)", "reason", "source", "town", "of", "how much", "body")
    for each in letters if every else letters[-SHOWN:]:
        table.add_row(
            str(each["offset"]),
            _time(each["time_ms"]),
            each["reason"],
            each["source"],
            each["town"],
            each["of"],
            _amount(each),
            "yes" if each["has_body"] else "",
        )
    console.print(table)
    if len(letters) > SHOWN and not every:
        console.print(f"{len(letters) - SHOWN:,} older ones are left out; --all lists them.")
    console.print("`meguri dead-letters show OFFSET` says more, `meguri dead-letters replay` judges again.")


def _show_letter(letter: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False)
    table.add_column(style="bold")
    rows = {
        "offset": letter["offset"],
        "time": f"{_time(letter['time_ms'])} UTC",
        "reason": letter["reason"],
        "source": letter["source"],
        "town": letter["town"],
        "of": letter["of"],
        "how much": _amount(letter),
        **letter["holds"],
    }
    for name, value in rows.items():
        table.add_row(name.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value))
    console = Console(highlight=False)
    console.print(table)
    if not letter["has_body"]:
        console.print("It has no body: only how much was not accepted is known.")


def _show_replayed(letters: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if not letters:
        console.print("There is no dead letter with a body to replay.")
        return
    table = Table("offset", "accepted now", "not accepted", "why")
    for each in letters:
        why = each["error"] or ", ".join(
            f"{reason} {number:,}" for reason, number in each["rejected"].items()
        )
        table.add_row(
            str(each["offset"]), f"{each['accepted']:,}", f"{sum(each['rejected'].values()):,}", why
        )
    console.print(table)


def _amount(letter: dict[str, Any]) -> str:
    unit = "bytes" if letter["unit"] == "length" else letter["unit"]
    return f"{letter['amount']:,} {unit}".strip()


def _time(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
