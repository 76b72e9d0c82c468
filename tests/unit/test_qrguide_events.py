"""`POST /v1/events` of the guide: answered when the log has what was accepted, and nothing of who posted."""

import json
import re
from dataclasses import replace

import pytest
from fakes.guide import PublishedGuides
from fakes.log import MemoryLog
from fakes.town_day import TOWN
from fastapi.testclient import TestClient
from meguri_proto.records import read_guide_events, read_survey_answers
from meguri_proto.towns import Clock
from meguri_qrguide.app import create_app
from meguri_qrguide.endpoints import MAX_BODY_BYTES

NOW_MS = 1_760_000_000_000
TOWNS = {
    name: replace(TOWN, town=name, sights={number: "hall"}, clock=clock)
    for number, (name, clock) in enumerate((("tea", Clock.RECORDING), ("cave", Clock.LIVE)), 1)
}


def event(name, sight=1, **fields):
    return {"event_id": name, "sight": sight, "language": "en", "kind": "opened", "at_ms": NOW_MS, **fields}


def answer(sheet, town="tea"):
    fields = {"question": "came-by", "answer": "bus", "language": "ja", "at_ms": NOW_MS, "version": 1}
    return {"town": town, "sheet_id": sheet, **fields}


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def client(log, tmp_path):
    guides = PublishedGuides(tmp_path)
    with TestClient(create_app(towns=TOWNS, log=log, guides=guides, now_ms=lambda: NOW_MS)) as client:
        yield client


def letters(log):
    return [each.headers for each in log.read_all("dead-letters")]


def test_what_is_posted_together_is_one_message_a_town_and_topic_under_the_towns_key(client, log):
    body = {
        "events": [event("a"), event("b", sight=2), event("c")],
        "answers": [answer("s"), answer("t"), answer("u", town="cave")],
    }
    reply = client.post("/v1/events", json=body)
    assert (reply.status_code, reply.json()) == (200, {"accepted": 6, "rejected": []})
    events = [
        (each.key, [e.event_id for e in read_guide_events(each.value)])
        for each in log.read_all("guide-events")
    ]
    assert sorted(events) == [(b"cave", ["b"]), (b"tea", ["a", "c"])]
    answers = [
        (each.key, [a.sheet_id for a in read_survey_answers(each.value)])
        for each in log.read_all("survey-answers")
    ]
    assert sorted(answers) == [(b"cave", ["u"]), (b"tea", ["s", "t"])]
    assert letters(log) == []


def test_what_is_not_accepted_is_named_counted_and_leaves_one_letter_a_reason_without_a_body(client, log):
    body = {"events": [event("a"), event("b", sight=9), event("c", sight=9), event("d", kind="sold")]}
    body["events"].append(event("e", sight=2, at_ms=NOW_MS + 3_600_000))
    reply = client.post("/v1/events", json=body)
    assert reply.status_code == 200
    assert reply.json()["accepted"] == 1
    assert [(each["item"], each["reason"]) for each in reply.json()["rejected"]] == [
        ("events[1]", "unknown_sight"),
        ("events[2]", "unknown_sight"),
        ("events[3]", "bad_field"),
        ("events[4]", "clock_ahead"),
    ]
    assert {each.value for each in log.read_all("dead-letters")} == {b""}
    assert sorted((each["reason"], each["source"], each["town"], each["items"]) for each in letters(log)) == [
        (b"bad_field", b"guide/events", b"", b"1"),
        (b"clock_ahead", b"guide/events", b"cave", b"1"),
        (b"unknown_sight", b"guide/events", b"", b"2"),
    ]
    metrics = client.get("/metrics").text
    assert 'meguri_qrguide_rejected_total{items="events",reason="unknown_sight"} 2.0' in metrics
    assert 'meguri_qrguide_accepted_total{items="events"} 1.0' in metrics


def test_a_post_of_which_nothing_is_accepted_is_422_and_an_empty_one_is_not(client):
    nothing = client.post("/v1/events", json={"events": [event("a", sight=9)]})
    assert nothing.status_code == 422
    assert nothing.json()["error"].endswith(".")
    assert [each["item"] for each in nothing.json()["rejected"]] == ["events[0]"]
    assert client.post("/v1/events", json={}).json() == {"accepted": 0, "rejected": []}


def test_a_body_that_is_no_json_is_400_and_leaves_its_length(client, log):
    reply = client.post("/v1/events", content=b"oops", headers={"Content-Type": "application/json"})
    assert reply.status_code == 400
    assert letters(log) == [{"reason": b"unreadable", "source": b"guide/body", "town": b"", "length": b"4"}]


def test_a_body_that_is_too_long_is_413_and_a_letter(client, log):
    long = json.dumps({"events": [event("x", note="y" * MAX_BODY_BYTES)]})
    reply = client.post("/v1/events", content=long, headers={"Content-Type": "application/json"})
    assert reply.status_code == 413
    assert "Post it in parts." in reply.json()["error"]
    assert [each["reason"] for each in letters(log)] == [b"too_large"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
    ids=str,
)
def test_what_is_not_json_by_its_header_is_415(client, headers):
    assert client.post("/v1/events", content=b"{}", headers=headers).status_code == 415


def test_a_character_set_beside_the_media_type_is_fine(client):
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert client.post("/v1/events", content=b"{}", headers=headers).status_code == 200


@pytest.mark.parametrize("sight", [1, 9])
def test_while_the_log_is_away_the_same_is_to_be_posted_again(client, log, sight):
    log.available = False
    reply = client.post("/v1/events", json={"events": [event("a", sight=sight)]})
    assert reply.status_code == 503
    assert int(reply.headers["Retry-After"]) > 0
    assert "meguri_qrguide_refused_total 1.0" in client.get("/metrics").text
    assert 'accepted_total{items="events"} 1' not in client.get("/metrics").text
    log.available = True
    again = client.post("/v1/events", json={"events": [event("a", sight=sight)]})
    assert again.status_code == (200 if sight == 1 else 422)


def test_nothing_of_who_posts_is_in_the_log(client, log):
    visitor = {"User-Agent": "somebody", "X-Forwarded-For": "192.0.2.9", "Cookie": "id=somebody"}
    client.post("/v1/events", json={"events": [event("a"), event("b", sight=9)]}, headers=visitor)
    records = [*log.read_all("guide-events"), *log.read_all("dead-letters")]
    assert len(records) == 2
    assert not re.search(r"somebody|192\.0\.2\.9", repr(records))
