"""Every frozen message runs through whoever takes it: accepted, or rejected with its reason; also when it
comes from an older producer, which lacks fields, or from a newer one, which has more.
"""

import pytest
from fakes.ingest_world import KEY_DAY, NOON, IngestWorld
from google.protobuf.message import DecodeError
from meguri_flow.domain.partition import Partition
from meguri_flow.stream.topic_rows import ONE_TO_ONE
from meguri_proto.columns import read_columns
from meguri_proto.reasons import RejectReason
from meguri_proto.schema.log_pb2 import Record
from meguri_proto.schema.upload_pb2 import Batch, Upload
from meguri_proto.topics import topics
from reference.examples import PROTO, examples, rejects, script

KEY = bytes(range(32))
"""The key of every day in the examples."""
DRAWN = (KEY_DAY - 3, KEY_DAY - 1, KEY_DAY)
FIELD_FROM_THE_FUTURE = bytes.fromhex("ca3e0568656c6c6f")
"""Field 1001, of length 5."""


OF_TOPIC = {one_to_one.topic: one_to_one for one_to_one in ONE_TO_ONE}


def each(found):
    return pytest.mark.parametrize("example", found, ids=str)


@pytest.fixture
async def village(tmp_path, monkeypatch):
    """Opens the village at noon of KEY_DAY, live or a recording, its keys drawn as the examples know them."""
    monkeypatch.setattr("meguri_kit.registry.registry.secrets.token_bytes", lambda _: KEY)
    opened = []

    def open_village(clock="recording"):
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        opened.append(IngestWorld(folder, clock=clock))
        for day in DRAWN:
            opened[-1].registry.day_key("village", day)
        return opened[-1]

    yield open_village
    for world in opened:
        await world.close()


def fold(*values):
    """(what was rejected, the partition) after folding the values as a log."""
    partition = Partition()
    rejected = partition.observe(enumerate(values))
    partition.take_rows()
    return [found.reason.value for found in rejected], partition


def rules_example():
    (found,) = (example for example in examples("detections") if example.path.stem == "rules")
    return found.body


