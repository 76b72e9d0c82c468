"""What phones post is in ClickHouse once, in its order and at its times, however often it comes."""

from dataclasses import replace

import pytest
from fakes.guide import PublishedGuides
from fakes.log import MemoryLog
from fakes.town_day import TOWN
from fastapi.testclient import TestClient
from meguri_flow.stream.inserts import insert
from meguri_flow.stream.topic_rows import ONE_TO_ONE
from meguri_proto.towns import Clock
from meguri_qrguide.app import create_app

HOUR, DAY = 3_600_000, 86_400_000
FIRST_MS = TOWN.day_bounds_ms(20_028)[1]
"""The end of the key day of 1 November 2024: not long before it another month was."""
LIVE = replace(TOWN, clock=Clock.LIVE, sights={1: "hall", 2: "station"})
EVENTS = (
    "SELECT event_id, sight, kind, at_ms, estimated_ms FROM guide_events FINAL WHERE town = %(town)s "
    "ORDER BY estimated_ms, event_id"
)
ANSWERS = "SELECT question, answer, free_text, estimated_ms FROM survey_answers FINAL WHERE town = %(town)s"


class Guide:
    """A guide whose log becomes rows, on a clock of the test's own."""

    def __init__(self, store, folder, town):
        self.now_ms = FIRST_MS
        self.town = town
        self._store = store
        self._log = MemoryLog()
        towns = {town: replace(LIVE, town=town)}
        app = create_app(
            towns=towns, log=self._log, guides=PublishedGuides(folder), now_ms=lambda: self.now_ms
        )
        self.client = TestClient(app)

    def post(self, events=(), answers=(), **body):
        answer = self.client.post("/v1/events", json={"events": events, "answers": answers, **body})
        assert answer.status_code == 200, answer.text

    def flow(self):
        """The flow reads the whole log, as it does after a fall."""
        for one_to_one in ONE_TO_ONE:
            values = [each.value for each in self._log.read_all(one_to_one.topic)]
            columns, rejected = one_to_one.rows(values)
            assert rejected == []
            if len(columns["town"]):
                insert(self._store, one_to_one.table, columns)

    def rows(self, question=EVENTS):
        return [tuple(row.values()) for row in self._store.select(question, {"town": self.town})]


@pytest.fixture
def guide(each_store, tmp_path, request):
    made = Guide(each_store, tmp_path, request.node.name)
    with made.client:
        yield made


def walk(begun_ms):
    steps = (("opened", 1, 0), ("listened", 1, 75), ("opened", 2, 0), ("rated", 2, 0))
    return [
        {
            "event_id": f"e{number}",
            "sight": sight,
            "language": "ja",
            "kind": kind,
            "at_ms": begun_ms + number * 1_000,
            "walk": "00000000000000ff",
            "seconds": seconds,
            "rating": 5 if kind == "rated" else 0,
        }
        for number, (kind, sight, seconds) in enumerate(steps)
    ]


def happened(begun_ms, wrong_by_ms=0):
    return [
        (each["event_id"], str(each["sight"]), each["kind"], each["at_ms"] + wrong_by_ms, each["at_ms"])
        for each in walk(begun_ms)
    ]


def test_a_log_that_was_cut_in_the_middle_and_comes_again_whole_is_there_once_in_its_order(guide):
    events = walk(guide.now_ms - HOUR)
    guide.post(events[:2], sent_at_ms=guide.now_ms)
    guide.flow()
    guide.now_ms += 5_000
    guide.post(events, sent_at_ms=guide.now_ms)
    guide.flow()
    guide.flow()
    assert guide.rows() == happened(FIRST_MS - HOUR)


@pytest.mark.parametrize("wrong_by_ms", [-365 * DAY, 365 * DAY])
def test_a_phone_whose_clock_is_wrong_by_a_year_has_its_log_at_the_guides_times_beside_its_own(
    guide, wrong_by_ms
):
    begun_ms = guide.now_ms - HOUR
    guide.post(walk(begun_ms + wrong_by_ms), sent_at_ms=guide.now_ms + wrong_by_ms)
    guide.flow()
    assert guide.rows() == happened(begun_ms, wrong_by_ms)


def test_a_clock_that_was_set_between_two_deliveries_moves_nothing_into_another_month(guide):
    behind_ms = -10 * DAY
    begun_ms = guide.now_ms - HOUR
    events = walk(begun_ms + behind_ms)
    guide.post(events, sent_at_ms=guide.now_ms + behind_ms)
    guide.flow()
    guide.now_ms += 2 * HOUR
    guide.post(events, sent_at_ms=guide.now_ms)
    guide.flow()
    assert guide.rows() == happened(begun_ms, behind_ms)
    in_october = EVENTS.replace("ORDER", "AND key_day < '2024-11-01' ORDER")
    assert guide.rows(in_october) == []


def test_an_answer_that_comes_twice_is_one_and_its_words_are_masked(guide):
    words = "連絡は hanako@example.jp まで"
    answers = [
        {"town": guide.town, "sheet_id": "s", "language": "ja", "at_ms": guide.now_ms, **said}
        for said in ({"question": "nights", "answer": "2"}, {"question": "remarks", "free_text": words})
    ]
    guide.post(answers=answers)
    guide.post(answers=answers)
    guide.flow()
    assert sorted(guide.rows(ANSWERS)) == [
        ("nights", "2", "", FIRST_MS),
        ("remarks", "", "連絡は [mail] まで", FIRST_MS),
    ]
