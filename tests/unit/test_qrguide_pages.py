"""The guide: its sights in two languages, its QR codes, and openings that never hold a visitor up."""

import re
import time
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from fakes.log import MemoryLog
from fakes.town_day import TOWN
from fastapi.testclient import TestClient
from meguri_proto.schema.guide_pb2 import GuideEvent
from meguri_qrguide import openings
from meguri_qrguide.app import create_app
from meguri_qrguide.sights import LANGUAGES, SharedSightError, SightFileError, parse_sight, sights

TOWNS = {"minamiyamashiro": replace(TOWN, town="minamiyamashiro", sights={1: "hall"})}
NOW_MS = 1_700_000_000_000
WHOLE = """
number: 7
ja: {name: 茶, lead: 茶の村。, text: [一つ。]}
en: {name: Tea, lead: A tea village., text: [One.]}
"""


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def client(log):
    with TestClient(create_app(towns=TOWNS, log=log, now_ms=lambda: NOW_MS)) as client:
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


@pytest.mark.parametrize(("wish", "language", "name"), [("ja", "ja", "茶の館"), ("en", "en", "Tea hall")])
def test_a_sight_is_told_in_the_language_that_the_phone_asks_for(client, wish, language, name):
    page = client.get("/s/1", headers={"Accept-Language": wish})
    assert f'<html lang="{language}">' in page.text
    assert f"<h1>{name}</h1>" in page.text


def test_the_other_language_is_one_tap_away_and_remembered(client):
    page = client.get("/s/1", headers={"Accept-Language": "ja"}).text
    switch = re.search(r'class="switch" href="([^"]+)" hreflang="en"', page)[1]
    assert "<h1>Tea hall</h1>" in client.get(f"/s/1{switch}").text
    assert "<h1>Tea hall</h1>" in client.get("/s/1", headers={"Accept-Language": "ja"}).text


def test_an_opening_is_logged_with_sight_language_and_time_and_nothing_of_the_visitor(client, log):
    visitor = {"User-Agent": "somebody", "X-Forwarded-For": "192.0.2.9"}
    client.get("/s/1", headers={"Accept-Language": "en", **visitor})
    until(lambda: events(log))
    (event,) = events(log)
    assert (event.town, event.sight, event.language, event.kind) == ("minamiyamashiro", "1", "en", "opened")
    assert (event.at_ms, event.key_day, event.version) == (NOW_MS, TOWN.key_day_at(NOW_MS), 1)
    (record,) = log.read_all("guide-events")
    assert b"192.0.2.9" not in record.value
    assert b"somebody" not in record.value


def test_two_openings_are_two_events(client, log):
    client.get("/s/1")
    client.get("/s/1")
    until(lambda: len(events(log)) == 2)
    assert len({event.event_id for event in events(log)}) == 2


@pytest.mark.parametrize("address", ["/", "/s/1/qr.svg", "/s/9", "/static/guide.css", "/healthz"])
def test_nothing_but_a_sights_page_counts_as_an_opening(client, log, address):
    client.get(address)
    client.get("/s/1", headers={"Sec-Purpose": "prefetch"})
    assert log.calls == []


def test_a_page_that_the_log_keeps_waiting_is_answered_all_the_same(client, log):
    log.acknowledging.clear()
    assert client.get("/s/1").status_code == 200
    assert noted(client, "logged") == 0
    log.acknowledging.set()


def test_while_the_log_is_away_the_page_stands_and_its_openings_are_counted_as_dropped(client, log):
    log.available = False
    assert client.get("/s/1").status_code == 200
    until(lambda: noted(client, "dropped_log_away") == 1)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert "not logged" in answer.json()["kafka"]


def test_more_openings_than_may_wait_are_dropped_and_counted(client, log, monkeypatch):
    monkeypatch.setattr(openings, "MAX_WAITING", 2)
    log.acknowledging.clear()
    for _ in range(5):
        assert client.get("/s/1").status_code == 200
    assert noted(client, "dropped_queue_full") == 3
    log.acknowledging.set()


