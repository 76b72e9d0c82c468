"""What is true in the towns now: read from Redis, kept as it may be shown, renewed once a minute at most."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from redis.asyncio import Redis
from redis.exceptions import RedisError

from meguri_dashboard.suppression import Count, publish, step_of, total
from meguri_dashboard.times import MINUTE_MS

if TYPE_CHECKING:
    from meguri_proto.towns import Town

_log = logging.getLogger(__name__)
_RECONNECT_S = 2.0
_SILENCE_S = 5.0

Changed: TypeAlias = Callable[[str], None]
"""Called with the town of which something else is to be shown now."""


class Link(StrEnum):
    """Whether live numbers can arrive."""

    UP = "up"
    AWAY = "away"


@dataclass(frozen=True)
class LiveNumbers:
    """Active devices by place as they may be shown, at one minute of town time."""

    town_time_ms: int
    active: Mapping[str, Count]

    @property
    def total(self) -> Count:
        """Of the places that are shown."""
        return total(self.active.values())


class LiveBoard:
    """The towns' live numbers. `run` keeps them until it is cancelled.

    Args:
        towns: whose numbers are kept.
        redis_url: where the flow writes `live:{town}` and publishes each change under the same name.
        changed: told after numbers changed, and after the link went away or came back.
        reconnect_s: pause before Redis is tried again.
    """

    def __init__(
        self,
        towns: Mapping[str, Town],
        redis_url: str,
        changed: Changed,
        *,
        reconnect_s: float = _RECONNECT_S,
    ) -> None:
        self._towns = towns
        self._url = redis_url
        self._changed = changed
        self._reconnect_s = reconnect_s
        self._numbers: dict[str, LiveNumbers] = {}
        self.link = Link.AWAY

    def numbers(self, town: str) -> LiveNumbers | None:
        """What may be shown of the town; None where nothing is known, or where it is no longer true."""
        return self._numbers.get(town) if self.link is Link.UP else None

    def take(self, town: Town, message: bytes | str) -> bool:
        """Take what the flow wrote; says whether something else is to be shown now.

        Within a minute of town time the numbers shown stay as they are, so that nobody sees one device come.
        """
        try:
            numbers = _read(town, message)
        except (ValueError, KeyError, TypeError) as error:
            _log.warning("the live numbers of %s cannot be read: %s", town.town, type(error).__name__)
            return False
        shown = self._numbers.get(town.town)
        if shown and numbers.town_time_ms // MINUTE_MS <= shown.town_time_ms // MINUTE_MS:
            return False
        self._numbers[town.town] = numbers
        return True

    async def run(self) -> None:
        """Follow Redis; where it is away, say so and try again."""
        while True:
            try:
                await self._follow()
            except (RedisError, OSError) as error:
                if self.link is Link.UP:
                    _log.warning("Redis is away, so live numbers stop: %s", type(error).__name__)
            self._set_link(Link.AWAY)
            await asyncio.sleep(self._reconnect_s)

    async def _follow(self) -> None:
        names = {f"live:{town}": town for town in self._towns}
        async with (
            Redis.from_url(self._url, socket_connect_timeout=_SILENCE_S, socket_timeout=_SILENCE_S) as redis,
            redis.pubsub(ignore_subscribe_messages=True) as changes,
        ):
            await changes.subscribe(*names)
            for name, town in names.items():
                stored = await redis.get(name)
                if stored is None:
                    self._numbers.pop(town, None)
                else:
                    self.take(self._towns[town], stored)
            self._set_link(Link.UP)
            while True:
                message = await changes.get_message(timeout=_SILENCE_S)
                if message is None:
                    await redis.ping()
                elif self.take(self._towns[names[message["channel"].decode()]], message["data"]):
                    self._changed(names[message["channel"].decode()])

    def _set_link(self, link: Link) -> None:
        if self.link is not link:
            self.link = link
            for town in self._towns:
                self._changed(town)


def _read(town: Town, message: bytes | str) -> LiveNumbers:
    body = json.loads(message)
    step = step_of(town.k)
    found = dict(body["active"])
    active = {place: int(found.get(place, 0)) for place in town.places}
    return LiveNumbers(
        town_time_ms=int(body["town_time_ms"]),
        active={place: publish(count, count, step) for place, count in active.items()},
    )
