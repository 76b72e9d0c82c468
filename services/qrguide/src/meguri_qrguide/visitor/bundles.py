"""What a phone stores of a guide in one language: its pages in one piece, and what goes with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from meguri_qrguide.visitor.headers import PAGE_HEADERS
from meguri_qrguide.visitor.prepared import HTML, JSON, Prepared, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_qrguide.content.guide import Guide, Media
    from meguri_qrguide.visitor.shell import Shell


def bundle(guide: Guide, edition: int, language: str, pages: Mapping[str, str], shell: Shell) -> Prepared:
    """One language of an edition.

    The JSON has `files`, by address [type, text]: every page, styles and scripts; the `headers` that go with
    each; and `media` in the order in which they are to be stored, each with `part` (sounds, pictures,
    videos), `of` (files of one `of` are formats of one picture, the smallest first), `url`, `type`, `bytes`
    and `hash`.

    Args:
        guide: whose.
        edition: its number.
        language: of the pages.
        pages: by path.
        shell: styles and scripts.
    """
    files = {path: (HTML, html) for path, html in pages.items()}
    files |= {file.address: (file.type, file.content.decode()) for file in shell.files.values()}
    content = {
        "town": guide.town,
        "edition": edition,
        "language": language,
        "headers": PAGE_HEADERS,
        "files": files,
        "media": media_of(guide, language),
    }
    return prepare(json.dumps(content, ensure_ascii=False, separators=(",", ":")), JSON)


def media_of(guide: Guide, language: str) -> list[dict[str, Any]]:
    """Sounds in the order of the route, then pictures, then videos with their subtitles."""
    sounds, pictures, videos = [], [], []
    for sight in guide.sights:
        found = guide.shown(sight.texts, language)
        sound = sight.sounds.get(found[0]) if found else None
        if sound is not None:
            sounds.append(_entry("sounds", sound.media.name, sound.media))
        for picture in sight.pictures:
            name = f"{sight.number}/{picture.name}"
            pictures += [_entry("pictures", name, file) for file in picture.files]
        if sight.video is not None:
            files = (sight.video.media, *sight.video.subtitles.values())
            videos += [_entry("videos", file.name, file) for file in files]
    return [*sounds, *pictures, *videos]


def offer(guide: Guide, edition: int, bundles: Mapping[str, Prepared]) -> Prepared:
    """What a phone asks first: the edition, and of each language's bundle hash and bytes on the wire."""
    languages = {
        language: {
            "url": f"/b/{guide.town}/{edition}/{language}.json",
            "hash": each.hash,
            "bytes": len(each.packed),
        }
        for language, each in bundles.items()
    }
    return prepare(json.dumps({"town": guide.town, "edition": edition, "languages": languages}), JSON)


def _entry(part: str, of: str, file: Media) -> dict[str, Any]:
    return {
        "part": part,
        "of": of,
        "url": f"/m/{file.name}",
        "type": file.type,
        "bytes": file.size,
        "hash": file.hash,
    }
