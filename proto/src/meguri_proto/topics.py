"""The topics: one YAML file each, read from the package; and which partition a record goes to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Literal

import yaml

DETECTIONS = "detections"
"""The topic that is folded: the only one where town, day and slice say the partition."""
DAYS_PER_SHARD = 4
"""Partitions of one shard: a key day's records leave their partition before the day after the next two."""


@dataclass(frozen=True)
class Topic:
    """One topic as its file declares it."""

    name: str
    purpose: str
    key: str
    partitions: int
    retention_hours: int
    segment_hours: int
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    personal_data: Literal["none", "pseudonym"]
    message: str

    def __post_init__(self) -> None:
        """Refuse what no topic can be."""
        if self.personal_data not in ("none", "pseudonym"):
            raise ValueError(
                f"topic {self.name}: personal_data must be none or pseudonym, not {self.personal_data}"
            )
        if self.partitions < 1 or self.retention_hours < 1 or self.segment_hours < 1:
            raise ValueError(
                f"topic {self.name}: partitions, retention_hours and segment_hours are at least 1"
            )


@cache
def topics(shards: int = 1) -> dict[str, Topic]:
    """Every topic by name; the file of the folded one says the partitions of one shard.

    Raises:
        ValueError, TypeError: a topic file lacks a field, has one too many or a wrong value.
    """
    found = {}
    for file in sorted(files("meguri_proto").joinpath("topics").iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml"):
            topic = topic_from_yaml(file.read_text("utf-8"))
            if file.name != f"{topic.name}.yaml":
                raise ValueError(f"topic file {file.name} names the topic {topic.name}")
            found[topic.name] = (
                replace(topic, partitions=topic.partitions * shards) if topic.name == DETECTIONS else topic
            )
    return found


def topic_from_yaml(text: str) -> Topic:
    """One topic from its file's text."""
    fields = yaml.safe_load(text)
    return Topic(
        **{**fields, "producers": tuple(fields["producers"]), "consumers": tuple(fields["consumers"])}
    )


def detections_partition(town: str, key_day: int, partitions: int, slice_: int = 0) -> int:
    """The partition of a slice of a town's key day: shard x 4 + key day mod 4."""
    shards = partitions // DAYS_PER_SHARD
    return shard(town, shards, slice_) * DAYS_PER_SHARD + key_day % DAYS_PER_SHARD


def town_partitions(town: str, partitions: int, slices: int = 1) -> list[int]:
    """All partitions in which a town's key days may lie, in order: where its ticks go."""
    shards = partitions // DAYS_PER_SHARD
    of_town = sorted({shard(town, shards, slice_) for slice_ in range(slices)})
    return [each * DAYS_PER_SHARD + day for each in of_town for day in range(DAYS_PER_SHARD)]


def shard(town: str, shards: int, slice_: int = 0) -> int:
    """The shard of a town's slice, the same in every process; slices lie in shards that follow each other."""
    return (int.from_bytes(blake2b(town.encode(), digest_size=8).digest(), "little") + slice_) % shards
