"""Asking the Meguri that runs on this machine, wherever its data folder is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

DEMO_DATA = Path(".meguri/demo")
UP_DATA = Path(".meguri/up")
PIPED_COLUMNS = 160
"""An answer's width where no terminal says one: enough for each row of a table to stand in a line."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
RunningData = Annotated[
    Path | None, typer.Option("--data", help="The data folder of the Meguri that runs.", show_default=False)
]
TownName = Annotated[str, typer.Option("--town", help="The town's name, as its file says.")]


def ask(data: Path | None, request: dict[str, Any]) -> dict[str, Any]:
    """The running process's answer to a request.

    Raises:
        LocalRunError: nothing runs there, or it answered with an error.
    """
    from meguri import control

    return control.ask(control_socket(data), request)


def control_socket(data: Path | None) -> Path:
    """Of the named data folder, else of the demo's or of `up`'s, whichever runs here."""
    from meguri import control
    from meguri.data_folder import DataFolder

    if data is not None:
        return DataFolder(data).control_socket
    sockets = [DataFolder(path).control_socket for path in (DEMO_DATA, UP_DATA)]
    return next(filter(control.answers, sockets), sockets[0])
