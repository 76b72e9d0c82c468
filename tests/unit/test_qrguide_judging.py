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


def judged(events=(), answers=(), *, sent_at_ms=None, now_ms=NOW_MS):
    body = {"events": list(events), "answers": list(answers)}
    if sent_at_ms is not None:
        body["sent_at_ms"] = sent_at_ms
    return judge(json.dumps(body).encode(), TOWNS, towns_of_sights(TOWNS), now_ms)


def without(item, name):
    return {key: value for key, value in item.items() if key != name}


def test_an_event_is_taken_with_the_town_of_its_sight_and_the_key_day_of_its_time():
    found = judged([EVENT])
    (event,) = found.events["live"]
    assert (event.town, event.event_id, event.sight, event.language) == ("live", "e-1", "1", "zh-Hant")
    assert (event.kind, event.at_ms, event.walk) == ("opened", NOW_MS, 255)
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


@pytest.mark.parametrize("name", ["town", "sheet_id", "question", "language", "at_ms"])
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
        {"sight": 0},
        {"kind": "stored"},
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
        {"free_text": "and a text as well"},
        {"answer": "", "free_text": "a" * 501},
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


@pytest.mark.parametrize("wrong_by_ms", [-365 * DAY, -2 * MINUTE - 1, 2 * MINUTE + 1, 365 * DAY])
def test_a_phone_whose_clock_is_wrong_has_the_guides_estimate_beside_its_own_time(wrong_by_ms):
    of_phone = NOW_MS - 10 * MINUTE + wrong_by_ms
    found = judged(
        [{**EVENT, "at_ms": of_phone}], [{**ANSWER, "at_ms": of_phone}], sent_at_ms=NOW_MS + wrong_by_ms
    )
    for (item,) in (found.events["live"], found.answers["live"]):
        assert (item.at_ms, item.estimated_ms) == (of_phone, NOW_MS - 10 * MINUTE)
        assert item.key_day == LIVE.key_day_at(NOW_MS - 10 * MINUTE)


@pytest.mark.parametrize("differs_by_ms", [-2 * MINUTE, 0, 2 * MINUTE, None])
def test_times_stay_as_they_are_where_the_clocks_agree_or_cannot_be_compared(differs_by_ms):
    sent_at_ms = None if differs_by_ms is None else NOW_MS + differs_by_ms
    (event,) = judged([EVENT], sent_at_ms=sent_at_ms).events["live"]
    assert event.estimated_ms == event.at_ms == NOW_MS


@pytest.mark.parametrize(
    ("ago_ms", "reason"),
    [
        (-5 * MINUTE - 1, RejectReason.CLOCK_AHEAD),
        (-5 * MINUTE, None),
        (90 * DAY, None),
        (90 * DAY + 1, RejectReason.TOO_OLD),
    ],
)
def test_what_is_too_old_or_of_the_future_is_judged_by_the_estimate(ago_ms, reason):
    wrong_by_ms = -400 * DAY
    of_phone = NOW_MS + wrong_by_ms - ago_ms
    found = judged([{**EVENT, "at_ms": of_phone}], sent_at_ms=NOW_MS + wrong_by_ms)
    assert [each.reason for each in found.rejected] == ([reason] if reason else [])


def test_the_order_of_events_is_kept_where_their_times_are_estimated():
    events = [{**EVENT, "event_id": str(n), "at_ms": 1_000 * n} for n in range(3)]
    estimated = [each.estimated_ms for each in judged(events, sent_at_ms=5_000).events["live"]]
    assert estimated == [NOW_MS - 5_000, NOW_MS - 4_000, NOW_MS - 3_000]


def test_the_first_delivery_of_an_event_outranks_a_second_one_after_the_phones_clock_was_set():
    event = {**EVENT, "at_ms": NOW_MS - 10 * DAY}
    (first,) = judged([event], sent_at_ms=NOW_MS - 10 * DAY).events["live"]
    (second,) = judged([event], sent_at_ms=NOW_MS + MINUTE, now_ms=NOW_MS + MINUTE).events["live"]
    assert (first.estimated_ms, second.estimated_ms) == (NOW_MS, NOW_MS - 10 * DAY)
    assert first.version > second.version


def test_a_guide_that_was_stored_is_an_event_of_the_town_that_it_names():
    stored = {**EVENT, "kind": "stored", "sight": 0, "town": "live"}
    (event,) = judged([stored]).events["live"]
    assert (event.kind, event.sight, event.language) == ("stored", "0", "zh-Hant")
    for wrong in ({**stored, "town": "elsewhere"}, without(stored, "town")):
        (rejected,) = judged([wrong]).rejected
        assert (rejected.reason, rejected.message) == (
            RejectReason.BAD_FIELD, "town is not one of this guide's towns."
        )  # fmt: skip


def test_a_visitors_own_words_are_taken_as_free_text_with_what_leads_to_a_person_masked():
    words = "Great cave! Mail hanako@example.jp or call +81 90-1234-5678, www.example.com/me"
    (answer,) = judged(answers=[{**without(ANSWER, "answer"), "free_text": words}]).answers["live"]
    assert answer.answer == ""
    assert answer.free_text == "Great cave! Mail [mail] or call [phone], [url]"


def test_an_answer_that_is_neither_a_choice_nor_a_text_is_refused():
    (rejected,) = judged(answers=[without(ANSWER, "answer")]).rejected
    assert rejected.message == "an answer has either answer or free_text."


@pytest.mark.parametrize("at_ms", [0, NOW_MS - 400 * DAY, NOW_MS + 400 * DAY])
def test_a_recording_town_takes_any_time(at_ms):
    found = judged(
        [{**EVENT, "sight": 2, "at_ms": at_ms}],
        [{**ANSWER, "town": "recorded", "at_ms": at_ms}],
        sent_at_ms=0,
    )
    assert found.accepted == 2
    assert found.events["recorded"][0].estimated_ms == at_ms


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
        b'{"sent_at_ms": "now"}',
        b'{"sent_at_ms": true}',
        b'{"sent_at_ms": -1}',
        b'{"sent_at_ms": 1e400}',
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
