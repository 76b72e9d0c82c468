"""A guide of three sights behind a door that can be shut, and what visitors do with it on their phone."""

import io
import math
import struct
import time
import wave
from dataclasses import replace
from functools import cache

import pypdfium2
from fakes.guide import GUIDE, PublishedGuides, media, sight, text
from fakes.town_day import TOWN
from meguri_proto.towns import Clock
from meguri_qrguide.app import create_app
from meguri_qrguide.content.guide import Sound
from meguri_qrguide.signs.sign import Code, sight_sign
from meguri_qrguide.signs.typesetting import Paper, signs_pdf
from meguri_qrguide.sound_encoding import speech_as_m4a

YEAR_MS = 365 * 24 * 3_600_000
TITLES = {1: "The mouth", 2: "The pools", 3: "The lift"}
READY = "Ready without signal, with sound"


@cache
def spoken(seconds):
    """A sound of so many seconds, encoded as those that ship."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8_000)
        tone = [int(9_000 * math.sin(at * 0.4)) for at in range(8_000 * seconds)]
        written.writeframes(struct.pack(f"<{len(tone)}h", *tone))
    return speech_as_m4a(file.getvalue())


def cave(town=GUIDE.town):
    """The guide of three sights, and its files."""
    content, seconds = spoken(2)
    # Bytes behind the last box belong to nothing: they make a file of its own of each sight's.
    files = {f"sights/{number}/sound.en.m4a": content + bytes([number]) for number in TITLES}
    sights = []
    for number, title in TITLES.items():
        path = f"sights/{number}/sound.en.m4a"
        sounds = {"en": Sound(media(path, files[path], "audio/mp4"), seconds, "speech engine", "")}
        sights.append(sight(number, {"ja": text(f"{number}"), "en": text(title)}, sounds=sounds))
    return replace(GUIDE, town=town, sights=(*sights,), map=None), files


class Guide:
    """The guide behind its door, and what it logged."""

    def __init__(self, folder, log, town=GUIDE.town):
        self.town = town
        self.log = log
        guide, files = cave(town)
        self.guides = PublishedGuides(folder, guide, files=files)
        its_town = replace(TOWN, town=town, sights=dict.fromkeys(TITLES, "hall"), clock=Clock.LIVE)
        self.app = create_app(towns={town: its_town}, log=log, guides=self.guides)
        self.posts_taken = 0
        self.answers_lost = 0
        self.loses_answers = False
        self.door = None

    async def __call__(self, scope, receive, send):
        """The app, whose answers to posts may be lost after it took what was posted."""
        is_post = scope["type"] == "http" and scope["path"] == "/v1/events"
        self.posts_taken += is_post
        if not (self.loses_answers and is_post):
            await self.app(scope, receive, send)
            return

        async def lost(message):
            if message["type"] == "http.response.start":
                self.answers_lost += 1
                if self.answers_lost == 1:
                    self.door.shut()

        await self.app(scope, receive, lost)


def store_guide(page, guide):
    page.goto(f"{guide.door.url}/g/{guide.town}")
    page.get_by_text(READY, exact=True).wait_for()


def scan(page, camera, guide, number):
    """Hold the sight's printed sign before the camera, until the page shows the sight."""
    camera.show(printed_sign(guide, number))
    page.locator("[data-part=start]:visible, [data-part=again]:visible").click()
    page.get_by_role("heading", name=TITLES[number], level=1).wait_for()


def printed_sign(guide, number):
    """The sight's A6 sign as a camera sees it, with the code of this guide's door."""
    whole = guide.guides.current(guide.town).guide
    at = next(each for each in whole.sights if each.number == number)
    sign = sight_sign(whole, at, "https://guide.example")
    url = f"{guide.door.url}/s/{number}"
    (page,) = pypdfium2.PdfDocument(signs_pdf([replace(sign, codes=(Code(url, url),))], Paper.A6, "Signs"))
    return page.render(scale=1.5).to_pil().convert("L")


def listen_to_the_end(page):
    page.get_by_role("button", name="Play the sound").click()
    # Not wait_for_function: it evaluates text within the page, which the page's policy forbids.
    until(lambda: page.evaluate("document.querySelector('audio').ended"))


def until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
