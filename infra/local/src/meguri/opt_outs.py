"""`meguri opt-out`: addresses that a town's sensors leave out; only what stands for them is kept."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from meguri_proto.pseudonyms import opt_out_mark

from meguri.asking import Json, RunningData, TownName, ask
from meguri.errors import LocalRunError
from meguri.running import town_named

if TYPE_CHECKING:
    from meguri.control import Operation
    from meguri.running import Running

_ADDRESS = re.compile(r"[0-9a-f]{2}([:-]?)[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}")
_GROUP = 0b01
_LOCALLY_ADMINISTERED = 0b10


def opt_out(
    town: TownName,
    *,
    remove: Annotated[bool, typer.Option("--remove", help="Take the address off the list.")] = False,
    data: RunningData = None,
    as_json: Json = False,
) -> None:
    """Put a device's Wi-Fi address on the town's opt-out list: its sensors leave it out from then on.

    The address is asked for, or read from standard input, so that it stands in no shell's history; what is
    kept of it is a keyed hash.
    """
    text = (
        typer.prompt("Wi-Fi address (MAC)", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    )
    address = read_address(text)
    key = bytes.fromhex(ask(data, {"op": "opt-out-key", "town": town})["key"])
    mark = opt_out_mark(key, address)
    reply = ask(data, {"op": "opt-out", "town": town, "mark": mark.hex(), "remove": remove})
    if as_json:
        typer.echo(json.dumps(reply, ensure_ascii=False))
    else:
        typer.echo(_sentence(reply, town, remove=remove))


def read_address(text: str) -> bytes:
    """The six bytes of a Wi-Fi address as people write it.

    Raises:
        LocalRunError: it is none, or one that no device keeps; the sentence does not show it.
    """
    plain = text.strip().lower()
    if not _ADDRESS.fullmatch(plain):
        raise LocalRunError("That is no Wi-Fi address; one is written like 3c:22:fb:01:02:03.")
    address = bytes.fromhex(re.sub("[:-]", "", plain))
    if address[0] & _GROUP:
        raise LocalRunError(
            "That is the address of a group of devices, not of one; look again at the device."
        )
    if address[0] & _LOCALLY_ADMINISTERED:
        raise LocalRunError(
            "That is a random address, which the device will not keep: putting it on the list would change "
            "nothing. The address to give is the one that the maker has assigned (in the settings: About, "
            "Wi-Fi address or MAC address, with the private or random address switched off)."
        )
    return address


def _sentence(reply: dict[str, Any], town: str, *, remove: bool) -> str:
    known = "1 device" if reply["marks"] == 1 else f"{reply['marks']:,} devices"
    if remove:
        did = "The address is off the list" if reply["changed"] else "The address did not stand on the list"
    else:
        did = "The address is on the list" if reply["changed"] else "The address stood on the list already"
    return f"{did} of {town}, which now has {known}. Sensors fetch the list again within the hour."


def opt_out_operations(running: Running) -> dict[str, Operation]:
    """The requests of the command, for the control socket: the address itself stays in the command."""

    async def key(request: dict[str, Any]) -> dict[str, Any]:
        town = town_named(running, str(request["town"])).town
        return {"key": (await asyncio.to_thread(running.services.registry.opt_out_key, town)).hex()}

    async def change(request: dict[str, Any]) -> dict[str, Any]:
        town, mark = town_named(running, str(request["town"])).town, bytes.fromhex(request["mark"])
        registry = running.services.registry
        changed = registry.take_back_opt_out if request["remove"] else registry.opt_out
        return {
            "town": town,
            "changed": await asyncio.to_thread(changed, town, mark),
            "marks": len(await asyncio.to_thread(registry.opt_out_marks, town)),
        }

    return {"opt-out-key": key, "opt-out": change}
