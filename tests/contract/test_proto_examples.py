"""Every frozen message runs through whoever takes it: accepted, or rejected with its reason; also when it
comes from an older producer, which lacks fields, or from a newer one, which has more.
"""

import base64
import hmac
import json

import pytest
from fakes.ingest_world import KEY_DAY, NOON, TOWN, IngestWorld
from google.protobuf.message import DecodeError
from meguri_flow.domain.partition import Partition
from meguri_flow.stream.topic_rows import ONE_TO_ONE
from meguri_proto.columns import read_columns
from meguri_proto.reasons import RejectReason
from meguri_proto.schema.log_pb2 import Record
from meguri_proto.schema.survey_pb2 import SurveyAnswers
from meguri_proto.schema.upload_pb2 import Batch, Upload
from meguri_proto.topics import topics
from meguri_proto.towns import parse_town
from meguri_qrguide.judging import BodyError
from meguri_qrguide.judging import judge as judge_post
from reference.examples import PROTO, examples, rejects, script

KEY = bytes(range(32))
"""The key of every day in the examples."""
DRAWN = (KEY_DAY - 3, KEY_DAY - 1, KEY_DAY)
FIELD_FROM_THE_FUTURE = bytes.fromhex("ca3e0568656c6c6f")
"""Field 1001, of length 5."""


REQUESTS = script("freeze").REQUESTS
SQUARE_KEY = "the key of the shop"
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


def opened():
    """The records that open the day, of a town that is not divided and of slice 1."""
    found = {example.path.stem: example.body for example in examples("detections")}
    return [found["rules"], found["rules_of_a_slice"]]


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
    elif "request" in says:
        assert json.loads(example.body) == says["request"]
    else:
        assert freeze.message_of(example.folder, example.body) == says["message"]
        assert example.body.endswith(bytes.fromhex(says.get("unknown", "")))


def test_bytes_and_json_stand_in_pairs_in_a_folder_of_what_they_are():
    for kind in ("examples", "rejects"):
        for folder in (PROTO / kind).iterdir():
            assert folder.name in {"upload", *topics(), *REQUESTS}
            frozen = {p.stem for p in folder.glob(f"*{script('freeze').suffix(folder.name)}")}
            assert frozen == {p.stem for p in folder.glob("*.json")}
            assert len(list(folder.iterdir())) == 2 * len(frozen)


def test_every_topic_and_every_request_has_an_example():
    assert {example.folder for example in examples()} == {"upload", *topics(), *REQUESTS}


def test_every_reason_has_a_reject():
    assert {example.path.stem for example in rejects()} == set(RejectReason)


@each(examples("upload"))
async def test_an_upload_is_taken_as_it_says_and_what_is_taken_folds(village, example):
    ingest = village()
    role = example.says.get("role", "sensor")
    answer = (await ingest.post_body(example.body, role=role)).json()
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
    rejected, state = fold(*opened(), example.body)
    assert rejected == []
    assert state.unknown_records == (example.says["message"] == {}), "what nobody knows is counted"


@each(rejects("detections"))
def test_a_record_that_does_not_fold_is_rejected_for_its_reason_and_the_next_one_folds(example):
    rejected, state = fold(*opened(), example.body, *opened())
    assert rejected == example.says["rejected"] == [example.path.stem]
    assert state.next_offset == 5


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
        from_a_newer_producer(Upload, example.body),
        sensor=example.says.get("sensor", "gate"),
        role=example.says.get("role", "sensor"),
    )
    assert answer.json()["accepted"] == example.says["accepted"]
    assert [[i["item"], i["reason"]] for i in answer.json()["rejected"]] == example.says["rejected"]


@each(examples("detections"))
def test_a_record_of_a_newer_ingest_folds_as_the_same(example):
    rejected, state = fold(*opened(), from_a_newer_producer(Record, example.body))
    _, expected = fold(*opened(), example.body)
    assert rejected == []
    assert state.unknown_records == expected.unknown_records
    assert state.days.keys() == expected.days.keys()


@each(examples("upload"))
async def test_an_upload_that_lacks_a_field_is_taken_or_rejected_and_never_breaks_ingest(village, example):
    ingest = village()
    for body in from_older_producers(Upload, example.body):
        answer = await ingest.post_body(body, role=example.says.get("role", "sensor"))
        assert answer.status_code in (200, 422)
        reasons = {item["reason"] for item in answer.json()["rejected"]}
        assert reasons <= set(RejectReason)


