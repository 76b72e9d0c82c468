"""What many phones post at once is few messages, each answered when the log has its own, and none is lost."""

import asyncio

import pytest
from fakes.log import MemoryLog
from meguri_kit.log import LogUnavailableError
from meguri_proto.records import read_guide_events, read_survey_answers
from meguri_proto.schema.guide_pb2 import GuideEvent
from meguri_proto.schema.survey_pb2 import SurveyAnswer
from meguri_qrguide import appending
from meguri_qrguide.appending import Appending


@pytest.fixture
def log():
    return MemoryLog()


def events(*names, town="cave"):
    return {town: [GuideEvent(town=town, event_id=name) for name in names]}


def ids(log):
    return [[each.event_id for each in read_guide_events(m.value)] for m in log.read_all("guide-events")]


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


async def test_what_arrives_while_kafka_writes_goes_together_as_the_next_message(log):
    log.acknowledging.clear()
    sent = Appending(log)
    posts = []
    for n in range(50):
        posts.append(asyncio.create_task(sent.append(events(f"{n}-a", f"{n}-b"), {})))
        await asyncio.sleep(0)
    await settled()
    assert not any(post.done() for post in posts)
    log.acknowledging.set()
    await asyncio.gather(*posts)
    first, rest = ids(log)
    assert first + rest == [f"{n}-{item}" for n in range(50) for item in "ab"]


async def test_a_message_holds_no_more_than_kafka_takes(log, monkeypatch):
    monkeypatch.setattr(appending, "MAX_MESSAGE_BYTES", 200)
    sent = Appending(log)
    await asyncio.gather(*(sent.append(events("x" * 60), {}) for _ in range(9)))
    assert [len(each) for each in ids(log)] == [2, 2, 2, 2, 1]


async def test_towns_and_topics_are_messages_of_their_own(log):
    answer = SurveyAnswer(town="cave", sheet_id="s", question="q", answer="a")
    await Appending(log).append({**events("a"), **events("b", town="tea")}, {"cave": [answer]})
    assert sorted((m.key, ids) for m, ids in zip(log.read_all("guide-events"), ids(log), strict=True)) == [
        (b"cave", ["a"]),
        (b"tea", ["b"]),
    ]
    (message,) = log.read_all("survey-answers")
    assert read_survey_answers(message.value) == [answer]


async def test_without_kafka_everybody_who_waits_is_told_and_the_next_post_is_tried_again(log):
    log.available = False
    sent = Appending(log)
    answers = await asyncio.gather(
        *(sent.append(events(str(n)), {}) for n in range(9)), return_exceptions=True
    )
    assert [type(each) for each in answers] == [LogUnavailableError] * 9
    log.available = True
    await sent.append(events("again"), {})
    assert ids(log) == [["again"]]


async def test_more_than_memory_bears_is_refused_at_once_and_what_waits_is_written(log, monkeypatch):
    monkeypatch.setattr(appending, "MAX_WAITING_BYTES", 200)
    log.acknowledging.clear()
    sent = Appending(log)
    on_its_way = asyncio.create_task(sent.append(events("first"), {}))
    await settled()
    waiting = asyncio.create_task(sent.append(events("x" * 100), {}))
    await settled()
    with pytest.raises(LogUnavailableError, match="too much waits"):
        await sent.append(events("y" * 100), {})
    log.acknowledging.set()
    await asyncio.gather(on_its_way, waiting)
    assert ids(log) == [["first"], ["x" * 100]]


async def test_closing_writes_what_waits(log):
    log.acknowledging.clear()
    sent = Appending(log)
    post = asyncio.create_task(sent.append(events("a"), {}))
    await settled()
    closing = asyncio.create_task(sent.close())
    await settled()
    log.acknowledging.set()
    await asyncio.gather(closing, post)
    assert ids(log) == [["a"]]
