"""The visitors' pages: every language, no redirect, nothing inline, readable without JavaScript."""

import re
import time
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from fakes.guide import BRIDGE, GUIDE, PublishedGuides, sight, text
from fakes.log import MemoryLog
from fakes.town_day import TOWN
from fastapi.testclient import TestClient
from meguri_proto.schema.guide_pb2 import GuideEvent
from meguri_qrguide import openings
from meguri_qrguide.app import create_app
from meguri_qrguide.content.problems import ContentError, Problem
from meguri_qrguide.sights import SharedSightError
from meguri_qrguide.visitor.messages import read_messages
from meguri_qrguide.visitor.pages import SCRIPT_WORDS

TOWNS = {"yamazato": replace(TOWN, town="yamazato", sights={1: "hall", 2: "hall"})}
NOW_MS = 1_700_000_000_000
ADDRESSES = ["/", "/g/yamazato", "/s/1", "/s/2", "/s?n=1", "/s", "/scan", "/x/yamazato", "/q/yamazato"]
ADDRESSES += ["/n/yamazato", "/o/yamazato"]


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def guides(tmp_path):
    return PublishedGuides(tmp_path, GUIDE)


@pytest.fixture
def client(log, guides):
    with TestClient(create_app(towns=TOWNS, log=log, guides=guides, now_ms=lambda: NOW_MS)) as client:
        yield client


def events(log):
    return [GuideEvent.FromString(each.value) for each in log.read_all("guide-events")]


def noted(client, outcome):
    found = re.search(
        rf'meguri_qrguide_events_total{{outcome="{outcome}"}} (\S+)', client.get("/metrics").text
    )
    return float(found[1]) if found else 0.0


def until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Languages(HTMLParser):
    """Which language each text of a page is marked as: pairs (text, lang)."""

    def __init__(self, page):
        super().__init__()
        self.stack, self.found = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "link", "img", "input", "br", "source", "track", "circle"):
            self.stack.append((tag, dict(attributes).get("lang", self.stack[-1][1] if self.stack else None)))

    def handle_endtag(self, tag):
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if data.strip():
            self.found.append((data.strip(), self.stack[-1][1]))


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("language", GUIDE.languages)
def test_every_address_is_a_page_at_once_in_every_language(client, address, language):
    answer = client.get(address, params={"lang": language}, follow_redirects=False)
    if "?" in address:
        answer = client.get(f"{address}&lang={language}", follow_redirects=False)
    assert answer.status_code == 200
    assert f'data-language="{language}"' in answer.text


@pytest.mark.parametrize(
    ("wish", "title"), [("ja", "茶の館"), ("en", "Tea hall"), ("de", "Tea hall"), ("", "茶の館")]
)
def test_a_sight_is_told_in_the_language_that_the_phone_asks_for(client, wish, title):
    assert f"<h1>{title}</h1>" in client.get("/s/1", headers={"Accept-Language": wish}).text


def test_another_language_is_one_tap_away_and_remembered(client):
    page = client.get("/s/1", headers={"Accept-Language": "ja"}).text
    address = re.search(r'href="([^"]+)" lang="en"', page)[1]
    assert "<h1>Tea hall</h1>" in client.get(address).text
    assert "<h1>Tea hall</h1>" in client.get("/s/1", headers={"Accept-Language": "ja"}).text


def test_the_language_can_be_changed_on_the_page_of_a_typed_number(client):
    page = client.get("/s?n=2").text
    address = re.search(r'href="([^"]+)" lang="en"', page)[1]
    assert "橋" in client.get(address).text


def test_a_missing_translation_falls_back_visibly_and_is_marked_as_the_language_that_it_is_in(client):
    page = client.get("/s/2?lang=en").text
    assert "This is not yet in your language. It is shown in 日本語." in page
    marked = dict(Languages(page).found)
    assert marked["橋"] == "ja"
    assert marked["古い橋です。"] == "ja"
    assert marked["No. 2"] == "en"
    assert marked["How do you like this sight?"] == "en"
    assert "This is not yet" not in client.get("/s/1?lang=en").text


def test_simple_japanese_is_japanese_to_a_screen_reader_and_has_its_readings(client):
    page = client.get("/s/1?lang=ja-x-easy").text
    assert "<h1><ruby>茶<rp>(</rp><rt>ちゃ</rt><rp>)</rp></ruby>の" in page
    assert 'lang="ja-x-easy"' not in page
    assert "<title>茶の館｜" in page


def test_the_pages_need_no_other_origin_and_nothing_inline(client):
    for address in ADDRESSES:
        answer = client.get(address)
        assert re.findall(r'\b(?:src|href|srcset|action)="(?!/|\?|#)([^"]+)"', answer.text) == []
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=)", answer.text)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "media-src 'self'" in policy
        assert "unsafe" not in policy
        assert "camera=(self)" in answer.headers["permissions-policy"]