@each(examples("detections"))
def test_a_record_that_lacks_a_field_is_folded_or_rejected_and_never_breaks_the_fold(example):
    for body in from_older_producers(Record, example.body):
        rejected, state = fold(*opened(), body)
        assert set(rejected) <= set(RejectReason)
        assert state.next_offset == 3


async def post_request(ingest, example):
    """Post a frozen request to ingest as whoever it is of; the answer."""
    says = example.says
    if example.folder == "square-webhook":
        ingest.registry.connect_webhook("village", "cafe", "square", SQUARE_KEY)
        path = "/v1/webhooks/square/village/cafe"
        key = says.get("signed_with", SQUARE_KEY).encode()
        signature = hmac.digest(key, f"http://ingest{path}".encode() + example.body, "sha256")
        headers = {"x-square-hmacsha256-signature": base64.b64encode(signature).decode()}
    else:
        path, name, role = {
            "post-sales": ("/v1/sales", "cafe", "till"),
            "post-counts": ("/v1/counts", "gate-camera", "counter"),
        }[example.folder]
        headers = ingest.authorization(says.get("name", name), says.get("role", role))
    return await ingest.client.post(path, content=example.body, headers=headers)


def named(rejected):
    return [[item["item"], item["reason"]] for item in rejected]


@each(examples("post-sales", "post-counts", "square-webhook"))
async def test_a_request_is_taken_as_it_says_and_what_is_taken_becomes_rows(village, example):
    ingest = village()
    answer = await post_request(ingest, example)
    assert answer.status_code == 200
    assert answer.json()["accepted"] == example.says["accepted"]
    assert named(answer.json()["rejected"]) == example.says["rejected"]
    rows = 0
    for topic in ("sales", "counts"):
        columns, rejected = OF_TOPIC[topic].rows([each.value for each in ingest.log.read_all(topic)])
        assert rejected == []
        rows += len(columns["town"])
    assert rows == example.says["accepted"]


@each(rejects("post-sales", "post-counts", "square-webhook"))
async def test_a_request_is_rejected_for_the_reason_that_is_its_name(village, example):
    ingest, says = village(example.says.get("clock", "recording")), example.says
    answer = await post_request(ingest, example)
    if "rejected" in says:
        assert answer.json()["accepted"] == says["accepted"]
        assert named(answer.json()["rejected"]) == says["rejected"]
        assert {reason for _, reason in says["rejected"]} == {example.path.stem}
    else:
        assert answer.status_code == {"unreadable": 400, "bad_signature": 403}[example.path.stem]
    assert [letter.headers["reason"].decode() for letter in ingest.dead_letters()] == [example.path.stem]
    assert not ingest.log.read_all("sales") + ingest.log.read_all("counts")


def guides_verdict(example, clock):
    town = parse_town(TOWN.format(clock=clock), "village.yaml")
    return judge_post(example.body, {town.town: town}, dict.fromkeys(town.sights, town), NOON)


@each(examples("post-guide"))
def test_what_a_phone_posts_is_taken_and_becomes_rows(example):
    judged = guides_verdict(example, "live")
    assert (judged.accepted, judged.rejected) == (example.says["accepted"], example.says["rejected"])
    rows = 0
    for topic, message in (
        *(("guide-events", event) for event in judged.events["village"]),
        *(("survey-answers", SurveyAnswers(answers=[each])) for each in judged.answers["village"]),
    ):
        columns, rejected = OF_TOPIC[topic].rows([message.SerializeToString()])
        assert rejected == []
        rows += len(columns["town"])
    assert rows == example.says["accepted"]


@each(rejects("post-guide"))
def test_what_a_phone_posts_is_rejected_for_the_reason_that_is_its_name(example):
    if "rejected" not in example.says:
        with pytest.raises(BodyError) as raised:
            guides_verdict(example, "live")
        assert raised.value.reason == example.path.stem
        return
    judged = guides_verdict(example, example.says.get("clock", "recording"))
    assert judged.accepted == example.says["accepted"]
    assert [[each.item, each.reason] for each in judged.rejected] == example.says["rejected"]
    assert {each.reason for each in judged.rejected} == {example.path.stem}
