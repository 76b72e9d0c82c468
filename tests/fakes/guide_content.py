"""A small guide as a content folder, with media that are what they say."""

import io

from PIL import Image

GUIDE = """\
town: valley
languages: [ja, en, fr, ja-x-easy]
source: ja
title: {ja: 谷の道, en: The valley's way}
sights: [102, 101]
map: map.svg
notice:
  operator: {ja: 谷の町役場, en: The valley's town hall}
  contact: {ja: 観光課, en: The tourist office}
coupon: {ja: お茶を一杯, en: A cup of tea}
wifi: {name: "Valley; guests", password: "tea:time"}
"""
SURVEY = """\
version: 3
questions:
  - id: party
    kind: choice
    text: {ja: どなたと, en: With whom}
    choices:
      - {id: alone, text: {ja: ひとりで, en: Alone}}
      - {id: family, text: {ja: 家族と, en: With family}}
  - id: again
    kind: scale
    text: {ja: また来たいですか, en: Would you come again}
    lowest: 1
    highest: 5
    lowest_text: {ja: いいえ}
    highest_text: {ja: はい}
  - {id: spent, kind: number, text: {ja: 使った額}, lowest: 0, highest: 1000000, unit: {ja: 円}}
  - {id: words, kind: text, text: {ja: ひとこと}}
"""
MAP = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10">
  <path class="way" d="M1 5h18" stroke="currentColor"/>
  <g id="sight-101"><circle cx="15" cy="5" r="1"/></g>
  <g id="sight-102"><circle cx="5" cy="5" r="1"/></g>
</svg>
"""
TEXTS = {
    "sights/101/ja.md": """\
---
title: 洞口
lead: 風が冷たい。
pictures:
  cave-mouth: 岩のあいだの暗い入口
---

{鍾乳洞|しょうにゅうどう}の入口です。
水の音を聞いてください。

- [棚田](/s/102)へもどる
""",
    "sights/101/en.md": """\
---
title: The cave's mouth
lead: A cold wind.
---

Listen to the *water*.
""",
    "sights/102/ja.md": """\
---
title: 棚田
lead: 水が段になる。
next: 左の道を二分歩く。
---

## 見る

段を数える。
""",
}
SUBTITLES = "WEBVTT\n\n00:00.000 --> 00:02.000\n水の音\n"


def picture(form, side=8):
    """The bytes of a picture: `WEBP`, `AVIF` or `JPEG`."""
    file = io.BytesIO()
    Image.new("RGB", (side, side), (20, 30, 60)).save(file, form)
    return file.getvalue()


def box(kind, *content):
    """A box of an MP4 file."""
    inner = b"".join(content)
    return (len(inner) + 8).to_bytes(4, "big") + kind + inner


def track(handler, form):
    described = box(b"stsd", bytes(8), box(form, bytes(28)))
    return box(
        b"trak",
        box(
            b"mdia",
            box(b"hdlr", bytes(8), handler, bytes(13)),
            box(b"minf", box(b"stbl", described)),
        ),
    )


def mp4(*tracks, brand=b"M4A ", data=b"sound"):
    """An MP4 file of two seconds as far as its boxes go: they are what is checked."""
    header = box(b"mvhd", bytes(12), (1000).to_bytes(4, "big"), (2000).to_bytes(4, "big"), bytes(80))
    return box(b"ftyp", brand, bytes(4)) + box(b"moov", header, *tracks) + box(b"mdat", data)


def sound(data=b"sound"):
    return mp4(track(b"soun", b"mp4a"), data=data)


def video():
    return mp4(track(b"vide", b"avc1"), track(b"soun", b"mp4a"), brand=b"isom")


def write_guide(folder, changes=None):
    """Write the guide; `changes` replaces files by path, and takes away those that it maps to None."""
    files = {
        "guide.yaml": GUIDE,
        "survey.yaml": SURVEY,
        "map.svg": MAP,
        **TEXTS,
        "sights/101/cave-mouth.webp": picture("WEBP"),
        "sights/101/cave-mouth.avif": picture("AVIF"),
        "sights/101/sound.ja.m4a": sound(),
        "sights/101/sound.ja.yaml": "made_by: speech engine\nseconds: 2.0\n",
        "sights/102/video.mp4": video(),
        "sights/102/video.ja.vtt": SUBTITLES,
        **(changes or {}),
    }
    for name, content in files.items():
        path = folder / name
        if content is None:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def tree(folder):
    """The bytes of every file by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
