"""Everything that visitors may ask for, made ready when an edition is published; replaced whole."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_qrguide.visitor.bundles import bundle, offer
from meguri_qrguide.visitor.pages import OFFLINE_PAGE, guide_pages, town_pages
from meguri_qrguide.visitor.prepared import HTML, Prepared, prepare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from meguri_qrguide.content.editions import Edition
    from meguri_qrguide.content.guide import Guide, Media
    from meguri_qrguide.content.guides import Guides
    from meguri_qrguide.visitor.shell import Shell

DEFAULT_LANGUAGES = ("ja", "en")
"""Of the pages of no guide, where no guide was published."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shelf:
    """One guide, ready."""

    guide: Guide
    edition: int
    pages: Mapping[tuple[str, str], Prepared]
    """By language and path."""
    bundles: Mapping[str, Prepared]
    """By language."""
    offer: Prepared


@dataclass(frozen=True)
class Site:
    """All of them."""

    shelves: Mapping[str, Shelf]
    """By town, in the towns' order."""
    towns_of_sights: Mapping[int, str]
    """A number that two guides have is the first one's."""
    languages: tuple[str, ...]
    """Of the pages of no guide."""
    pages: Mapping[tuple[str, str], Prepared]
    """Those of no guide, by language and path."""
    media: Mapping[str, tuple[Path, Media]]
    """By the name in `/m/{name}`: where the file lies."""


def make_site(editions: Sequence[Edition], shell: Shell) -> Site:
    """Make every page, bundle and list ready.

    Args:
        editions: one of each town, in the towns' order.
        shell: styles and scripts.

    Raises:
        ContentError: an edition's files are not what was published.
    """
    guides = [edition.guide for edition in editions]
    languages = tuple(dict.fromkeys(tag for guide in guides for tag in guide.languages)) or DEFAULT_LANGUAGES
    outer = {tag: town_pages(guides, languages, tag, shell) for tag in languages}
    shelves = {}
    towns_of_sights: dict[int, str] = {}
    media: dict[str, tuple[Path, Media]] = {}
    for edition in editions:
        guide = edition.guide
        shelves[guide.town] = _shelf(edition, shell, {tag: outer[tag]["/"] for tag in guide.languages})
        for sight in guide.sights:
            towns_of_sights.setdefault(sight.number, guide.town)
        media |= {file.name: (edition.folder / file.path, file) for file in media_files(guide)}
    pages = {(tag, path): prepare(html, HTML) for tag in languages for path, html in outer[tag].items()}
    return Site(shelves, towns_of_sights, languages, pages, media)


def media_files(guide: Guide) -> Iterable[Media]:
    """Every file that phones fetch by its hash."""
    for sight in guide.sights:
        for picture in sight.pictures:
            yield from picture.files
        for sound in sight.sounds.values():
            yield sound.media
        if sight.video is not None:
            yield sight.video.media
            yield from sight.video.subtitles.values()


def _shelf(edition: Edition, shell: Shell, front: Mapping[str, str]) -> Shelf:
    guide = edition.guide
    drawing = (edition.folder / guide.map.path).read_text("utf-8") if guide.map else None
    pages: dict[tuple[str, str], Prepared] = {}
    bundles: dict[str, Prepared] = {}
    for tag in guide.languages:
        own = guide_pages(guide, tag, shell, drawing)
        pages |= {(tag, path): prepare(html, HTML) for path, html in own.items() if path != OFFLINE_PAGE}
        bundles[tag] = bundle(guide, edition.number, tag, {**own, "/": front[tag]}, shell)
    return Shelf(guide, edition.number, pages, bundles, offer(guide, edition.number, bundles))


class CurrentSite:
    """The site of the editions that are current; a newer one is made beside the one that is served.

    Args:
        towns: names, in the order shown.
        guides: what was published.
        shell: styles and scripts.
    """

    def __init__(self, towns: Iterable[str], guides: Guides, shell: Shell) -> None:
        self._towns = tuple(towns)
        self._guides = guides
        self._shell = shell
        self._site: Site | None = None
        self._made_of: tuple[Edition, ...] = ()
        self._making: asyncio.Task[Site] | None = None
        self._media: dict[str, tuple[Path, Media]] = {}

    async def get(self) -> Site:
        """What is served now. Costs a `stat` a town, and waits for nothing but the very first making."""
        editions = tuple(filter(None, map(self._guides.current, self._towns)))
        if (self._site is None or editions != self._made_of) and self._making is None:
            self._making = asyncio.create_task(self._make(editions))
        if self._site is None and self._making is not None:
            return await asyncio.shield(self._making)
        if self._site is None:
            raise RuntimeError("a site that was made is gone")
        return self._site

    async def media(self, name: str) -> tuple[Path, Media] | None:
        """Where a file lies; those of earlier editions too, as a phone may still be storing one."""
        await self.get()
        return self._media.get(name)

    async def _make(self, editions: tuple[Edition, ...]) -> Site:
        try:
            site = await asyncio.to_thread(make_site, editions, self._shell)
        except Exception:
            logger.exception("an edition cannot be served; what was served before stays")
            site = self._site or make_site((), self._shell)
        finally:
            self._making = None
        self._made_of = editions
        self._site = site
        self._media |= site.media
        return site
