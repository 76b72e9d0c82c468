"""A run whose services answer, for those that work with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri.errors import LocalRunError
from meguri.user_command import first_link

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_proto.towns import Town

    from meguri.data_folder import DataFolder
    from meguri.engines import Children, Kafka, Redis
    from meguri.narration import Narrator
    from meguri.public_side import Door
    from meguri.services import Servers, Services


@dataclass(frozen=True)
class Running:
    """A run whose services answer: what an activity and the control socket may use."""

    folder: DataFolder
    towns: Mapping[str, Town]
    children: Children
    kafka: Kafka
    redis: Redis
    services: Services
    servers: Servers
    addresses: Mapping[str, str]
    """URL by service."""
    narrator: Narrator
    door: Door

    def say_addresses(self) -> None:
        """Say where the services answer, where the office begins, and how to stop."""
        for service, address in self.addresses.items():
            self.narrator.say(f"{service:>9}  [link={address}]{address}[/link]")
        link = first_link(self)
        if link is not None:
            self.narrator.say(f"   office  [link={link}]{link}[/link] (once, within 24 hours)")
        self.narrator.say("Ctrl-C stops.")


def town_named(running: Running, name: str) -> Town:
    """The running town of this name.

    Raises:
        LocalRunError: there is none.
    """
    if name not in running.towns:
        raise LocalRunError(f"The running Meguri has no town {name}; it has: {', '.join(running.towns)}.")
    return running.towns[name]
