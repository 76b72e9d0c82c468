"""The pages of a guide in one language, as HTML by their path; without clock, disk or net."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from meguri_qrguide.content.guide import NOTICE_PARTS
from meguri_qrguide.content.ruby import ruby_html, without_readings
from meguri_qrguide.visitor.languages import html_language
from meguri_qrguide.visitor.messages import Words, read_messages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meguri_qrguide.content.guide import Guide, Sight
    from meguri_qrguide.visitor.shell import Shell

NO_SUCH_PAGE = "/.none"
"""What answers an address that leads nowhere; itself it is no address."""
OFFLINE_PAGE = "/.offline"
"""What a phone shows without signal for a page that it has not stored."""
SCRIPT_WORDS = (
    *("exit.nothing", "exit.sending", "exit.sent", "exit.waiting"),
    *("optout.going_on", "optout.stopped"),
    *("page.bright", "page.dark"),
    "rating.thanks",
    *("scan.looking", "scan.no_camera", "scan.refused"),
    *("scan.other_origin", "scan.other_town", "scan.unknown"),
    *("sound.failed", "sound.pause", "sound.play"),
    *("store.cut", "store.deleted", "store.full", "store.progress", "store.ready", "store.ready_sound"),
    *("store.refused", "store.sound_coming", "store.update", "store.video", "store.working"),
    *("survey.done", "survey.done_offline", "survey.empty"),
)
"""The words that a script puts into a page, which the page brings along."""


@dataclass(frozen=True)
class Told:
    """A text of the guide as a visitor gets it."""

    html: Markup
    plain: str
    language: str
    attribute: Markup
    """` lang="..."` where the text is in another language than the page around it."""
    is_missing: bool
    """Whether it is in another language than was chosen."""


class _Page:
    """What every template may ask: the guide's texts, the pages' words, addresses."""

    def __init__(self, language: str, shell: Shell, guide: Guide | None, languages: Sequence[str]) -> None:
        self.language = language
        self.guide = guide
        self.words = Words(language)
        self.lang = html_language(self.words.language)
        self.shell = shell
        self.languages = [
            (tag, html_language(tag), Words(tag).html("language.name") if tag in read_messages() else tag)
            for tag in sorted(
                languages, key=language.__ne__
            )  # its own first: the row may be wider than a phone
        ]
        self.say = self.words.html
        self.plain = self.words.plain
        self.script_words = {key: self.words.raw(key) for key in SCRIPT_WORDS}

    def told(self, by_language: Mapping[str, str], guide: Guide | None = None) -> Told | None:
        """A plain text with ruby."""
        found = (guide or self._guide).shown(by_language, self.language)
        return self._told(*found) if found else None

    def in_language(self, language: str) -> Markup:
        """The attribute for what stands in a language; nothing where the page is in it."""
        tag = html_language(language)
        return Markup("") if tag == self.lang else Markup(' lang="{}"').format(tag)

    def language_name(self, language: str) -> str:
        """A language's own name for itself."""
        return Words(language).plain("language.name") if language in read_messages() else language

    def sight(self, sight: Sight) -> dict[str, Any]:
        """A sight's texts and media for its page and for lists."""
        found = self._guide.shown(sight.texts, self.language)
        if found is None:
            raise ValueError(f"sight {sight.number} has no text in its source language")
        language, text = found
        sound = sight.sounds.get(language)
        return {
            "number": sight.number,
            "title": self._told(language, text.title),
            "lead": self._told(language, text.lead),
            "body": Markup(text.body_html),  # noqa: S704  # safe by how `content.markdown` makes it
            "next_hint": self._told(language, text.next_hint) if text.next_hint else None,
            "sound": sound,
            "sound_is_current": sound is not None and sound.says in ("", text.digest),
            "pictures": [(picture, self.told(picture.alt)) for picture in sight.pictures],
            "video": sight.video,
        }

    def map_here(self, drawing: str | None, number: int | None) -> Markup | None:
        """The map with the sight marked where one stands."""
        if drawing is None:
            return None
        here = f'id="sight-{number}"'
        return Markup(drawing.replace(here, f'{here} class="here"', 1))  # noqa: S704  # `content` checked the drawing

    @property
    def _guide(self) -> Guide:
        if self.guide is None:
            raise ValueError("this page is of no single guide")
        return self.guide

    def _told(self, language: str, text: str) -> Told:
        return Told(
            html=Markup(ruby_html(text)),  # noqa: S704  # it escapes everything
            plain=without_readings(text),
            language=language,
            attribute=self.in_language(language),
            is_missing=language != self.language,
        )


def guide_pages(guide: Guide, language: str, shell: Shell, drawing: str | None) -> dict[str, str]:
    """Every page of a guide in a language, by path.

    Args:
        guide: whose.
        language: one of the guide's.
        shell: styles and scripts.
        drawing: the map's SVG; None where there is none.
    """
    page = _Page(language, shell, guide, guide.languages)
    town = guide.town
    sights = [page.sight(sight) for sight in guide.sights]
    coupon = page.told(guide.coupon) if guide.coupon else None
    common: dict[str, Any] = {
        "page": page,
        "town": town,
        "title": page.told(guide.titles),
        "sights": sights,
        "map": page.map_here(drawing, None),
    }
    found = {
        f"/g/{town}": _render("entrance.html", **common),
        "/scan": _render("scan.html", **common),
        f"/x/{town}": _render("exit.html", **common, coupon=coupon),
        f"/q/{town}": _render("survey.html", **common, questions=_questions(page, guide)),
        f"/n/{town}": _render("notice.html", **common, parts=_notice(page, guide)),
        f"/o/{town}": _render("opt_out.html", **common),
        OFFLINE_PAGE: _render("offline.html", **common),
    }
    for index, sight in enumerate(sights):
        following = sights[index + 1] if index + 1 < len(sights) else None
        path = f"/s/{sight['number']}"
        here = page.map_here(drawing, sight["number"])
        own = {**common, "map": here, "sight": sight, "following": following, "path": path}
        found[path] = _render("sight.html", **own)
    return found


def town_pages(
    guides: Sequence[Guide], languages: Sequence[str], language: str, shell: Shell
) -> dict[str, str]:
    """The pages of no single guide, by path: the towns, and what answers an address that leads nowhere."""
    page = _Page(language, shell, None, languages)
    towns = [(guide.town, page.told(guide.titles, guide)) for guide in guides]
    return {
        "/": _render("towns.html", page=page, towns=towns),
        NO_SUCH_PAGE: _render("no_such_page.html", page=page, towns=towns),
    }


def _questions(page: _Page, guide: Guide) -> list[dict[str, Any]]:
    return [
        {
            "id": question.id,
            "kind": question.kind,
            "text": page.told(question.texts),
            "choices": [(choice.id, page.told(choice.texts)) for choice in question.choices],
            "steps": range(question.lowest, question.highest + 1) if question.kind == "scale" else (),
            "lowest": question.lowest,
            "highest": question.highest,
            "lowest_text": page.told(question.lowest_texts or {}),
            "highest_text": page.told(question.highest_texts or {}),
            "unit": page.told(question.unit_texts or {}),
        }
        for question in guide.survey.questions
    ]


def _notice(page: _Page, guide: Guide) -> list[tuple[str, Told | None]]:
    """The parts in their order, each with the town's own text where there is one."""
    return [(part, page.told(guide.notice.get(part, {}))) for part in NOTICE_PARTS]


def _render(template: str, **values: object) -> str:
    return _templates().get_template(template).render(**values)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("meguri_qrguide", "templates/visitor"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
