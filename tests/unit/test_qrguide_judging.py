"""What phones post to the guide: what is accepted, and the reason of each item that is not."""

import json
from dataclasses import replace

import pytest
from fakes.town_day import TOWN
from meguri_proto.reasons import RejectReason
from meguri_proto.towns import Clock
from meguri_qrguide.judging import MAX_ITEMS, BodyError, judge
from meguri_qrguide.sights import towns_of_sights

NOW_MS = 1_760_000_000_000
MINUTE, DAY = 60_000, 86_400_000
LIVE = replace(TOWN, town="live", clock=Clock.LIVE, sights={1: "hall"})
RECORDING = replace(TOWN, town="recorded", sights={2: "hall"})
TOWNS = {town.town: town for town in (LIVE, RECORDING)}
EVENT = {
    "event_id": "e-1",
    "sight": 1,
    "language": "zh-Hant",
    "kind": "opened",
    "at_ms": NOW_MS,
    "walk": "00000000000000ff",
}
ANSWER = {
    "town": "live",
    "sheet_id": "s-1",
    "question": "came-by",
    "answer": "bus,train",
    "language": "ja",
    "at_ms": NOW_MS,
    "version": 2,
}


def judged(events=(), answers=()):
    body = json.dumps({"events": list(events), "answers": list(answers)}).encode()
    return judge(body, TOWNS, towns_of_sights(TOWNS), NOW_MS)


def without(item, name):
    return {key: value for key, value in item.items() if key != name}


def test_an_event_is_taken_with_the_town_of_its_sight_and_the_key_day_of_its_time():
    found = judged([EVENT])
    (event,) = found.events["live"]
    assert (event.town, event.event_id, event.sight, event.language) == ("live", "e-1", "1", "zh-Hant")
    assert (event.kind, event.at_ms, event.walk, event.version) == ("opened", NOW_MS, 255, 1)
    assert event.key_day == LIVE.key_day_at(NOW_MS)
    assert (found.accepted, found.rejected) == (1, [])


def test_listening_has_its_seconds_and_a_rating_its_stars():
    events = [{**EVENT, "kind": "listened", "seconds": 40}, {**EVENT, "kind": "rated", "rating": 5}]
    assert [(e.seconds, e.rating) for e in judged(events).events["live"]] == [(40, 0), (0, 5)]


def test_an_answer_is_taken_as_it_was_given():
    (answer,) = judged(answers=[ANSWER]).answers["live"]
    assert (answer.town, answer.sheet_id, answer.question, answer.answer) == (
        "live", "s-1", "came-by", "bus,train"
    )  # fmt: skip
    assert (answer.version, answer.key_day) == (2, LIVE.key_day_at(NOW_MS))


def test_a_field_of_a_newer_page_is_left_out_and_the_rest_taken():
    assert judged([{**EVENT, "colour": "red"}]).accepted == 1


def test_what_is_accepted_and_what_is_not_are_told_apart_item_by_item():
    found = judged([EVENT, {**EVENT, "sight": 9}, EVENT], [ANSWER, {}])
    assert found.accepted == 3
    assert [(each.item, each.reason) for each in found.rejected] == [
        ("events[1]", RejectReason.UNKNOWN_SIGHT),
        ("answers[1]", RejectReason.BAD_FIELD),
    ]


@pytest.mark.parametrize("name", ["event_id", "sight", "language", "kind", "at_ms"])
def test_an_event_without_a_field_that_it_needs_is_refused_by_the_fields_name(name):
    (rejected,) = judged([without(EVENT, name)]).rejected
    assert rejected.reason is RejectReason.BAD_FIELD
    assert rejected.message == f"{name} is missing."


@pytest.mark.parametrize("name", ["town", "sheet_id", "question", "answer", "language", "at_ms"])
def test_an_answer_without_a_field_that_it_needs_is_refused_by_the_fields_name(name):
    (rejected,) = judged(answers=[without(ANSWER, name)]).rejected
    assert rejected.message == f"{name} is missing."


