"""The contract's own files: generated modules, topic files, and that a wrong one is noticed."""

from pathlib import Path

import pytest
from meguri_proto.topics import detections_partition, topic_from_yaml, topics, town_partitions
from reference.examples import PROTO, script

SCHEMA = PROTO / "src/meguri_proto/schema"
ROOT = PROTO.parent
TOPIC = """
name: things
purpose: Things.
message: meguri.log.v1.Record
key: town
partitions: 4
retention_hours: 24
segment_hours: 6
producers: [ingest]
consumers: [flow]
personal_data: none
"""


def test_the_generated_modules_are_what_the_schemas_give(tmp_path):
    script("generate").generate(tmp_path)
    made = {path.name: path.read_text() for path in (tmp_path / "meguri_proto/schema").iterdir()}
    committed = {path.name: path.read_text() for path in SCHEMA.glob("*_pb2.py*")}
    assert made == committed, "run python proto/generate.py and commit what it writes"


def test_every_topic_file_is_read_and_there_is_nothing_else_beside_them():
    folder = PROTO / "src/meguri_proto/topics"
    assert sorted(path.name for path in folder.iterdir()) == [f"{name}.yaml" for name in sorted(topics())]


@pytest.mark.parametrize("name", sorted(topics()))
def test_a_topics_message_is_in_the_schemas_and_its_producers_and_consumers_are_services(name):
    topic = topics()[name]
    assert script("freeze").message_class(name).DESCRIPTOR.full_name == topic.message
    services = {path.name for path in (ROOT / "services").iterdir() if (path / "pyproject.toml").is_file()}
    assert topic.producers
    assert {*topic.producers, *topic.consumers} <= services
    assert topic.purpose.endswith(".")


@pytest.mark.parametrize("name", sorted(topics()))
def test_a_topics_producers_and_consumers_name_it_in_their_code(name):
    topic = topics()[name]
    for service in {*topic.producers, *topic.consumers}:
        sources = (ROOT / "services" / service / "src").rglob("*.py")
        text = "".join(path.read_text("utf-8") for path in sources)
        assert f'"{name}"' in text, f"{service} is said to use {name}"


def test_a_segment_rolls_before_its_records_are_due():
    for topic in topics().values():
        assert topic.segment_hours < topic.retention_hours


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("purpose: Things.\n", "", "purpose"),
        ("key: town", "kay: town", "kay"),
        ("personal_data: none", "personal_data: some", "personal_data must be none or pseudonym"),
        ("partitions: 4", "partitions: 0", "at least 1"),
        ("retention_hours: 24", "retention_hours: 0", "at least 1"),
    ],
)
def test_a_topic_file_with_a_fault_is_noticed(old, new, error):
    assert topic_from_yaml(TOPIC).name == "things"
    with pytest.raises((TypeError, ValueError), match=error):
        topic_from_yaml(TOPIC.replace(old, new))


@pytest.mark.parametrize("partitions", [4, 8, 20])
@pytest.mark.parametrize("slices", [1, 2, 3, 7])
def test_a_towns_days_lie_where_its_ticks_go_and_four_days_in_a_row_lie_apart(partitions, slices):
    for town in ("village", "harbour", "temple-town"):
        ticked = town_partitions(town, partitions, slices)
        assert ticked == sorted(set(ticked))
        found = set()
        for slice_ in range(slices):
            four = {detections_partition(town, day, partitions, slice_) for day in range(19_000, 19_004)}
            assert len(four) == 4
            assert four == {
                detections_partition(town, day, partitions, slice_) for day in range(19_004, 19_020)
            }
            found |= four
        assert found == set(ticked)


def test_slices_lie_apart_as_long_as_there_are_shards():
    for slices in (1, 2, 5):
        of_one_day = [detections_partition("village", 19_000, 20, slice_) for slice_ in range(slices)]
        assert len(set(of_one_day)) == slices
    assert detections_partition("village", 19_000, 20, 5) == detections_partition("village", 19_000, 20, 0)


def test_a_partition_is_the_same_in_every_version():
    """What stands in a log was put there by this: another place would open its days a second time."""
    found = [detections_partition("village", 19_797, 8, slice_) for slice_ in range(3)]
    assert found == [5, 1, 5]


def test_no_file_of_the_contract_is_too_large_to_read():
    assert all(path.stat().st_size < 20_000 for path in Path(PROTO).glob("*/*/*.b*"))


def test_a_dead_letter_is_gone_a_day_after_it_was_written():
    letters = topics()["dead-letters"]
    assert letters.retention_hours + letters.segment_hours < 24
