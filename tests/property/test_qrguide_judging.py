"""Whatever is posted to the guide is accepted or rejected, each item exactly once."""

import json
from dataclasses import replace

from fakes.town_day import TOWN
from hypothesis import given
from hypothesis import strategies as st
from meguri_proto.reasons import RejectReason
from meguri_proto.towns import Clock
from meguri_qrguide.judging import BodyError, judge

NOW_MS = 1_760_000_000_000
LIVE = replace(TOWN, clock=Clock.LIVE, sights={1: "hall"})
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "event_id": st.just("e") | ANYTHING,
        "sight": st.just(1) | st.just(0) | ANYTHING,
        "language": st.just("ja") | ANYTHING,
        "kind": st.sampled_from(["opened", "listened", "finished", "rated", "stored"]) | ANYTHING,
        "at_ms": st.just(NOW_MS) | ANYTHING,
        "walk": st.just("0123456789abcdef") | ANYTHING,
        "seconds": st.integers(0, 9) | ANYTHING,
        "rating": st.integers(0, 5) | ANYTHING,
        "town": st.just(LIVE.town) | ANYTHING,
        "sheet_id": st.just("s") | ANYTHING,
        "question": st.just("q") | ANYTHING,
        "answer": st.just("a") | ANYTHING,
        "free_text": st.text(max_size=20) | ANYTHING,
    },
)


@given(
    st.lists(NEARLY | ANYTHING, max_size=5),
    st.lists(NEARLY | ANYTHING, max_size=5),
    st.none() | st.integers(0, 4_102_444_800_000),
)
def test_every_item_is_accepted_or_rejected_once_with_a_reason_and_a_sentence(events, answers, sent_at_ms):
    body = json.dumps({"events": events, "answers": answers, "sent_at_ms": sent_at_ms}).encode()
    judged = judge(body, {LIVE.town: LIVE}, {1: LIVE}, NOW_MS)
    assert judged.accepted + len({each.item for each in judged.rejected}) == len(events) + len(answers)
    assert len({each.item for each in judged.rejected}) == len(judged.rejected)
    for each in judged.rejected:
        assert each.reason in RejectReason
        assert each.message.endswith(".")


@given(st.binary() | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_whatever_the_body_is_it_is_judged_or_refused_as_a_whole(body):
    try:
        judge(body, {LIVE.town: LIVE}, {1: LIVE}, NOW_MS)
    except BodyError as error:
        assert error.reason is RejectReason.UNREADABLE  # noqa: PT017  either way is fine
