"""`meguri refold`: fold a day again, with nothing late, and wait until the pages show it."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from datetime import datetime  # noqa: TC003  typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meguri.asking import Json, RunningData, TownName, ask
from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

POLL_SECONDS = 0.3


def refold(
    town: TownName,
    day: Annotated[
        datetime,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="The date on which the key day begins."
        ),
    ],
    *,
    data: RunningData = None,
    as_json: Json = False,
) -> None:
    """Fold a key day of a town again, with what came late for it, and wait until its pages show it.

    The running fold goes on meanwhile. Interrupting the command does not interrupt the refold. Nobody has to
    ask: a day for which something came late is folded again within 15 minutes of town time.
    """
    date = day.date().isoformat()
    asked = ask(data, {"op": "refold", "town": town, "day": date})["slices"]
    with _bars(len(asked), shown=not as_json) as show:
        for slices in _until_done(
            data, {"op": "refold-progress", "town": town, "day": date, "slices": asked}
        ):
            show(slices)
    if as_json:
        typer.echo(json.dumps({"town": town, "day": date, "slices": slices}))
        return
    for before, after in zip(asked, slices, strict=True):
        typer.echo(_sentence(f"{date} of {town}", before["before"], after["found"]))


def _until_done(data: Path | None, request: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """How far each slice is, again and again until all are folded and written.

    Raises:
        LocalRunError: one cannot be folded again.
    """
    while True:
        slices: list[dict[str, Any]] = ask(data, request)["slices"]
        yield slices
        if any(each["state"] == "impossible" for each in slices):
            raise LocalRunError(
                f"{request['day']} of {request['town']} cannot be folded again: Kafka no longer holds its "
                "first records, or it was sealed meanwhile. What was found of it stays as it is."
            )
        if all(each["state"] == "done" for each in slices):
            return
        time.sleep(POLL_SECONDS)


@contextmanager
def _bars(slices: int, *, shown: bool) -> Iterator[Callable[[list[dict[str, Any]]], None]]:
    """A bar a slice on a terminal, and what updates them."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"))
    is_off = not (shown and console.is_terminal)
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True, disable=is_off) as bars:
        tasks = [bars.add_task(f"slice {number}", total=None, state="") for number in range(slices)]

        def show(states: list[dict[str, Any]]) -> None:
            for task, each in zip(tasks, states, strict=True):
                messages = each["done"] + each["to_do"]
                bars.update(task, state=each["state"], completed=each["done"], total=messages or None)

        yield show


def _sentence(day: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    return (
        f"Slice {after['slice']} of {day} is folded again, as generation {after['generation']}: "
        f"{before['visits']:,} visits had closed before, {after['visits']:,} have now; "
        f"{before['late']:,} detections were left out as late, {after['late']:,} are now."
    )
