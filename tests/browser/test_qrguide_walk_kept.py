"""What a visitor did in a cave without signal is in ClickHouse once, in its order and at its times.

A real browser over TLS, with printed signs before its camera; what it noted goes through Kafka and the flow.
"""

import time
from contextlib import contextmanager

import pytest
from browser.cave import YEAR_MS, Guide, listen_to_the_end, scan, store_guide, until
from browser.phone import signal
from engines.flow_world import PATIENCE, eventually
from meguri_flow.app import Flow
from meguri_kit.log import LogProducer, create_topics

SLACK_MS = 5_000
"""What a post may take on its way: the estimate of a wrong clock is off by so much."""
WALK = [
    ("stored", "0"),
    ("opened", "1"),
    ("opened", "2"),
    ("listened", "2"),
    ("finished", "2"),
    ("rated", "2"),
    ("opened", "3"),
]
EVENTS = "SELECT event_id, kind, sight, at_ms, estimated_ms, walk, seconds, rating FROM guide_events FINAL"
ANSWERS = "SELECT question, answer, free_text FROM survey_answers FINAL"


@pytest.fixture(scope="module")
def kept(store):
    """ClickHouse."""
    return store


@pytest.fixture(scope="module")
def log(kafka_bootstrap, redis_url, kept, tmp_path_factory):
    """The log, of which a worker of the flow makes rows."""
    create_topics(kafka_bootstrap)
    log = LogProducer(kafka_bootstrap)
    flow = Flow(kafka_bootstrap, kept, log, redis_url, tmp_path_factory.mktemp("flow"))
    flow.start()
    assert flow.wait_started(PATIENCE)
    yield log
    flow.stop()
    log.close()
    assert flow.failed is None


@pytest.fixture
def guide(log, tmp_path, certificate, request):
    town = request.node.name.removeprefix("test_").replace("_", "-")[:32].rstrip("-")
    guide = Guide(tmp_path / "guide", log, town)
    with signal(guide, certificate) as door:
        guide.door = door
        yield guide


class Moments(dict):
    """Between which moments, in epoch milliseconds, each thing happened."""

    @contextmanager
    def of(self, *happenings):
        begun = time.time_ns() // 1_000_000
        yield
        ended = time.time_ns() // 1_000_000
        self.update(dict.fromkeys(happenings, (begun, ended)))


def rows(kept, select, guide):
    return kept.select(f"{select} WHERE town = %(town)s", {"town": guide.town})


def walk_in_order(kept, guide):
    """The events as they happened; what was noted within one millisecond in the order of `WALK`."""
    events = rows(kept, EVENTS, guide)
    return sorted(events, key=lambda event: (event["estimated_ms"], WALK.index(name(event))))


def name(event):
    return event["kind"], event["sight"]


def walk_without_signal(page, camera, guide, moments):
    """Three sights scanned, one heard to the end and rated, the survey answered: all without signal."""
    page.goto(f"{guide.door.url}/scan")
    with moments.of(("opened", "1")):
        scan(page, camera, guide, 1)
    with moments.of(("opened", "2")):
        scan(page, camera, guide, 2)
    with moments.of(("listened", "2"), ("finished", "2"), ("rated", "2")):
        listen_to_the_end(page)
        page.get_by_role("button", name="4 of 5").click()
        page.get_by_text("Thank you.").wait_for()
    with moments.of(("opened", "3")):
        scan(page, camera, guide, 3)
    page.get_by_role("link", name="To the exit page").first.click()
    page.get_by_text("wait on your phone until there is signal").wait_for()
    page.get_by_role("link", name="Answer the survey").click()
    page.get_by_label("Near").check()
    page.get_by_role("radio", name="5").check()
    page.get_by_label("Your words").fill("Cool and quiet. Write to me: cave@example.org")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Your answers wait on this phone").wait_for()


def come_back(page, guide):
    page.goto(f"{guide.door.url}/x/{guide.town}")
    page.get_by_text("Everything from your walk has been sent").wait_for()


def test_store_go_in_without_signal_scan_listen_rate_answer_close_and_come_back(visitor, guide, camera, kept):
    moments = Moments()
    with visitor() as (_, page):
        with moments.of(("stored", "0")):
            store_guide(page, guide)
            eventually(lambda: [name(event) for event in rows(kept, EVENTS, guide)], WALK[:1])
        guide.door.shut()
        walk_without_signal(page, camera, guide, moments)
    guide.door.mend()
    with visitor() as (_, page):
        come_back(page, guide)
    eventually(lambda: [name(event) for event in walk_in_order(kept, guide)], WALK)
    events = walk_in_order(kept, guide)
    for event in events:
        begun, ended = moments[name(event)]
        assert begun <= event["at_ms"] <= ended, event
        assert event["estimated_ms"] == event["at_ms"]
    assert len({event["walk"] for event in events}) == 1
    assert [event["seconds"] for event in events if event["kind"] == "listened"] == [2]
    assert [event["rating"] for event in events if event["kind"] == "rated"] == [4]
    eventually(lambda: len(rows(kept, ANSWERS, guide)), 3)
    answers = {each["question"]: each for each in rows(kept, ANSWERS, guide)}
    assert (answers["origin"]["answer"], answers["like"]["answer"]) == ("near", "5")
    assert answers["words"]["free_text"] == "Cool and quiet. Write to me: [mail]"


def test_an_upload_that_is_cut_in_the_middle_is_sent_again_and_kept_once(visitor, guide, camera, kept):
    with visitor() as (_, page):
        store_guide(page, guide)
        guide.door.shut()
        walk_without_signal(page, camera, guide, Moments())
        guide.loses_answers = True
        guide.door.mend()
        page.goto(f"{guide.door.url}/x/{guide.town}")
        until(lambda: guide.answers_lost)
        eventually(lambda: [name(event) for event in walk_in_order(kept, guide)], WALK)
        before = walk_in_order(kept, guide)
        guide.loses_answers = False
        guide.door.mend()
        page.reload()
        come_back(page, guide)
    eventually(lambda: len(rows(kept, ANSWERS, guide)), 3)
    assert guide.posts_taken > guide.answers_lost > 0
    assert walk_in_order(kept, guide) == before


def test_a_phone_whose_clock_is_a_year_slow_has_its_walk_at_the_servers_times_beside_its_own(
    visitor, guide, camera, kept
):
    moments = Moments()
    with visitor() as (context, page):
        context.add_init_script(f"const now = Date.now; Date.now = () => now() - {YEAR_MS};")
        with moments.of(("stored", "0")):
            store_guide(page, guide)
            eventually(lambda: [name(event) for event in rows(kept, EVENTS, guide)], WALK[:1])
        guide.door.shut()
        walk_without_signal(page, camera, guide, moments)
        guide.door.mend()
        come_back(page, guide)
    eventually(lambda: [name(event) for event in walk_in_order(kept, guide)], WALK)
    for event in walk_in_order(kept, guide):
        begun, ended = moments[name(event)]
        assert begun <= event["at_ms"] + YEAR_MS <= ended, event
        assert begun <= event["estimated_ms"] <= ended + SLACK_MS, event
