"""A small guide of two sights, published, without files of a content folder."""

import hashlib
from pathlib import PurePosixPath
from types import SimpleNamespace

from meguri_qrguide.content.guide import (
    Choice,
    Guide,
    Media,
    Picture,
    Question,
    QuestionKind,
    Sight,
    Sound,
    Survey,
    Text,
    Video,
)

SOUND = bytes(range(256)) * 40
PICTURE = b"RIFF....WEBP" + b"p" * 500
VIDEO = b"v" * 3000
SUBTITLES = b"WEBVTT\n\n00:00.000 --> 00:01.000\nTea.\n"
MAP = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle id="sight-1" r="1"/></svg>'


def media(path, content, kind):
    return Media(PurePosixPath(path), kind, len(content), hashlib.sha256(content).hexdigest()[:32])


def text(title, lead="A lead.", body="<p>A body.</p>", next_hint=None, translated_from=None):
    digest = hashlib.sha256(title.encode()).hexdigest()[:16]
    return Text(title, lead, body, next_hint, digest, translated_from)


def sight(number, texts, **more):
    return Sight(number, texts, **{"pictures": (), "sounds": {}, "video": None, **more})


FILES = {
    "sights/1/sound.ja.m4a": SOUND,
    "sights/1/hall.webp": PICTURE,
    "sights/1/video.mp4": VIDEO,
    "sights/1/video.ja.vtt": SUBTITLES,
    "map.svg": MAP.encode(),
}
HALL = sight(
    1,
    {
        "ja": text("茶の館", body="<p>茶の村です。</p>", next_hint="橋を渡って左へ。"),
        "en": text("Tea hall", body="<p>A village of tea.</p>", next_hint="Cross the bridge, then left."),
        "ja-x-easy": text("{茶|ちゃ}の{館|やかた}", body="<p><ruby>茶<rt>ちゃ</rt></ruby>です。</p>"),
    },
    pictures=(
        Picture(
            "hall", {"ja": "館", "en": "The hall"}, (media("sights/1/hall.webp", PICTURE, "image/webp"),)
        ),
    ),
    sounds={"ja": Sound(media("sights/1/sound.ja.m4a", SOUND, "audio/mp4"), 61.2, "speech engine", "")},
    video=Video(
        media("sights/1/video.mp4", VIDEO, "video/mp4"),
        {"ja": media("sights/1/video.ja.vtt", SUBTITLES, "text/vtt")},
    ),
)
BRIDGE = sight(2, {"ja": text("橋", body="<p>古い橋です。</p>")})
SURVEY = Survey(
    3,
    (
        Question(
            "origin",
            QuestionKind.CHOICE,
            {"ja": "どちらから", "en": "Where from"},
            (Choice("near", {"ja": "近く", "en": "Near"}), Choice("far", {"ja": "遠く", "en": "Far"})),
        ),
        Question("like", QuestionKind.SCALE, {"ja": "満足", "en": "Satisfied"}, lowest=1, highest=5),
        Question("spent", QuestionKind.NUMBER, {"ja": "いくら", "en": "How much"}, lowest=0, highest=99999),
        Question("words", QuestionKind.TEXT, {"ja": "ひとこと", "en": "Your words"}),
    ),
)
GUIDE = Guide(
    town="yamazato",
    languages=("ja", "en", "ja-x-easy"),
    source="ja",
    titles={"ja": "山里の案内", "en": "Guide of Yamazato"},
    sights=(HALL, BRIDGE),
    survey=SURVEY,
    notice={
        "operator": {"ja": "山里町", "en": "Town of Yamazato"},
        "contact": {"ja": "役場", "en": "Town hall"},
    },
    coupon={"ja": "お茶一杯", "en": "One cup of tea"},
    wifi=None,
    map=media("map.svg", MAP.encode(), "image/svg+xml"),
)


class PublishedGuides:
    """What `Guides` gives of guides that are values: `publish` puts the next edition in the place of one.

    Args:
        folder: where the guides' files lie.
    """

    def __init__(self, folder, *guides, files=FILES):
        self._folder = folder
        self._current = {}
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        for guide in guides:
            self.publish(guide)

    def publish(self, guide):
        before = self._current.get(guide.town)
        number = before.number + 1 if before else 1
        self._current[guide.town] = SimpleNamespace(number=number, folder=self._folder, guide=guide)

    def current(self, town):
        return self._current.get(town)
