"""A visitor's way through a cave without signal, in a real browser over TLS."""

import io
import struct
import time
import wave
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from browser.conftest import CHROMIUM
from browser.phone import Camera, Certificate, phone, signal
from conftest import skip_or_fail
from fakes.guide import GUIDE, PublishedGuides, media, sight, text
from fakes.log import MemoryLog
from fakes.town_day import TOWN
from meguri_proto.schema.guide_pb2 import GuideEvent
from meguri_proto.schema.survey_pb2 import SurveyAnswers
from meguri_proto.towns import Clock
from meguri_qrguide import assets
from meguri_qrguide.app import create_app
from meguri_qrguide.content.guide import Sound

YEAR_MS = 365 * 24 * 3_600_000
READY = "Ready without signal, with sound"


def spoken(seconds):
    """A sound of so many seconds that every browser plays."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8_000)
        written.writeframes(struct.pack("<h", 500) * 8_000 * seconds)
    return file.getvalue()


SOUND = spoken(2)
FILES = {f"sights/{number}/sound.wav": SOUND + bytes([number]) for number in (1, 2, 3)}


def cave():
    sights = []
    for number, title in ((1, "The mouth"), (2, "The pools"), (3, "The lift")):
        file = media(f"sights/{number}/sound.wav", FILES[f"sights/{number}/sound.wav"], "audio/wav")
        sounds = {"en": Sound(file, 2.0, "speech engine", "")}
        sights.append(sight(number, {"ja": text(f"{number}"), "en": text(title)}, sounds=sounds))
    return replace(GUIDE, sights=(*sights,), map=None)


class Guide:
    """The guide behind its door, and what it logged."""

    def __init__(self, folder):
        self.log = MemoryLog()
        self.guides = PublishedGuides(folder, cave(), files=FILES)
        town = replace(TOWN, sights=dict.fromkeys((1, 2, 3), "hall"), clock=Clock.LIVE)
        self.app = create_app(towns={TOWN.town: town}, log=self.log, guides=self.guides)
        self.answers_lost = 0
        self.loses_answers = False
        self.door = None

    async def __call__(self, scope, receive, send):
        """The app, whose answers to posts may be lost after it took what was posted."""
        if not (self.loses_answers and scope["type"] == "http" and scope["path"] == "/v1/events"):
            await self.app(scope, receive, send)
            return

        async def lost(message):
            if message["type"] == "http.response.start":
                self.answers_lost += 1
                if self.answers_lost == 1:
                    self.door.shut()

        await self.app(scope, receive, lost)

    def events(self):
        """Every event of the log, in the log's order."""
        found = []
        for record in self.log.read_all("guide-events"):
            message = GuideEvent.FromString(record.value)
            found += [message, *message.further]
        return found

    def answers(self):
        return [
            answer
            for record in self.log.read_all("survey-answers")
            for answer in SurveyAnswers.FromString(record.value).answers
        ]


@pytest.fixture(scope="module")
def playwright():
    from playwright.sync_api import sync_playwright

    if not Path(CHROMIUM).exists():
        skip_or_fail("Chromium is not installed; infra/test-needs installs it")
    assets.build()
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def guide(tmp_path, certificate):
    guide = Guide(tmp_path / "guide")
    with signal(guide, certificate) as door:
        guide.door = door
        yield guide


@pytest.fixture
def camera(tmp_path):
    return Camera(tmp_path / "camera.y4m")


@pytest.fixture
def visitor(playwright, tmp_path, certificate, camera):
    """Gives the visitor's phone, each time with what it stored before."""

    @contextmanager
    def use(**options):
        with phone(playwright, tmp_path / "profile", certificate, camera, **options) as context:
            yield context, context.pages[0]

    return use


def store(page, guide):
    page.goto(f"{guide.door.url}/g/yamazato")
    page.get_by_text(READY, exact=True).wait_for()


def scan(page, camera, guide, number, title):
    camera.show(f"{guide.door.url}/s/{number}")
    page.locator("[data-part=start]:visible, [data-part=again]:visible").click()
    page.get_by_role("heading", name=title, level=1).wait_for()


def listen_to_the_end(page):
    page.get_by_role("button", name="Play the sound").click()
    # Not wait_for_function: it evaluates text within the page, which the page's policy forbids.
    until(lambda: page.evaluate("document.querySelector('audio').ended"))


def until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def told(events):
    return [(event.kind, event.sight) for event in events]


def once(events):
    """As ClickHouse keeps them: the first of each id."""
    return list({event.event_id: event for event in reversed(events)}.values())[::-1]


