"""What ingest appends, as the fold takes it: in slices, from a clock that is behind, from one ahead."""

import numpy as np
import pytest
from fakes.ingest_world import DAY, HOUR, KEY_DAY, MINUTE, NOON, START, TOWN, IngestWorld
from meguri_flow.domain.day_rules import DayKey
from meguri_flow.domain.partition import Partition
from reference.log import closed_visits, moves, table_rows

SHARDS = 3


@pytest.fixture
async def opened(tmp_path):
    """Opens the village with so many slices."""
    worlds = []

    def open_village(slices):
        folder = tmp_path / str(len(worlds))
        folder.mkdir()
        town = f"{TOWN.format(clock='recording')}slices: {slices}\n"
        worlds.append(IngestWorld(folder, town=town, shards=SHARDS))
        return worlds[-1]

    yield open_village
    for world in worlds:
        await world.close()


def folded(world):
    """Every partition after all that ingest appended, and the rows."""
    found = []
    for number in range(4 * SHARDS):
        partition = Partition()
        values = [each.value for each in world.log.read("detections", number)]
        assert partition.observe(enumerate(values)) == []
        found.append((partition, partition.take_rows()))
    return found


def health(rows, name):
    return sum(row[name] for row in table_rows(rows, "sensor_health"))


async def played(world):
    """An afternoon of forty devices that come and go between two sensors, and the end of the day."""
    draws = np.random.default_rng(1)
    for turn in range(30):
        from_ms = NOON + turn * 5 * MINUTE
        await world.tick(from_ms + 5 * MINUTE)
        for sensor in ("gate", "door"):
            offsets = np.sort(draws.integers(0, 5 * MINUTE, 12))
            batch = world.batch(offsets, base_ms=from_ms, sequence=turn, devices=draws.integers(1, 41, 12))
            assert (await world.post([batch], sensor=sensor)).json()["accepted"] == 12
    await world.tick(START + DAY + HOUR)
    return [rows for _, rows in folded(world)]


async def test_a_town_folds_to_the_same_visits_in_however_many_slices(opened):
    whole, sliced = await played(opened(1)), await played(opened(3))
    assert len(closed_visits(whole)) > 40
    assert closed_visits(sliced) == closed_visits(whole)
    assert moves(sliced) == moves(whole)
    of_slices = {(row["slice"], row["device"] % 3) for row in table_rows(sliced, "visits")}
    assert of_slices == {(0, 0), (1, 1), (2, 2)}


async def test_what_a_sensor_tells_hours_later_is_accepted_and_asked_to_be_folded_again(opened):
    world = opened(2)
    await world.tick(NOON)
    behind = world.batch([0, MINUTE, 2 * MINUTE], base_ms=NOON - 5 * HOUR, devices=[1, 2, 3])
    assert (await world.post([behind])).json() == {"accepted": 3, "rejected": []}
    await world.tick(NOON + HOUR)
    found = folded(world)
    assert health([rows for _, rows in found], "late") == 3
    asked = [key for partition, _ in found for key in partition.asked()]
    assert sorted(asked) == [DayKey("village", KEY_DAY, slice_) for slice_ in range(2)]


async def test_what_a_sensor_tells_ahead_of_time_is_refused_and_shown(opened):
    world = opened(2)
    answer = await world.post([world.batch([0, 1_000], base_ms=NOON + 3 * HOUR)])
    assert [each["reason"] for each in answer.json()["rejected"]] == ["clock_ahead"]
    rows = [rows for _, rows in folded(world)]
    assert (health(rows, "refused"), health(rows, "detections")) == (2, 0)
    assert max(row["lead_ms"] for row in table_rows(rows, "sensor_health")) == 3 * HOUR + 1_000
