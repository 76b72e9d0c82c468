"""Who is to be told that something changed, and how changes of the days are noticed."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TypeAlias

from meguri_kit.clickhouse.store import StoreError

from meguri_dashboard.days import read_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meguri_kit.clickhouse.store import Store

_log = logging.getLogger(__name__)

What: TypeAlias = Literal["live", "day"]
DAYS_THAT_MAY_CHANGE = 3
"""Late detections are taken for 24 hours after a key day's end."""


class Subscribers:
    """The open connections of each town; each hears of a change once, however often it happens meanwhile."""

    def __init__(self, towns: Iterable[str]) -> None:
        self._open: dict[str, set[Subscription]] = {town: set() for town in towns}

    def tell(self, town: str, what: What) -> None:
        """Something else is to be shown of the town."""
        for subscription in self._open[town]:
            subscription.note(what)

    @contextmanager
    def subscription(self, town: str) -> Iterator[Subscription]:
        """A connection's subscription, for as long as it is open."""
        subscription = Subscription()
        self._open[town].add(subscription)
        try:
            yield subscription
        finally:
            self._open[town].discard(subscription)

    @property
    def count(self) -> int:
        """Open connections."""
        return sum(map(len, self._open.values()))

    def close(self) -> None:
        """Let every connection end."""
        for subscriptions in self._open.values():
            for subscription in subscriptions:
                subscription.end()


class Subscription:
    """What one connection has still to be told."""

    def __init__(self) -> None:
        self._pending: set[What] = set()
        self._woken = asyncio.Event()
        self.ended = False

    def note(self, what: What) -> None:
        """Keep it until it is taken."""
        self._pending.add(what)
        self._woken.set()

    def end(self) -> None:
        """The connection is to be closed from our side."""
        self.ended = True
        self._woken.set()

    async def take(self, timeout_s: float) -> list[What]:
        """What changed since the last call, waiting for it; empty where nothing did."""
        try:
            await asyncio.wait_for(self._woken.wait(), timeout_s)
        except TimeoutError:
            return []
        self._woken.clear()
        taken = sorted(self._pending)
        self._pending.clear()
        return taken


class DayWatch:
    """Notices new rows of the towns' days: one cheap query a town every few seconds, whoever is looking."""

    def __init__(self, store: Store, towns: Iterable[str], subscribers: Subscribers, every_s: float) -> None:
        self._store = store
        self._subscribers = subscribers
        self._every_s = every_s
        self._seen: dict[str, dict[int, int]] = {town: {} for town in towns}
        self.is_store_up = True

    async def run(self) -> None:
        """Look until cancelled. That the store went away or came back is a change of every town."""
        while True:
            try:
                found = await asyncio.to_thread(read_versions, self._store, self._since())
            except StoreError:
                self._set_store(up=False)
            else:
                self._set_store(up=True)
                for town, versions in found.items():
                    seen = self._seen[town]
                    if any(seen.get(key_day) != version for key_day, version in versions.items()):
                        seen.update(versions)
                        self._subscribers.tell(town, "day")
            await asyncio.sleep(self._every_s)

    def _since(self) -> dict[str, int]:
        """The first key day to look at: a few before the newest known, all where none is known."""
        return {town: max(seen) - DAYS_THAT_MAY_CHANGE if seen else 0 for town, seen in self._seen.items()}

    def _set_store(self, *, up: bool) -> None:
        if self.is_store_up is not up:
            self.is_store_up = up
            _log.warning("ClickHouse %s", "answers again" if up else "does not answer")
            for town in self._seen:
                self._subscribers.tell(town, "day")