def walk_without_signal(page, camera, guide):
    """Three sights scanned, one heard to the end and rated, the survey answered: all without signal."""
    page.goto(f"{guide.door.url}/scan")
    scan(page, camera, guide, 1, "The mouth")
    scan(page, camera, guide, 2, "The pools")
    listen_to_the_end(page)
    page.get_by_role("button", name="4 of 5").click()
    page.get_by_text("Thank you.").wait_for()
    scan(page, camera, guide, 3, "The lift")
    page.get_by_role("link", name="To the exit page").first.click()
    page.get_by_text("wait on your phone until there is signal").wait_for()
    page.get_by_role("link", name="Answer the survey").click()
    page.get_by_label("Near").check()
    page.get_by_role("radio", name="5").check()
    page.get_by_label("Your words").fill("Cool and quiet. Write to me: cave@example.org")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Your answers wait on this phone").wait_for()


WALK = [
    ("stored", "0"),
    ("opened", "1"),
    ("opened", "2"),
    ("listened", "2"),
    ("finished", "2"),
    ("rated", "2"),
    ("opened", "3"),
]


def test_store_go_in_without_signal_scan_listen_rate_answer_close_and_come_back(visitor, guide, camera):
    with visitor() as (_, page):
        store(page, guide)
        guide.door.shut()
        walk_without_signal(page, camera, guide)
    until(lambda: told(guide.events()) == [("stored", "0")])
    guide.door.mend()
    came_back_ms = time.time_ns() // 1_000_000
    with visitor() as (_, page):
        page.goto(f"{guide.door.url}/x/yamazato")
        page.get_by_text("Everything from your walk has been sent").wait_for()
    events = once(guide.events())
    assert told(events) == WALK
    assert len({event.walk for event in events}) == 1
    assert [event.at_ms for event in events] == sorted(event.at_ms for event in events)
    assert all(event.at_ms < came_back_ms for event in events)
    assert {event.seconds for event in events if event.kind == "listened"} == {2}
    assert {event.rating for event in events if event.kind == "rated"} == {4}
    answers = {answer.question: answer for answer in guide.answers()}
    assert (answers["origin"].answer, answers["like"].answer) == ("near", "5")
    assert "cave@example.org" not in answers["words"].free_text
    assert answers["words"].free_text.startswith("Cool and quiet.")
    assert len(answers) == 3


def test_an_upload_that_is_cut_in_the_middle_is_sent_again_with_the_same_ids(visitor, guide, camera):
    with visitor() as (_, page):
        store(page, guide)
        guide.door.shut()
        for number in (1, 2):
            page.goto(f"{guide.door.url}/s/{number}")
            page.get_by_role("button", name="Play the sound").wait_for()
        guide.loses_answers = True
        guide.door.mend()
        page.goto(f"{guide.door.url}/x/yamazato")
        until(lambda: guide.answers_lost)
        assert ("opened", "2") in told(guide.events())
        guide.loses_answers = False
        guide.door.mend()
        page.reload()
        page.get_by_text("Everything from your walk has been sent").wait_for()
    opened = [event for event in guide.events() if event.kind == "opened"]
    assert {event.sight for event in opened} == {"1", "2"}
    assert len(opened) > 2
    assert len({(event.event_id, event.sight, event.at_ms) for event in opened}) == 2


def test_a_phone_whose_clock_is_a_year_slow_has_its_times_estimated(visitor, guide):
    with visitor() as (context, page):
        context.add_init_script(f"const now = Date.now; Date.now = () => now() - {YEAR_MS};")
        page.goto(f"{guide.door.url}/s/1")
        until(lambda: ("opened", "1") in told(guide.events()))
    (event,) = (each for each in once(guide.events()) if each.kind == "opened")
    now_ms = time.time_ns() // 1_000_000
    assert now_ms - YEAR_MS - 60_000 < event.at_ms < now_ms - YEAR_MS
    assert now_ms - 60_000 < event.estimated_ms <= now_ms


REFUSING = """
Cache.prototype.put = async () => { throw new DOMException('no', 'QuotaExceededError'); };
"""


def test_a_phone_that_refuses_to_store_says_so_and_works_with_signal(visitor, guide):
    with visitor() as (context, page):
        context.add_init_script(REFUSING)
        page.goto(f"{guide.door.url}/g/yamazato")
        page.get_by_text("This phone does not let the guide be stored").wait_for()
        page.get_by_role("link", name="Begin").click()
        page.get_by_role("heading", name="The mouth").wait_for()
        listen_to_the_end(page)
        until(lambda: ("finished", "1") in told(guide.events()))


NO_WORKER = "delete Navigator.prototype.serviceWorker;"
LINE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Line/15.1.0"