def submessages(message):
    """The message and every message in it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type:
            for inner in value if field.is_repeated else [value]:
                yield from submessages(inner)


def from_a_newer_producer(kind, body):
    """The same message with a field that nobody knows, on every level."""
    message = kind.FromString(body)
    for inner in submessages(message):
        inner.MergeFromString(FIELD_FROM_THE_FUTURE)
    return message.SerializeToString()


def from_older_producers(kind, body):
    """The same message without one of its fields, for each field on every level."""
    places = [
        (index, field.name)
        for index, inner in enumerate(submessages(kind.FromString(body)))
        for field, _ in inner.ListFields()
    ]
    for index, name in places:
        message = kind.FromString(body)
        list(submessages(message))[index].ClearField(name)
        yield message.SerializeToString()


def as_lists(columns):
    return {name: list(column) for name, column in columns.items()}


@each([*examples(), *rejects()])
def test_the_json_beside_the_bytes_shows_what_they_hold(example):
    freeze, says = script("freeze"), example.says
    assert says["says"].endswith(".")
    if "body" in says:
        assert example.body.hex() == says["body"]
    else:
        assert freeze.message_of(example.folder, example.body) == says["message"]
        assert example.body.endswith(bytes.fromhex(says.get("unknown", "")))


def test_bytes_and_json_stand_in_pairs_in_a_folder_of_what_they_are():
    for kind in ("examples", "rejects"):
        for folder in (PROTO / kind).iterdir():
            assert folder.name in {"upload", *topics()}
            stems = {suffix: {p.stem for p in folder.glob(f"*{suffix}")} for suffix in (".json", ".binpb")}
            assert stems[".json"] == stems[".binpb"]
            assert len(list(folder.iterdir())) == 2 * len(stems[".json"])


def test_every_topic_has_an_example():
    assert {example.folder for example in examples()} == {"upload", *topics()}


def test_every_reason_has_a_reject():
    assert {example.path.stem for example in rejects("upload", "detections")} == set(RejectReason)


@each(examples("upload"))
async def test_an_upload_is_taken_as_it_says_and_what_is_taken_folds(village, example):
    ingest = village()
    answer = (await ingest.post_body(example.body)).json()
    assert answer["accepted"] == example.says["accepted"]
    assert [[item["item"], item["reason"]] for item in answer["rejected"]] == example.says["rejected"]
    for partition in range(4):
        rejected, state = fold(*(each.value for each in ingest.log.read("detections", partition)))
        assert rejected == []
        assert state.unknown_records == 0
    for letter in ingest.dead_letters():
        batch = Batch.FromString(letter.value)
        read_columns(batch, batch.count)


@each([example for example in rejects("upload") if "message" in example.says])
async def test_an_upload_is_rejected_for_the_reason_that_is_its_name(village, example):
    ingest, says = village(example.says.get("clock", "recording")), example.says
    ingest.now_ms = NOON
    answer = await ingest.post_body(example.body, sensor=says.get("sensor", "gate"))
    assert answer.status_code == 422
    found = [[item["item"], item["reason"]] for item in answer.json()["rejected"]]
    assert found == says["rejected"]
    assert {reason for _, reason in found} == {example.path.stem}
    assert [letter.headers["reason"].decode() for letter in ingest.dead_letters()] == [example.path.stem]


@each([example for example in rejects("upload") if "body" in example.says])
async def test_a_body_that_is_no_upload_is_unreadable(village, example):
    ingest = village()
    assert (await ingest.post_body(example.body)).status_code == 400
    assert [letter.headers["reason"].decode() for letter in ingest.dead_letters()] == [example.path.stem]


@each(examples("detections"))
def test_a_record_of_the_log_folds(example):
    rejected, state = fold(rules_example(), example.body)
    assert rejected == []
    assert state.unknown_records == (example.says["message"] == {}), "what nobody knows is counted"


@each(rejects("detections"))
def test_a_record_that_does_not_fold_is_rejected_for_its_reason_and_the_next_one_folds(example):
    rejected, state = fold(rules_example(), example.body, rules_example())
    assert rejected == example.says["rejected"] == [example.path.stem]
    assert state.next_offset == 3


@each(examples(*OF_TOPIC))
def test_what_maps_one_to_one_becomes_rows(example):
    columns, rejected = OF_TOPIC[example.folder].rows([example.body])
    assert rejected == []
    lengths = {len(column) for column in columns.values()}
    assert lengths == {example.says.get("rows", 1)}


@each(rejects(*OF_TOPIC))
def test_what_has_no_place_in_its_table_is_rejected_for_the_reason_that_is_its_name(example):
    columns, rejected = OF_TOPIC[example.folder].rows([example.body])
    assert [each.reason.value for each in rejected] == example.says["rejected"] == [example.path.stem]
    assert {len(column) for column in columns.values()} == {example.says.get("rows", 0)}


@each(examples(*OF_TOPIC))
def test_what_maps_one_to_one_comes_from_newer_and_from_older_producers_too(example):
    one_to_one = OF_TOPIC[example.folder]
    kind = script("freeze").message_class(example.folder)
    newer, rejected = one_to_one.rows([from_a_newer_producer(kind, example.body)])
    assert rejected == []
    assert as_lists(newer) == as_lists(one_to_one.rows([example.body])[0])
    for body in from_older_producers(kind, example.body):
        _, rejected = one_to_one.rows([body])
        assert {each.reason for each in rejected} <= {RejectReason.BAD_FIELD}


@each(examples("dead-letters"))
def test_a_dead_letters_body_is_a_batch(example):
    batch = Batch.FromString(example.body)
    read_columns(batch, batch.count)


@each([*examples("upload"), *rejects("upload")])
async def test_an_upload_of_a_newer_sensor_is_taken_as_the_same(village, example):
    if "body" in example.says:
        with pytest.raises(DecodeError):
            Upload.FromString(example.body)
        return
    ingest = village(example.says.get("clock", "recording"))
    answer = await ingest.post_body(
        from_a_newer_producer(Upload, example.body), sensor=example.says.get("sensor", "gate")
    )
    assert answer.json()["accepted"] == example.says["accepted"]
    assert [[i["item"], i["reason"]] for i in answer.json()["rejected"]] == example.says["rejected"]


@each(examples("detections"))
def test_a_record_of_a_newer_ingest_folds_as_the_same(example):
    rejected, state = fold(rules_example(), from_a_newer_producer(Record, example.body))
    _, expected = fold(rules_example(), example.body)
    assert rejected == []
    assert state.unknown_records == expected.unknown_records
    assert state.days.keys() == expected.days.keys()


@each(examples("upload"))
async def test_an_upload_that_lacks_a_field_is_taken_or_rejected_and_never_breaks_ingest(village, example):
    ingest = village()
    for body in from_older_producers(Upload, example.body):
        answer = await ingest.post_body(body)
        assert answer.status_code in (200, 422)
        reasons = {item["reason"] for item in answer.json()["rejected"]}
        assert reasons <= set(RejectReason)


@each(examples("detections"))
def test_a_record_that_lacks_a_field_is_folded_or_rejected_and_never_breaks_the_fold(example):
    for body in from_older_producers(Record, example.body):
        rejected, state = fold(rules_example(), body)
        assert set(rejected) <= set(RejectReason)
        assert state.next_offset == 2
