"""What a visitor's phone does with the guide, in a real browser over TLS."""

from dataclasses import replace

import pytest
import qrcode
from browser.cave import TITLES, Guide, cave, listen_to_the_end, scan, store_guide, until
from browser.phone import signal
from fakes.guide import text
from fakes.log import MemoryLog
from meguri_proto.schema.guide_pb2 import GuideEvent


@pytest.fixture
def guide(tmp_path, certificate):
    guide = Guide(tmp_path / "guide", MemoryLog())
    with signal(guide, certificate) as door:
        guide.door = door
        yield guide


def events(guide):
    """Every event of the log, in the log's order."""
    found = []
    for record in guide.log.read_all("guide-events"):
        message = GuideEvent.FromString(record.value)
        found += [message, *message.further]
    return found


def told(events):
    return [(event.kind, event.sight) for event in events]


REFUSING = """
Cache.prototype.put = async () => { throw new DOMException('no', 'QuotaExceededError'); };
"""


def test_a_phone_that_refuses_to_store_says_so_and_works_with_signal(visitor, guide):
    with visitor() as (context, page):
        context.add_init_script(REFUSING)
        page.goto(f"{guide.door.url}/g/{guide.town}")
        page.get_by_text("This phone does not let the guide be stored").wait_for()
        page.get_by_role("link", name="Begin").click()
        page.get_by_role("heading", name="The mouth").wait_for()
        listen_to_the_end(page)
        until(lambda: ("finished", "1") in told(events(guide)))


NO_WORKER = "delete Navigator.prototype.serviceWorker;"
LINE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Line/15.1.0"


def test_a_window_without_service_worker_says_how_to_open_the_browser(visitor, guide):
    with visitor() as (context, page):
        context.add_init_script(NO_WORKER)
        page.goto(f"{guide.door.url}/g/{guide.town}")
        page.get_by_role("heading", name="Open this page in your browser").wait_for()
        assert not page.get_by_role("link", name="Open in the browser").is_visible()
        page.get_by_role("link", name="Begin").click()
        page.get_by_role("heading", name="The mouth").wait_for()
        until(lambda: ("opened", "1") in told(events(guide)))


def test_in_line_a_link_opens_the_browser(visitor, guide):
    with visitor(user_agent=LINE) as (context, page):
        context.add_init_script(NO_WORKER)
        page.goto(f"{guide.door.url}/g/{guide.town}")
        link = page.get_by_role("link", name="Open in the browser")
        link.wait_for()
        assert link.get_attribute("href") == f"{guide.door.url}/g/{guide.town}?openExternalBrowser=1"


def test_a_code_of_another_place_opens_a_warning_and_nothing_else(visitor, guide, camera):
    with visitor() as (_, page):
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{guide.door.url}/scan")
        camera.show(qrcode.make("https://elsewhere.example/s/1").get_image().convert("L"))
        page.get_by_role("button", name="Start the camera").click()
        page.get_by_text("This code does not belong to this guide").wait_for()
        assert page.get_by_text("https://elsewhere.example/s/1").is_visible()
        scan(page, camera, guide, 2)
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
        for number in TITLES:
            scan(page, camera, guide, number)
        assert page.evaluate("window.asked") == 1
        page.go_back()
        page.get_by_role("heading", name="The pools").wait_for()
        assert page.evaluate("window.asked") == 1


def test_without_signal_a_typed_number_opens_its_sight_and_an_unknown_one_says_so(visitor, guide):
    with visitor() as (_, page):
        store_guide(page, guide)
        guide.door.shut()
        page.get_by_label("Number on the sign").fill("3")
        page.get_by_role("button", name="Open", exact=True).click()
        page.get_by_role("heading", name="The lift").wait_for()
        page.goto(f"{guide.door.url}/s/77")
        page.get_by_role("heading", name="No signal").wait_for()


def test_a_weak_signal_does_not_keep_a_stored_sight_waiting(visitor, guide):
    with visitor() as (_, page):
        store_guide(page, guide)
        guide.door.hold()
        page.goto(f"{guide.door.url}/s/1", timeout=1_500)
        assert page.get_by_role("heading", name="The mouth").is_visible()


def test_a_newer_edition_is_picked_up_at_the_next_opening_with_signal(visitor, guide):
    with visitor() as (_, page):
        store_guide(page, guide)
        new, _ = cave()
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
        page.goto(f"{guide.door.url}/o/{guide.town}")
        page.get_by_role("button", name="Note nothing on this phone").click()
        page.get_by_text("Nothing is noted on this phone").wait_for()
        before = len(events(guide))
        page.goto(f"{guide.door.url}/s/1")
        listen_to_the_end(page)
        page.get_by_role("button", name="4 of 5").click()
        page.goto(f"{guide.door.url}/s/2")
    assert [event.kind for event in events(guide)[before:]] == []


def test_another_language_is_stored_when_it_is_chosen(visitor, guide):
    with visitor() as (_, page):
        store_guide(page, guide)
        page.get_by_role("link", name="日本語", exact=True).click()
        page.get_by_text("電波がなくても").wait_for()
        guide.door.shut()
        page.goto(f"{guide.door.url}/s/1")
        assert page.locator("html").get_attribute("lang") == "ja"
