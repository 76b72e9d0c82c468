"""New tokens for whoever delivers to a running town, and the keys of webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from meguri_proto.towns import Clock

from meguri.errors import LocalRunError
from meguri.running import town_named

if TYPE_CHECKING:
    from collections.abc import Collection

    from meguri_proto.towns import Town

    from meguri.running import Running

SQUARE = "square"
"""The one source whose sales come by webhook."""

Role: TypeAlias = Literal["sensor", "replayer", "till", "counter"]
ROLES: tuple[Role, ...] = ("sensor", "replayer", "till", "counter")


def enrol(running: Running, town: str, name: str, role: Role) -> str:
    """A new token; it is shown this once.

    Args:
        running: the run.
        town: one of its towns.
        name: of the sensor (a replayer's too: the one that is to have heard a recording), of the shop whose
            till it is, or of the counter.
        role: what the token opens.

    Raises:
        LocalRunError: no such town, sensor, shop or counter, or a replayer for a live town.
    """
    known = town_named(running, town)
    match role:
        case "till":
            _check(known, "shop", name, known.shops)
        case "counter":
            _check(known, "counter", name, known.counters)
        case "sensor":
            _check(known, "sensor", name, known.sensors)
        case "replayer":
            _check(known, "sensor", name, known.sensors)
            if known.clock is not Clock.RECORDING:
                raise LocalRunError(
                    f"{town} is a live town: it takes only what is heard now. Replay into a town whose file "
                    "says `clock: recording`."
                )
    return running.services.registry.enrol(town, name, role)


def connect_square(running: Running, town: str, shop: str, signature_key: str) -> str:
    """Take the sales that Square posts for a shop, signed with this key; the address to give to Square.

    Raises:
        LocalRunError: no such town or shop, or no key.
    """
    known = town_named(running, town)
    _check(known, "shop", shop, known.shops)
    if not signature_key:
        raise LocalRunError("There is no signature key on standard input; Square's console shows it.")
    running.services.registry.connect_webhook(town, shop, SQUARE, signature_key)
    return f"{running.addresses['ingest']}/v1/webhooks/{SQUARE}/{town}/{shop}"


def _check(town: Town, what: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        there = f"it has: {', '.join(known)}" if known else "it has none"
        raise LocalRunError(f"{town.town} has no {what} {name}; {there}.")