def test_without_javascript_a_sight_has_its_text_its_sound_and_the_way_on(client):
    page = client.get("/s/1?lang=ja").text
    assert "茶の村です。" in page
    assert re.search(r'<audio controls preload="none" src="/m/[0-9a-f]{32}\.m4a"', page)
    assert "機械による読み上げです。" in page
    assert "橋を渡って左へ。" in page
    assert re.search(r'<a class="button" href="/s/2">', page)
    assert re.search(r'<track kind="subtitles" src="/m/[0-9a-f]{32}\.vtt" srclang="ja"', page)
    assert 'id="sight-1" class="here"' in page


def test_a_sound_that_says_an_older_text_is_told_so(client, guides):
    hall = GUIDE.sights[0]
    sounds = {"ja": replace(hall.sounds["ja"], says="0" * 16)}
    guides.publish(replace(GUIDE, sights=(replace(hall, sounds=sounds), BRIDGE)))
    until(lambda: "文章が変わっています" in client.get("/s/1?lang=ja").text)


def test_the_first_load_of_a_sight_is_at_most_60_kilobytes(client):
    page = client.get("/s/1", headers={"Accept-Encoding": "gzip"})
    wire = int(page.headers["content-length"])
    for address in re.findall(r'<(?:link|script)[^>]+(?:href|src)="(/static/[^"]+)"', page.text):
        answer = client.get(address.replace("&amp;", "&"), headers={"Accept-Encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip"
        assert "immutable" in answer.headers["cache-control"]
        wire += int(answer.headers["content-length"])
    assert 5_000 < wire <= 60_000


def test_a_page_that_has_not_changed_is_not_sent_again(client):
    page = client.get("/s/1?lang=en")
    again = client.get("/s/1?lang=en", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get("/s/1?lang=ja", headers={"If-None-Match": page.headers["etag"]})
    assert other.status_code == 200
    assert {"Accept-Language", "Cookie"} <= set(page.headers["vary"].split(", "))


@pytest.mark.parametrize(
    "address", ["/s/9", "/s/0", "/s/-1", "/s/one", "/s/\uff11", "/s?n=9", "/s?n=x", "/g/no"]
)
def test_what_is_not_there_is_a_page_that_leads_on(client, address):
    answer = client.get(address, headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "Nothing is here" in answer.text
    assert 'href="/g/yamazato"' in answer.text


def test_a_new_edition_is_served_without_a_new_start_and_a_broken_one_is_not(client, guides):
    assert "Tea hall" in client.get("/s/1?lang=en").text
    new = sight(1, {"ja": text("新しい館"), "en": text("New hall")})
    guides.publish(replace(GUIDE, sights=(new, BRIDGE)))
    until(lambda: "New hall" in client.get("/s/1?lang=en").text)

    class Broken:
        @property
        def sights(self):
            raise ContentError([Problem("guide.yaml", None, "It is gone.")])

        town = GUIDE.town
        languages = GUIDE.languages
        titles = GUIDE.titles
        shown = GUIDE.shown

    guides.publish(Broken())
    for _ in range(20):
        assert "New hall" in client.get("/s/1?lang=en").text


def test_two_towns_have_their_own_pages_and_a_list_of_both(log, tmp_path):
    other = replace(
        GUIDE, town="mine", titles={"ja": "美祢"}, sights=(sight(101, {"ja": text("洞窟")}),), map=None
    )
    guides = PublishedGuides(tmp_path, GUIDE, other)
    towns = TOWNS | {"mine": replace(TOWN, town="mine", sights={101: "hall"})}
    client = TestClient(create_app(towns=towns, log=log, guides=guides))
    assert re.findall(r'<li><a href="/g/([a-z]+)"', client.get("/").text) == ["yamazato", "mine"]
    assert "洞窟" in client.get("/s/101").text
    assert 'data-sights="101"' in client.get("/scan?t=mine").text
    assert 'data-sights="1 2"' in client.get("/scan?t=yamazato").text


def test_where_nothing_was_published_the_page_says_so(log, tmp_path):
    client = TestClient(create_app(towns=TOWNS, log=log, guides=PublishedGuides(tmp_path)))
    assert "There is no guide here yet." in client.get("/", headers={"Accept-Language": "en"}).text
    assert client.get("/s/1").status_code == 404


def test_the_notice_says_what_the_town_says_and_what_is_always_true(client):
    page = client.get("/n/yamazato?lang=en").text
    for words in (
        "Town of Yamazato",
        "Town hall",
        "What is not collected",
        "Nothing is handed to anyone else",
    ):
        assert words in page
    assert 'href="/o/yamazato"' in page


def test_every_question_of_the_survey_is_asked_and_none_has_to_be_answered(client):
    page = client.get("/q/yamazato?lang=en").text
    assert re.findall(r'<legend><span>([^<]+)|label for="question-\w+"><span>([^<]+)', page) == [
        ("Where from", ""), ("Satisfied", ""), ("", "How much"), ("", "Your words")
    ]  # fmt: skip
    assert 'data-texts="words"' in page
    assert "required" not in page.partition("<form")[2].partition("</form>")[0]


def test_an_opening_without_javascript_is_logged_with_nothing_of_the_visitor(client, log):
    picture = re.search(r'<noscript><img src="([^"]+)"', client.get("/s/1?lang=en").text)[1]
    assert log.calls == []
    visitor = {"User-Agent": "somebody", "X-Forwarded-For": "192.0.2.9"}
    assert client.get(picture, headers=visitor).headers["content-type"] == "image/gif"
    until(lambda: events(log))
    (event,) = events(log)
    assert (event.town, event.sight, event.language, event.kind) == ("yamazato", "1", "en", "opened")
    assert (event.at_ms, event.key_day) == (NOW_MS, TOWN.key_day_at(NOW_MS))
    (record,) = log.read_all("guide-events")
    assert b"192.0.2.9" not in record.value
    assert b"somebody" not in record.value


@pytest.mark.parametrize("address", ["/v1/opened/en/9.gif", "/v1/opened/xx/1.gif", "/v1/opened/en/x.gif"])
def test_an_opening_of_nothing_is_not_logged(client, log, address):
    assert client.get(address).status_code == 404
    assert log.calls == []


def test_while_the_log_is_away_the_page_stands_and_its_openings_are_counted_as_dropped(client, log):
    log.available = False
    assert client.get("/v1/opened/en/1.gif").status_code == 200
    assert client.get("/s/1").status_code == 200
    until(lambda: noted(client, "dropped_log_away") == 1)
    assert "not logged" in client.get("/readyz").json()["kafka"]


def test_more_openings_than_may_wait_are_dropped_and_counted(client, log, monkeypatch):
    monkeypatch.setattr(openings, "MAX_WAITING", 2)
    log.acknowledging.clear()
    for _ in range(5):
        assert client.get("/v1/opened/en/1.gif").status_code == 200
    assert noted(client, "dropped_queue_full") == 3
    log.acknowledging.set()


def test_two_towns_with_a_sight_of_one_number_are_refused_by_their_names(log, guides):
    towns = TOWNS | {"mine": replace(TOWN, town="mine", sights={1: "hall"})}
    with pytest.raises(SharedSightError, match=r"sight 1 .* yamazato and of mine"):
        create_app(towns=towns, log=log, guides=guides)


def test_every_language_has_every_word_and_every_word_is_used():
    from importlib.resources import files

    messages = read_messages()
    package = files("meguri_qrguide")
    templates = "".join(
        file.read_text("utf-8") for file in package.joinpath("templates", "visitor").iterdir()
    )
    used = set(re.findall(r'(?:say|plain)\("([a-z_.]+[a-z])"', templates)) | set(SCRIPT_WORDS)
    used |= set(re.findall(r'"([a-z]+\.(?!html)[a-z_]+)"', templates))
    used |= {key for key in messages["en"] if re.match(r"notice\.(?!lead|title)", key)}
    used.add("language.name")
    assert {language: sorted(set(words) ^ used) for language, words in messages.items()} == {
        language: [] for language in messages
    }


def test_a_word_has_the_same_places_to_fill_in_in_every_language():
    messages = read_messages()
    for key, english in messages["en"].items():
        places = sorted(re.findall(r"\{([a-z]+)\}", english))
        for language, words in messages.items():
            assert sorted(re.findall(r"\{([a-z]+)\}", words[key])) == places, (language, key)


def test_the_scripts_ask_for_no_word_that_the_page_does_not_bring():
    from meguri_qrguide.assets import PACKAGE

    sources = "".join(
        path.read_text("utf-8") for path in (PACKAGE.parents[1] / "assets" / "src").glob("*.js")
    )
    asked = set(re.findall(r'"((?:store|scan|sound|survey|exit|optout|rating|page)\.[a-z_]+)"', sources))
    made = {"scan.other_origin", "scan.other_town", "scan.unknown"}
    made |= {f"store.{state}" for state in ("working", "ready", "ready_sound", "cut", "refused", "deleted")}
    assert asked | made == set(SCRIPT_WORDS)