@pytest.mark.parametrize("number", ["9", "0", "-1", "one", "\uff11", "1e0"])
def test_a_sight_that_is_not_there_is_a_page_that_names_those_that_are(client, number):
    answer = client.get(f"/s/{number}", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "No such sight" in answer.text
    assert 'href="/s/1"' in answer.text


def test_a_sight_of_a_town_that_is_not_served_is_not_there(log):
    client = TestClient(create_app(towns={TOWN.town: TOWN}, log=log))
    assert client.get("/s/1").status_code == 404
    assert "There is no sight yet." in client.get("/", headers={"Accept-Language": "en"}).text


def test_a_sight_without_a_text_is_no_page_and_in_no_list(log):
    town = replace(TOWN, sights={1: "hall", 99_999: "hall"})
    client = TestClient(create_app(towns={TOWN.town: town}, log=log))
    assert client.get("/s/99999").status_code == 404
    assert re.findall(r'href="(/s/[0-9]+)"', client.get("/").text) == ["/s/1"]


def test_the_list_of_two_towns_names_each_over_its_sights(log):
    other = replace(TOWN, town="mine", names={"ja": "美祢", "en": "Mine"}, sights={101: "hall", 102: "hall"})
    client = TestClient(create_app(towns=TOWNS | {"mine": other}, log=log))
    page = client.get("/", headers={"Accept-Language": "en"}).text
    assert re.findall(r"<h2>([^<]+)|href=\"/s/(\d+)", page) == [
        ("Yamazato", ""), ("", "1"), ("Mine", ""), ("", "101"), ("", "102")
    ]  # fmt: skip
    assert "Mine" in client.get("/s/101", headers={"Accept-Language": "en"}).text


def test_two_towns_with_a_sight_of_one_number_are_refused_by_their_names(log):
    towns = TOWNS | {"mine": replace(TOWN, town="mine", sights={1: "hall"})}
    with pytest.raises(SharedSightError, match=r"sight 1 .* minamiyamashiro and of mine"):
        create_app(towns=towns, log=log)


def test_the_qr_code_is_an_image_of_the_sights_own_address(log):
    import qrcode

    client = TestClient(create_app(towns=TOWNS, log=log, public_url="https://guide.example/"))
    answer = client.get("/s/1/qr.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    path = ET.fromstring(answer.content).find("{http://www.w3.org/2000/svg}path")
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q)
    code.add_data("https://guide.example/s/1")
    dark = {(x, y) for y, row in enumerate(code.get_matrix()) for x, on in enumerate(row) if on}
    drawn = {(int(x), int(y)) for x, y in re.findall(r"M(\d+),(\d+)H", path.get("d"))}
    assert drawn == dark
    assert "https://guide.example/s/1" in client.get("/s/1").text


def test_the_page_needs_no_script_and_no_other_origin(client):
    page = client.get("/s/1").text
    assert "<script" not in page
    assert re.findall(r'(?:src|href)="(?!/|\?)([^"]+)"', page) == []
    assert "default-src 'none'" in client.get("/s/1").headers["content-security-policy"]


def test_every_sight_has_a_name_a_lead_and_a_text_in_every_language():
    assert sights()
    for sight in sights().values():
        for language in LANGUAGES:
            assert sight.texts[language].name
            assert len(sight.texts[language].text) >= 1


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "[]",
        WHOLE.replace("number: 7", ""),
        WHOLE + "extra: 1",
        WHOLE.replace("lead: A tea village.", "lead: ''"),
        WHOLE.replace("en: {name: Tea, lead: A tea village., text: [One.]}", "en: Tea"),
    ],
)
def test_a_sight_file_that_lacks_something_is_refused_by_name(broken):
    assert parse_sight(WHOLE, "7.yaml").texts["en"].text == ("One.",)
    with pytest.raises(SightFileError, match=r"^7\.yaml: "):
        parse_sight(broken, "7.yaml")


def test_the_guides_own_words_are_the_same_in_every_language_and_all_used():
    from importlib.resources import files

    import yaml

    package = files("meguri_qrguide")
    texts = yaml.safe_load(package.joinpath("texts.yaml").read_text("utf-8"))
    templates = "".join(file.read_text("utf-8") for file in package.joinpath("templates").iterdir())
    for language in LANGUAGES:
        assert set(texts[language]) == set(re.findall(r"\bt\.([a-z_]+)", templates))