def test_a_window_without_service_worker_says_how_to_open_the_browser(visitor, guide):
    with visitor() as (context, page):
        context.add_init_script(NO_WORKER)
        page.goto(f"{guide.door.url}/g/yamazato")
        page.get_by_role("heading", name="Open this page in your browser").wait_for()
        assert not page.get_by_role("link", name="Open in the browser").is_visible()
        page.get_by_role("link", name="Begin").click()
        page.get_by_role("heading", name="The mouth").wait_for()
        until(lambda: ("opened", "1") in told(guide.events()))


def test_in_line_a_link_opens_the_browser(visitor, guide):
    with visitor(user_agent=LINE) as (context, page):
        context.add_init_script(NO_WORKER)
        page.goto(f"{guide.door.url}/g/yamazato")
        link = page.get_by_role("link", name="Open in the browser")
        link.wait_for()
        assert link.get_attribute("href") == f"{guide.door.url}/g/yamazato?openExternalBrowser=1"


def test_a_code_of_another_place_opens_a_warning_and_nothing_else(visitor, guide, camera):
    with visitor() as (_, page):
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{guide.door.url}/scan")
        camera.show("https://elsewhere.example/s/1")
        page.get_by_role("button", name="Start the camera").click()
        page.get_by_text("This code does not belong to this guide").wait_for()
        assert page.get_by_text("https://elsewhere.example/s/1").is_visible()
        scan(page, camera, guide, 2, "The pools")
        assert page.url == f"{guide.door.url}/s/2"
        assert {url for url in asked if not url.startswith(guide.door.url)} == set()


def test_the_camera_is_asked_for_once_for_all_sights(visitor, guide, camera):
    counting = """
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      window.asked = 0;
      navigator.mediaDevices.getUserMedia = (...all) => { window.asked += 1; return ask(...all); };
    """
    with visitor() as (context, page):
        context.add_init_script(counting)
        page.goto(f"{guide.door.url}/scan")
        for number, title in ((1, "The mouth"), (2, "The pools"), (3, "The lift")):
            scan(page, camera, guide, number, title)
        assert page.evaluate("window.asked") == 1
        page.go_back()
        page.get_by_role("heading", name="The pools").wait_for()
        assert page.evaluate("window.asked") == 1


def test_without_signal_a_typed_number_opens_its_sight_and_an_unknown_one_says_so(visitor, guide):
    with visitor() as (_, page):
        store(page, guide)
        guide.door.shut()
        page.get_by_label("Number on the sign").fill("3")
        page.get_by_role("button", name="Open", exact=True).click()
        page.get_by_role("heading", name="The lift").wait_for()
        page.goto(f"{guide.door.url}/s/77")
        page.get_by_role("heading", name="No signal").wait_for()


def test_a_weak_signal_does_not_keep_a_stored_sight_waiting(visitor, guide):
    with visitor() as (_, page):
        store(page, guide)
        guide.door.hold()
        page.goto(f"{guide.door.url}/s/1", timeout=1_500)
        assert page.get_by_role("heading", name="The mouth").is_visible()


def test_a_newer_edition_is_picked_up_at_the_next_opening_with_signal(visitor, guide):
    with visitor() as (_, page):
        store(page, guide)
        new = cave()
        first = replace(new.sights[0], texts={"ja": text("1"), "en": text("The new mouth")})
        guide.guides.publish(replace(new, sights=(first, *new.sights[1:])))
        page.goto(f"{guide.door.url}/s/1")

        def is_new():
            page.goto(f"{guide.door.url}/s/1")
            return page.get_by_role("heading", level=1).inner_text() == "The new mouth"

        until(is_new)
        guide.door.shut()
        page.goto(f"{guide.door.url}/s/1")
        assert page.get_by_role("heading", level=1).inner_text() == "The new mouth"


def test_who_wants_nothing_noted_leaves_nothing(visitor, guide):
    with visitor() as (_, page):
        page.goto(f"{guide.door.url}/o/yamazato")
        page.get_by_role("button", name="Note nothing on this phone").click()
        page.get_by_text("Nothing is noted on this phone").wait_for()
        before = len(guide.events())
        page.goto(f"{guide.door.url}/s/1")
        listen_to_the_end(page)
        page.get_by_role("button", name="4 of 5").click()
        page.goto(f"{guide.door.url}/s/2")
    assert [event.kind for event in guide.events()[before:]] == []


def test_another_language_is_stored_when_it_is_chosen(visitor, guide):
    with visitor() as (_, page):
        store(page, guide)
        page.get_by_role("link", name="日本語", exact=True).click()
        page.get_by_text("電波がなくても").wait_for()
        guide.door.shut()
        page.goto(f"{guide.door.url}/s/1")
        assert page.locator("html").get_attribute("lang") == "ja"
