"""What the running process does with its dead letters, for the command `meguri dead-letters`."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, TopicPartition
from meguri_ingest.dead_letters import COUNTS, DETECTIONS, SALES, TOPIC
from meguri_ingest.replays import ReplayError
from meguri_kit.log import LogUnavailableError
from meguri_kit.registry import RegistryError
from meguri_proto.columns import ColumnsDisagreeError, Kind, read_columns
from meguri_proto.key_days import day_date
from meguri_proto.records import UnreadableError, read_batch, read_counts, read_sales

from meguri.dead_letters import no_letter
from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguri_ingest.replays import Replays
    from meguri_proto.schema.counts_pb2 import CountBatch
    from meguri_proto.schema.sales_pb2 import Sale
    from meguri_proto.schema.upload_pb2 import Batch

    from meguri.control import Operation
    from meguri.running import Running

_OWN = ("reason", "source", "town")
_WHOSE = ("sensor", "shop", "counter")
_POLL_MS = 200


@dataclass(frozen=True)
class StoredLetter:
    """A dead letter as it stands in Kafka."""

    offset: int
    time_ms: int
    headers: dict[str, str]
    body: bytes

    def as_dict(self) -> dict[str, Any]:
        """What the list says of it."""
        amounts = {name: value for name, value in self.headers.items() if name not in (*_OWN, *_WHOSE)}
        unit, amount = next(iter(amounts.items()), ("", "0"))
        return {
            "offset": self.offset,
            "time_ms": self.time_ms,
            **{name: self.headers.get(name, "") for name in _OWN},
            "of": next((f"{kind} {self.headers[kind]}" for kind in _WHOSE if kind in self.headers), ""),
            "unit": unit,
            "amount": int(amount) if amount.isdecimal() else 0,
            "has_body": bool(self.body),
        }


def dead_letter_operations(running: Running) -> dict[str, Operation]:
    """The requests of the command, for the control socket."""

    async def letters() -> list[StoredLetter]:
        return await asyncio.to_thread(_read, running.kafka.bootstrap)

    async def list_letters(_request: dict[str, Any]) -> dict[str, Any]:
        return {"letters": [letter.as_dict() for letter in await letters()]}

    async def show(request: dict[str, Any]) -> dict[str, Any]:
        (letter,) = _named(await letters(), [request["offset"]])
        return {"letter": {**letter.as_dict(), "holds": holds(letter)}}

    async def replay(request: dict[str, Any]) -> dict[str, Any]:
        replays: Replays = running.services.apps["ingest"].state.replays
        named = _named(await letters(), request["offsets"])
        return {"letters": [await _replay(replays, letter) for letter in named]}

    return {"dead-letters": list_letters, "dead-letter": show, "replay-dead-letters": replay}


def _named(letters: list[StoredLetter], offsets: list[int]) -> list[StoredLetter]:
    """The letters of these offsets.

    Raises:
        LocalRunError: there is no letter of one of them.
    """
    by_offset = {letter.offset: letter for letter in letters}
    for offset in offsets:
        if offset not in by_offset:
            raise no_letter(offset)
    return [by_offset[offset] for offset in offsets]


async def _replay(replays: Replays, letter: StoredLetter) -> dict[str, Any]:
    told: dict[str, Any] = {"offset": letter.offset, "accepted": 0, "rejected": {}, "error": ""}
    try:
        replayed = await replays.replay(letter.headers, letter.body)
    except ReplayError as error:
        return {**told, "error": str(error)}
    except (LogUnavailableError, RegistryError) as error:
        raise LocalRunError(f"The letters could not all be replayed: {error}. Do it again.") from error
    rejected = {reason.value: number for reason, number in replayed.rejected.items()}
    return {**told, "accepted": replayed.accepted, "rejected": rejected}


def _read(bootstrap: str) -> list[StoredLetter]:
    """All letters that are in Kafka by now, the oldest first."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None, enable_auto_commit=False)
    try:
        here = TopicPartition(TOPIC, 0)
        end = consumer.end_offsets([here])[here]
        consumer.assign([here])
        consumer.seek_to_beginning(here)
        found: list[StoredLetter] = []
        while consumer.position(here) < end:
            for records in consumer.poll(timeout_ms=_POLL_MS).values():
                found += [
                    StoredLetter(
                        record.offset,
                        record.timestamp,
                        {name: value.decode("utf-8", "replace") for name, value in record.headers},
                        record.value or b"",
                    )
                    for record in records
                ]
    finally:
        consumer.close()
    return found


def holds(letter: StoredLetter) -> dict[str, Any]:
    """What a letter's body holds, without anything that names a device or a sale."""
    if not letter.body:
        return {}
    try:
        match letter.headers.get("source"):
            case str(source) if source == DETECTIONS:
                return _detections(read_batch(letter.body))
            case str(source) if source == SALES:
                return _sales(read_sales(letter.body))
            case str(source) if source == COUNTS:
                return _counts(read_counts(letter.body))
    except (UnreadableError, ColumnsDisagreeError):
        pass
    return {"body": f"{len(letter.body)} bytes that are not what the source writes"}


def _detections(batch: Batch) -> dict[str, Any]:
    columns = read_columns(batch, batch.count)
    times = columns["time_offset_ms"].astype("i8") + batch.base_time_ms
    kinds = Counter(columns["kind"].tolist())
    return {
        "key_day": _day(batch.key_day),
        "detections": batch.count,
        **_span(times.tolist()),
        "from_addresses_of_makers": kinds[Kind.PROBE_REQUEST],
        "from_random_addresses": kinds[Kind.PROBE_REQUEST_RANDOM],
    }


def _sales(sales: list[Sale]) -> dict[str, Any]:
    methods = Counter(sale.method for sale in sales)
    return {
        "sales": len(sales),
        "told_by": ", ".join(sorted({sale.source for sale in sales})),
        **_span(sale.at_ms for sale in sales),
        "amount_yen": sum(sale.amount_yen for sale in sales),
        "methods": ", ".join(f"{method} {number:,}" for method, number in sorted(methods.items())),
        "cancelled": sum(sale.cancelled for sale in sales),
    }


def _counts(batch: CountBatch) -> dict[str, Any]:
    return {
        "counts": len(batch.counts),
        "of": ", ".join(sorted({count.quantity for count in batch.counts})),
        **_span(time_ms for count in batch.counts for time_ms in (count.from_ms, count.to_ms)),
        "counted": sum(count.count for count in batch.counts),
    }


def _span(times_ms: Iterable[int]) -> dict[str, str]:
    times = sorted(times_ms)
    if not times:
        return {}
    return {"first": _instant(times[0]), "last": _instant(times[-1])}


def _day(key_day: int) -> str:
    try:
        return day_date(key_day).isoformat()
    except OverflowError:
        return "outside of the calendar"


def _instant(time_ms: int) -> str:
    try:
        return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return "outside of the calendar"
