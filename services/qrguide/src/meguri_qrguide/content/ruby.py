"""Readings above words, written `{鍾乳洞|しょうにゅうどう}` in any text of a guide."""

from __future__ import annotations

import re
from html import escape

RUBY = re.compile(r"\{([^{}|\n]+)\|([^{}|\n]+)\}")
"""Word and reading."""


def ruby_html(text: str) -> str:
    """The text as HTML with everything escaped and readings as `<ruby>`."""
    parts = []
    end = 0
    for found in RUBY.finditer(text):
        parts += [escape(text[end : found.start()]), ruby_element(found[1], found[2])]
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def ruby_element(word: str, reading: str) -> str:
    """One word with its reading, in brackets where ruby is not known."""
    return f"<ruby>{escape(word)}<rp>(</rp><rt>{escape(reading)}</rt><rp>)</rp></ruby>"


def without_readings(text: str) -> str:
    """The text as one writes it without ruby: for a page's title, an alternative text, a sign."""
    return RUBY.sub(r"\1", text)


def readings_alone(text: str) -> str:
    """The text with each word replaced by its reading: what a speech engine is given."""
    return RUBY.sub(r"\2", text)
