"""Signs set on paper, as PDF: `paper.typ` has the looks, typst does the work."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import typst

from meguri_qrguide.signs.codes import code_svg
from meguri_qrguide.signs.fonts import FAMILY, SCRIPT_FAMILIES, find_fonts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from meguri_qrguide.signs.sign import Sign


class Paper(StrEnum):
    """What a sign is printed on."""

    A4 = "a4"
    """One sign a page, to be read at two metres."""
    A6 = "a6"
    """One sign a page, for a rail or a desk."""
    STICKERS = "stickers"
    """Eight signs of 96 by 66 mm on an A4 sheet, with cut marks."""


ON_A_SHEET = 8
"""Stickers."""


def signs_pdf(signs: Sequence[Sign], paper: Paper, title: str) -> bytes:
    """The signs as PDF, in their order; fonts are embedded with the glyphs used alone.

    Takes some tenths of a second of a core, so not for an event loop.

    Raises:
        NpmBuildError: the fonts have not been built.
    """
    job = {
        "paper": paper.value,
        "title": title,
        "family": FAMILY,
        "families": SCRIPT_FAMILIES,
        "signs": [_with_drawings(asdict(sign)) for sign in signs],
    }
    compiler = typst.Compiler(
        files("meguri_qrguide").joinpath("signs/paper.typ").read_bytes(), font_paths=_fonts(find_fonts())
    )
    pdf = compiler.compile(format="pdf", sys_inputs={"job": json.dumps(job, ensure_ascii=False)})
    if not isinstance(pdf, bytes):
        raise TypeError("typst made no PDF")
    return pdf


@cache
def _fonts(folder: Path) -> typst.Fonts:
    """The fonts of the folder and no others, so that signs look the same on every machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])


def _with_drawings(sign: dict[str, Any]) -> dict[str, Any]:
    codes = [{**code, "svg": code_svg(code["text"])} for code in sign["codes"]]
    return {**sign, "codes": codes}
