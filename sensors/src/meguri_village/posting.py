"""Posts what tills, counters and visitors' phones tell, over HTTP, patient while the service is away."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from meguri_sensors.service import Service

if TYPE_CHECKING:
    from collections.abc import Mapping


class Posted(NamedTuple):
    """What became of what was posted."""

    accepted: int
    rejected: int


class Poster(Service):
    """A connection to a service that takes items and says which it accepted."""

    def post(self, path: str, content: bytes, headers: Mapping[str, str], token: str | None = None) -> Posted:
        """Post items; returns when the service has accepted or rejected each.

        Raises:
            UplinkError: it took nothing, or it is unknown whether it did; posting again is harmless.
        """
        task = f"take what was posted to {path.partition('?')[0]}"
        answer = self.ask("POST", path, task, token, content=content, headers=headers)
        try:
            return Posted(int(answer["accepted"]), len(answer["rejected"]))
        except (ValueError, KeyError, TypeError) as error:
            raise self.nonsense(task) from error
