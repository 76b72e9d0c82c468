"""What stands on a sign: codes, a number, a title, and two sentences in up to four languages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml
from meguri_kit.public_url import PublicUrl, PublicUrlError, read_lasting_url

from meguri_qrguide.content.guide import LINGUA_FRANCA
from meguri_qrguide.content.ruby import without_readings
from meguri_qrguide.signs.codes import wifi_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meguri_qrguide.content.guide import Guide, Sight

MOST_LANGUAGES = 4
"""On a sign; the last is English, for whom none of the others is for."""


class SignError(Exception):
    """A sign cannot be made; the message says why and what to do."""


@dataclass(frozen=True)
class Code:
    """A QR code and what stands below it."""

    text: str
    caption: str


@dataclass(frozen=True)
class Wording:
    """The two sentences in one language."""

    language: str
    sentences: tuple[str, str]


@dataclass(frozen=True)
class Sign:
    """One sign, for any paper."""

    number: int | None
    """The sight's; None at entrance and exit."""
    title: str
    """In the guide's source language."""
    title_language: str
    codes: tuple[Code, ...]
    """One, or at an entrance with Wi-Fi two, in the order in which they are scanned."""
    wordings: tuple[Wording, ...]


def sign_languages(guide: Guide, chosen: Sequence[str] = ()) -> tuple[str, ...]:
    """The languages of a guide's signs: those chosen, or the guide's first, and English last.

    Raises:
        SignError: too many are chosen, or one in which there are no sentences.
    """
    known = known_languages()
    unknown = [each for each in chosen if each not in known]
    if unknown:
        raise SignError(f"Signs are not written in {', '.join(unknown)}; choose from {', '.join(known)}.")
    wanted = chosen or [
        each for each in (guide.source, *guide.languages) if each in known and "-x-" not in each
    ]
    others = [each for each in dict.fromkeys(wanted) if each != LINGUA_FRANCA]
    if chosen and len(others) >= MOST_LANGUAGES:
        raise SignError(
            f"A sign has room for {MOST_LANGUAGES} languages, the last of them English: choose at most "
            f"{MOST_LANGUAGES - 1} others."
        )
    return (*others[: MOST_LANGUAGES - 1], LINGUA_FRANCA)


def known_languages() -> tuple[str, ...]:
    """Those in which there are sentences for signs."""
    return tuple(_sentences()["sight"])


def sight_sign(guide: Guide, sight: Sight, public_url: str, languages: Sequence[str] = ()) -> Sign:
    """The sign at a sight.

    Args:
        guide: of the sight.
        sight: where the sign stands.
        public_url: the guide's address as phones reach it; it stays as long as the sign does.
        languages: as for `sign_languages`.

    Raises:
        SignError: no sign can be made with this address or in these languages.
    """
    url = _lasting(public_url)
    return Sign(
        number=sight.number,
        title=without_readings(sight.texts[guide.source].title),
        title_language=guide.source,
        codes=(Code(f"{url.origin}/s/{sight.number}", url.typed),),
        wordings=_wordings("sight", guide, languages, number=sight.number, address=url.typed),
    )


def entrance_sign(guide: Guide, public_url: str, languages: Sequence[str] = ()) -> Sign:
    """The sign where there is signal: the guide's code, and before it the Wi-Fi's where the guide names one.

    Args and errors are those of `sight_sign`.
    """
    sign = _whole_guide_sign("entrance", f"/g/{guide.town}", guide, public_url, languages)
    if guide.wifi is None:
        return sign
    return replace(sign, codes=(Code(wifi_text(guide.wifi), f"Wi-Fi: {guide.wifi.name}"), *sign.codes))


def exit_sign(guide: Guide, public_url: str, languages: Sequence[str] = ()) -> Sign:
    """The sign where visitors leave and there is signal: thanks, survey, coupon.

    Args and errors are those of `sight_sign`.
    """
    return _whole_guide_sign("exit", f"/x/{guide.town}", guide, public_url, languages)


def all_signs(guide: Guide, public_url: str, languages: Sequence[str] = ()) -> tuple[Sign, ...]:
    """Every sign of a guide as visitors come past: entrance, sights, exit.

    Args and errors are those of `sight_sign`.
    """
    return (
        entrance_sign(guide, public_url, languages),
        *(sight_sign(guide, sight, public_url, languages) for sight in guide.sights),
        exit_sign(guide, public_url, languages),
    )


def _whole_guide_sign(kind: str, path: str, guide: Guide, public_url: str, languages: Sequence[str]) -> Sign:
    url = _lasting(public_url)
    address = f"{url.typed}{path}"
    return Sign(
        number=None,
        title=without_readings(guide.titles[guide.source]),
        title_language=guide.source,
        codes=(Code(f"{url.origin}{path}", address),),
        wordings=_wordings(kind, guide, languages, address=address),
    )


def _lasting(public_url: str) -> PublicUrl:
    try:
        return read_lasting_url(public_url)
    except PublicUrlError as error:
        raise SignError(str(error)) from error


def _wordings(kind: str, guide: Guide, languages: Sequence[str], **values: object) -> tuple[Wording, ...]:
    sentences = _sentences()[kind]
    wordings = []
    for language in sign_languages(guide, languages):
        first, second = (each.format_map(values) for each in sentences[language])
        wordings.append(Wording(language, (first, second)))
    return tuple(wordings)


@cache
def _sentences() -> Mapping[str, Mapping[str, tuple[str, str]]]:
    """By kind of sign, by language."""
    read: dict[str, dict[str, tuple[str, str]]] = yaml.safe_load(
        files("meguri_qrguide").joinpath("signs/wording.yaml").read_text("utf-8")
    )
    return read
