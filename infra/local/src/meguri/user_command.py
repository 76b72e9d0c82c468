"""`meguri user`: who may sign in to the office's pages of the Meguri that runs."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meguri.asking import Json, RunningData, ask
from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from meguri.control import Operation
    from meguri.running import Running

JOIN = "/office/join/"
"""Where the guide has one-time links."""

app = typer.Typer(
    no_args_is_help=True, help="Who may sign in to the office's pages: one-time links, the list, removal."
)
Name = Annotated[str, typer.Option("--name", help="The user's name.")]


@app.command()
def invite(name: Name, *, data: RunningData = None, as_json: Json = False) -> None:
    """Print a link, good once and for 24 hours, by which the name gets a password, or another one."""
    reply = ask(data, {"op": "user-invite", "name": name})
    typer.echo(json.dumps(reply, ensure_ascii=False) if as_json else reply["link"])


@app.command(name="list")
def list_users(*, data: RunningData = None, as_json: Json = False) -> None:
    """Name everybody who may sign in."""
    reply = ask(data, {"op": "user-list"})
    if as_json:
        typer.echo(json.dumps(reply, ensure_ascii=False))
        return
    for user in reply["users"]:
        typer.echo(f"{user['name']}  {user['role']}")
    if not reply["users"]:
        typer.echo("Nobody yet: meguri user invite --name NAME", err=True)


@app.command()
def remove(name: Name, *, data: RunningData = None, as_json: Json = False) -> None:
    """Take a user away and sign them out everywhere."""
    reply = ask(data, {"op": "user-remove", "name": name})
    typer.echo(json.dumps(reply, ensure_ascii=False) if as_json else f"{reply['name']} is removed.")


def user_operations(running: Running) -> dict[str, Operation]:
    """The requests of the command, for the control socket."""
    from meguri_kit.registry import OFFICE, Users

    users = Users(running.services.registry)

    async def make_link(request: dict[str, Any]) -> dict[str, Any]:
        name = _name(request)
        token = await asyncio.to_thread(users.invite, name, OFFICE, _now_ms())
        return {"name": name, "link": f"{running.addresses['guide']}{JOIN}{token}"}

    async def everybody(_request: dict[str, Any]) -> dict[str, Any]:
        found = await asyncio.to_thread(users.everybody)
        return {"users": [{"name": each.name, "role": each.role} for each in found]}

    async def take_away(request: dict[str, Any]) -> dict[str, Any]:
        name = _name(request)
        if not await asyncio.to_thread(users.remove, name):
            raise LocalRunError(f"There is no user {name}; `meguri user list` names those that there are.")
        return {"name": name}

    return {"user-invite": make_link, "user-list": everybody, "user-remove": take_away}


def first_link(running: Running) -> str | None:
    """A one-time link for the first user of the office; None where there is a user."""
    from meguri_kit.registry import OFFICE, Users

    users = Users(running.services.registry)
    if users.everybody():
        return None
    return f"{running.addresses['guide']}{JOIN}{users.invite(OFFICE, OFFICE, _now_ms())}"


def _name(request: dict[str, Any]) -> str:
    from meguri_kit.registry import UserNameError, user_name

    try:
        return user_name(str(request["name"]))
    except UserNameError as error:
        raise LocalRunError(str(error)) from None


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
