"""What a phone stores: the pages of a language in one piece, and what goes with them in its order."""

import gzip
import hashlib
import json
from dataclasses import replace

import pytest
from fakes.guide import GUIDE, PublishedGuides, media
from fakes.log import MemoryLog
from fakes.town_day import TOWN
from fastapi.testclient import TestClient
from meguri_qrguide.app import create_app
from meguri_qrguide.content.guide import Picture, Sound

NUMBERS = range(101, 109)
WORDS = {
    "ja": "暗やみのなかで水が岩をゆっくりと溶かしていきます。",
    "en": "In the dark the water slowly melts the rock. ",
}


def long_guide():
    """Eight sights with as much text as a real guide has, sounds and a picture in two formats."""
    hall = GUIDE.sights[0]
    sights = []
    for number in NUMBERS:
        texts = {
            language: replace(
                hall.texts[language],
                title=f"{number}",
                body_html="".join(f"<p>{number} {part} {words * 8}</p>" for part in range(5)),
            )
            for language, words in WORDS.items()
        }
        sounds = {
            language: Sound(
                media(f"{number}.{language}.m4a", f"{number}{language}".encode(), "audio/mp4"),
                60,
                "recording",
                "",
            )
            for language in WORDS
        }
        files = tuple(
            media(f"{number}.{kind}", f"{number}{kind}".encode(), f"image/{kind}")
            for kind in ("avif", "webp")
        )
        picture = Picture("one", {"ja": "絵", "en": "A picture"}, files)
        sights.append(replace(hall, number=number, texts=texts, sounds=sounds, pictures=(picture,)))
    return replace(GUIDE, sights=tuple(sights), languages=("ja", "en"))


@pytest.fixture
def guides(tmp_path):
    return PublishedGuides(tmp_path, long_guide())


@pytest.fixture
def client(guides):
    with TestClient(create_app(towns={TOWN.town: TOWN}, log=MemoryLog(), guides=guides)) as client:
        yield client


def offered(client, language="en"):
    return client.get("/b/yamazato/current.json").json()["languages"][language]


def stored(client, language="en"):
    return client.get(offered(client, language)["url"]).json()


def test_the_offer_names_the_bundle_with_its_hash_and_what_it_weighs_on_the_wire(client):
    offer = offered(client)
    answer = client.get(offer["url"], headers={"Accept-Encoding": "gzip"})
    assert hashlib.sha256(answer.content).hexdigest() == offer["hash"]
    assert int(answer.headers["content-length"]) == offer["bytes"]
    assert client.get("/b/yamazato/current.json").headers["cache-control"] == "no-store"


def test_pages_scanner_and_text_of_eight_sights_are_at_most_300_kilobytes(client):
    bundle = stored(client)
    assert {"/scan", "/g/yamazato", "/q/yamazato", *(f"/s/{number}" for number in NUMBERS)} <= set(
        bundle["files"]
    )
    assert any("/scanner.js" in address for address in bundle["files"])
    assert offered(client)["bytes"] <= 300_000


def test_a_stored_page_is_the_page_that_the_server_sends_with_the_same_headers(client):
    bundle = stored(client)
    for address in ("/s/103", "/scan", "/x/yamazato"):
        answer = client.get(f"{address}?lang=en")
        assert bundle["files"][address] == ["text/html; charset=utf-8", answer.text]
        assert {name: answer.headers[name] for name in bundle["headers"]} == bundle["headers"]


def test_every_style_and_script_that_a_stored_page_names_is_stored_with_it(client):
    files = stored(client)["files"]
    for address, (kind, html) in files.items():
        if kind.startswith("text/html"):
            named = {part.split('"')[0] for part in html.split('="/static')[1:]}
            assert {f"/static{each}" for each in named} <= set(files), address


def test_sounds_in_the_order_of_the_route_come_first_then_pictures(client):
    listed = stored(client)["media"]
    parts = [each["part"] for each in listed]
    assert parts == sorted(parts, key=["sounds", "pictures", "videos"].index)
    sounds = [each for each in listed if each["part"] == "sounds"]
    assert [each["hash"] for each in sounds] == [media("x", f"{n}en".encode(), "x").hash for n in NUMBERS]
    pictures = [each for each in listed if each["part"] == "pictures"]
    assert [each["type"] for each in pictures[:2]] == ["image/avif", "image/webp"]
    assert pictures[0]["of"] == pictures[1]["of"] != pictures[2]["of"]


def test_another_edition_or_language_is_another_hash_and_an_old_address_is_gone(client, guides):
    before = offered(client)
    assert before["hash"] != offered(client, "ja")["hash"]
    guides.publish(replace(long_guide(), titles={"ja": "新"}))
    for _ in range(500):
        after = offered(client)
        if after["hash"] != before["hash"]:
            break
    assert after["hash"] != before["hash"]
    assert client.get(before["url"]).status_code == 404


def test_the_service_worker_is_asked_for_anew_at_every_visit_and_stands_at_the_root(client):
    answer = client.get("/sw.js")
    assert answer.headers["content-type"] == "text/javascript"
    assert answer.headers["cache-control"] == "no-cache"


def test_what_is_packed_is_what_was_made(client):
    with client.stream("GET", offered(client)["url"], headers={"Accept-Encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    assert json.loads(gzip.decompress(packed))["town"] == "yamazato"