@pytest.mark.parametrize(
    "wrong",
    [
        {"event_id": ""},
        {"event_id": "x" * 65},
        {"event_id": "a b"},
        {"event_id": "line\n"},
        {"event_id": 7},
        {"sight": "1"},
        {"sight": True},
        {"sight": 1.5},
        {"language": "japanese"},
        {"language": "ja_JP"},
        {"kind": "closed"},
        {"kind": None},
        {"at_ms": -1},
        {"at_ms": float(NOW_MS)},
        {"at_ms": 10**30},
        {"walk": "ff"},
        {"walk": "000000000000000G"},
        {"seconds": 5},
        {"kind": "listened", "seconds": -1},
        {"kind": "listened", "seconds": 86_401},
        {"kind": "rated"},
        {"kind": "rated", "rating": 6},
        {"rating": 3},
    ],
    ids=str,
)
def test_an_event_with_a_value_that_it_cannot_have_is_refused_without_showing_it(wrong):
    (rejected,) = judged([{**EVENT, **wrong}]).rejected
    assert rejected.reason is RejectReason.BAD_FIELD
    assert any(name in rejected.message for name in wrong)
    for value in wrong.values():
        if isinstance(value, str) and len(value) > 7:
            assert value not in rejected.message


@pytest.mark.parametrize(
    "wrong",
    [
        {"town": "elsewhere"},
        {"sheet_id": "?"},
        {"question": "Where from?"},
        {"answer": "My name is Hanako"},
        {"answer": ""},
        {"answer": "a" * 65},
        {"answer": 3},
        {"version": 0},
        {"version": 2**63},
    ],
    ids=str,
)
def test_an_answer_with_a_value_that_it_cannot_have_is_refused_without_showing_it(wrong):
    (rejected,) = judged(answers=[{**ANSWER, **wrong}]).rejected
    assert rejected.reason is RejectReason.BAD_FIELD
    assert "Hanako" not in rejected.message


@pytest.mark.parametrize("item", [None, 1, "text", [], [EVENT]], ids=str)
def test_an_item_that_is_no_object_is_refused(item):
    (rejected,) = judged([item]).rejected
    assert rejected.message == "it is to be an object."


@pytest.mark.parametrize(
    ("at_ms", "reason"),
    [
        (NOW_MS + 5 * MINUTE, None),
        (NOW_MS + 5 * MINUTE + 1, RejectReason.CLOCK_AHEAD),
        (NOW_MS - 90 * DAY, None),
        (NOW_MS - 90 * DAY - 1, RejectReason.TOO_OLD),
    ],
)
def test_a_live_town_takes_five_minutes_ahead_and_ninety_days_back(at_ms, reason):
    found = judged([{**EVENT, "at_ms": at_ms}], [{**ANSWER, "at_ms": at_ms}])
    assert [(each.town, each.reason) for each in found.rejected] == ([("live", reason)] * 2 if reason else [])


@pytest.mark.parametrize("at_ms", [0, NOW_MS - 400 * DAY, NOW_MS + 400 * DAY])
def test_a_recording_town_takes_any_time(at_ms):
    found = judged([{**EVENT, "sight": 2, "at_ms": at_ms}], [{**ANSWER, "town": "recorded", "at_ms": at_ms}])
    assert found.accepted == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"{",
        b"[" * 200_000,
        b'{"event": []}',
        b'{"events": {}}',
        b'{"events": [], "answers": null}',
        b'{"events": [' + b"1" * 5_000 + b"]}x",
    ],
    ids=lambda body: str(body[:20]),
)
def test_a_body_that_is_not_as_described_is_unreadable(body):
    with pytest.raises(BodyError) as raised:
        judge(body, TOWNS, {}, NOW_MS)
    assert raised.value.reason is RejectReason.UNREADABLE


def test_more_items_than_one_post_may_hold_are_too_large():
    assert judged([EVENT] * (MAX_ITEMS - 1), [ANSWER]).accepted == MAX_ITEMS
    with pytest.raises(BodyError) as raised:
        judged([EVENT] * MAX_ITEMS, [ANSWER])
    assert raised.value.reason is RejectReason.TOO_LARGE
    assert "501" in str(raised.value)
