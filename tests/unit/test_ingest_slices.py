"""A town in slices: its deliveries divided, its days opened and ticked in every slice, by rules that stay."""

import pytest
from fakes.ingest_world import DAY, HOUR, KEY_DAY, NOON, START, TOWN, IngestWorld
from fakes.log import MemoryLog
from meguri_kit.log import LogUnavailableError
from meguri_proto.columns import read_columns
from meguri_proto.topics import detections_partition, town_partitions

SHARDS = 3
PARTITIONS = 4 * SHARDS


def in_slices(slices, **changes):
    """The village's file with so many slices, and other changes."""
    text = f"{TOWN.format(clock='recording')}slices: {slices}\n"
    for name, value in changes.items():
        text = text.replace(f"{name}: 30m", f"{name}: {value}")
    return text


@pytest.fixture
def opened(tmp_path):
    """Starts ingest over one registry and one log, as often as it is called."""
    log, worlds = MemoryLog(SHARDS), []

    def start(town):
        worlds.append(IngestWorld(tmp_path, log=log, town=town, shards=SHARDS))
        return worlds[-1]

    yield start
    for world in worlds:
        world.registry.close()


def where(slice_, key_day=KEY_DAY):
    return detections_partition("village", key_day, PARTITIONS, slice_)


def rules_in(log, partition):
    return [each.rules for each in log.records(partition) if each.WhichOneof("body") == "rules"]


def segments_in(log, partition):
    return [each for record in log.records(partition) for each in record.detections.segments]


def ticked(log):
    return [n for n in range(PARTITIONS) if any(each.HasField("tick") for each in log.records(n))]


async def test_a_delivery_is_divided_and_each_slice_is_opened_in_its_partition(opened):
    ingest = opened(in_slices(3))
    answer = await ingest.post([ingest.batch([0, 1, 2, 3, 4], devices=[3, 4, 6, 7, 10])])
    assert answer.json()["accepted"] == 5
    for slice_, devices in enumerate([[3, 6], [4, 7, 10], []]):
        (rules,) = rules_in(ingest.log, where(slice_))
        expected = ingest.town.rules(KEY_DAY)
        expected.slice = slice_
        assert rules == expected
        found = segments_in(ingest.log, where(slice_))
        assert [(each.slice, each.count, each.sequence) for each in found] == (
            [(slice_, len(devices), 0)] if devices else []
        )
        for record in ingest.log.records(where(slice_))[1:]:
            assert read_columns(record.detections, len(devices))["device"].tolist() == devices


async def test_an_upload_is_answered_when_every_slice_is_acknowledged(opened):
    ingest = opened(in_slices(2))
    append, deaf = ingest.log.append, [where(1)]

    async def append_but_to_the_deaf(topic, value, *, partition=None, **more):
        if partition in deaf:
            raise LogUnavailableError("Kafka did not acknowledge in time")
        await append(topic, value, partition=partition, **more)

    await ingest.post([ingest.batch([0], devices=[2])])
    ingest.log.append = append_but_to_the_deaf
    batch = ingest.batch([0, 1], sequence=1, devices=[2, 3])
    assert (await ingest.post([batch])).status_code == 503
    deaf.clear()
    assert (await ingest.post([batch])).json()["accepted"] == 2
    assert [each.sequence for each in segments_in(ingest.log, where(1))] == [1]


async def test_a_tick_reaches_every_partition_in_which_a_slice_of_a_day_may_lie(opened):
    ingest = opened(in_slices(2))
    await ingest.tick(NOON + HOUR)
    assert ticked(ingest.log) == town_partitions("village", PARTITIONS, 2)
    assert [len(rules_in(ingest.log, where(slice_))) for slice_ in range(2)] == [1, 1], "its day is open"


async def test_ingest_started_with_another_file_during_a_day_keeps_the_days_rules(opened, caplog):
    first = opened(in_slices(2))
    await first.post([first.batch([0], devices=[3])])
    second = opened(in_slices(3, gap="45m"))
    await second.post([second.batch([0], sequence=1, devices=[3])])
    assert [each.sequence for each in segments_in(second.log, where(1))] == [0, 1]
    assert [said for said in caplog.messages if "has changed" in said] == [
        "The file of village has changed since its day 2024-03-15 was opened; that applies from the next on."
    ]
    assert {rules.gap_ms for slice_ in range(2) for rules in rules_in(second.log, where(slice_))} == {
        1_800_000
    }

    tomorrow = START + DAY + HOUR
    await second.tick(tomorrow)
    for slice_ in range(3):
        (rules,) = rules_in(second.log, where(slice_, KEY_DAY + 1))
        assert (rules.slice, rules.slices, rules.gap_ms) == (slice_, 3, 2_700_000)


async def test_replicas_with_different_files_open_a_day_by_the_same_rules(opened):
    one, other = opened(in_slices(2)), opened(in_slices(2, gap="45m"))
    for turn, ingest in enumerate((other, one)):
        await ingest.post([ingest.batch([0, 1], sequence=turn)])
        await ingest.tick(NOON + turn)
    found = [rules for slice_ in range(2) for rules in rules_in(one.log, where(slice_))]
    assert len(found) == 4, "each replica opens the day, once in each slice"
    assert {(rules.version, rules.gap_ms) for rules in found} == {
        (other.town.rules(KEY_DAY).version, 2_700_000)
    }


async def test_a_tick_still_reaches_the_slices_of_a_day_that_had_more_of_them(opened):
    await opened(in_slices(3)).tick(NOON + HOUR)
    ingest = opened(in_slices(1))
    before = len(ingest.log.calls)
    await ingest.tick(START + DAY + HOUR)
    reached = {partition for _, partition in ingest.log.calls[before:]}
    assert reached == set(town_partitions("village", PARTITIONS, 3))


async def test_what_is_refused_opens_no_day(opened):
    ingest = opened(in_slices(2))
    ahead = ingest.batch([0], key_day=KEY_DAY + 3, base_ms=NOON + 3 * DAY)
    assert (await ingest.post([ahead])).status_code == 422
    assert rules_in(ingest.log, where(0, KEY_DAY + 3)) == []
    assert ingest.registry.most_slices("village") == 2, "the refusal itself opened today"


async def test_a_refusal_stands_in_the_first_slice(opened):
    ingest = opened(in_slices(2))
    await ingest.post([ingest.batch([0], base_ms=NOON + HOUR, devices=[3])])
    kinds = [[each.WhichOneof("body") for each in ingest.log.records(where(slice_))] for slice_ in range(2)]
    assert kinds == [["rules", "refused"], ["rules"]]
