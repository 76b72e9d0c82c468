"""The part of CommonMark that a sight's body may use, as HTML that is safe by how it is made.

Paragraphs, headings of the levels 2 and 3, emphasis, lists, links to sights of the same guide (`/s/102`), and
ruby. Everything else is refused; nothing of the input reaches the output but escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


def render(body: str, path: str, first_line: int, sights: Collection[int]) -> str:
    """The body as HTML.

    Args:
        body: Markdown.
        path: the file, for problems.
        first_line: the file's line on which the body begins.
        sights: numbers to which it may link.

    Raises:
        ContentError: raw HTML, a picture, a foreign link or anything else that a body may not have.
    """
    raise NotImplementedError


def spoken(body: str) -> str:
    """The body's words without any marks, a paragraph a line, readings instead of words that have one."""
    raise NotImplementedError
