"""Logs of the fold, written from the reference's messages, and what folding them emits."""

from itertools import pairwise

import numpy as np
from meguri_flow.domain import snapshot
from meguri_flow.domain.partition import Partition
from meguri_proto.columns import write_columns
from meguri_proto.schema.log_pb2 import Record, Rules, Segment, SensorRule, Tick
from reference.fold import DayRules, Message, Move, Visit

START = 1_000_000_000
MINUTE = 60_000
DAY = DayRules(
    start_ms=START,
    end_ms=START + 240 * MINUTE,
    gap_ms=10 * MINUTE,
    lateness_ms=4 * MINUTE,
    sensors={"a": ("hall", -70), "b": ("hall", -80), "c": ("shop", -127)},
)
TOWN, KEY_DAY = "town", 7


def rules_record(key_day=KEY_DAY, town=TOWN, day=DAY, slice_=0, version=1):
    sensors = [SensorRule(sensor=s, place=p, minimum_rssi=r) for s, (p, r) in day.sensors.items()]
    return Record(
        rules=Rules(
            town=town,
            key_day=key_day,
            slice=slice_,
            version=version,
            day_start_ms=day.start_ms,
            day_end_ms=day.end_ms,
            gap_ms=day.gap_ms,
            lateness_ms=day.lateness_ms,
            sensors=sensors,
        )
    ).SerializeToString()


def as_record(message, town=TOWN, key_day=KEY_DAY, slice_=0):
    if message.tick_ms is not None:
        return Record(tick=Tick(town=town, town_time_ms=message.tick_ms)).SerializeToString()
    record = Record()
    heard = []
    for delivery in message.deliveries:
        base = min(d.time_ms for d in delivery.detections)
        heard += [(d.time_ms - base, d.device, d.rssi, 1 + d.random) for d in delivery.detections]
        record.detections.segments.append(
            Segment(
                town=town,
                sensor=delivery.sensor,
                boot=delivery.boot,
                sequence=delivery.sequence,
                key_day=key_day,
                slice=slice_,
                base_time_ms=base,
                count=len(delivery.detections),
            )
        )
    offset, device, rssi, kind = zip(*heard, strict=True)
    write_columns(
        record.detections,
        {
            "time_offset_ms": np.array(offset),
            "device": np.array(device, np.uint64),
            "rssi": np.array(rssi),
            "kind": np.array(kind),
            "fingerprint": np.zeros(len(heard)),
            "sequence_number": np.zeros(len(heard)),
        },
    )
    return record.SerializeToString()


def log_of(messages):
    """The whole log: the day's rules, the messages, and a tick after the day's end."""
    closing = Message(tick_ms=DAY.end_ms + DAY.lateness_ms)
    return list(enumerate([rules_record(), *(as_record(message) for message in [*messages, closing])]))


def rows_of(taken, table):
    """All rows of a table as tuples with the version last, in a canonical order."""
    rows = []
    for each in taken:
        columns = each.columns(table)
        if columns:
            names = sorted(columns)
            rows += list(zip(*(columns[name].tolist() for name in names), strict=True))
    return sorted(rows)


def kept_visits(taken):
    """The rows that the table keeps of what was emitted: of each visit the highest version."""
    kept = {}
    for row in table_rows(taken, "visits"):
        key = (row["key_day"], row["place"], row["first_ms"], row["device"], row["random"])
        kept[key] = max(kept.get(key, row), row, key=lambda one: one["version"])
    return sorted(tuple(sorted(row.items())) for row in kept.values())


def moves(taken):
    return sorted(
        Move(
            *(
                row[name]
                for name in ("device", "first_ms", "place", "from_first_ms", "from_place", "ordinal")
            ),
            bool(row["random"]),
        )
        for row in table_rows(taken, "moves")
    )


def closed_visits(taken):
    names = ("place", "first_ms", "device", "last_ms", "receptions")
    return sorted(
        Visit(*(row[name] for name in names), bool(row["arrival"]), bool(row["random"]))
        for row in table_rows(taken, "visits")
        if row["closed"]
    )


def table_rows(taken, table):
    """All rows of a table as dicts."""
    for each in taken:
        columns = each.columns(table)
        if columns:
            for values in zip(*(column.tolist() for column in columns.values()), strict=True):
                yield dict(zip(columns, values, strict=True))


def folded(log, cuts=(), restart_at=()):
    """Fold the log in reads that end at the cuts, resuming from a snapshot's bytes where asked."""
    partition, taken = Partition(), []
    edges = sorted({0, len(log), *cuts, *restart_at})
    for start, end in pairwise(edges):
        partition.observe(log[start:end])
        taken.append(partition.take_rows())
        if end in restart_at:
            partition = snapshot.load(snapshot.dump(partition), snapshot.FORMAT)
    return partition, taken
