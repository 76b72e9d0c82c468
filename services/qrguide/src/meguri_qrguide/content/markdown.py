"""The part of CommonMark that a sight's body may use, as HTML that is safe by how it is made.

Paragraphs, headings of the levels 2 and 3, emphasis, lists, links to sights of the same guide (`/s/102`), and
ruby. Everything else is refused; nothing of the input reaches the output but escaped.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from meguri_qrguide.content.problems import ContentError, Problem
from meguri_qrguide.content.ruby import RUBY, ruby_element

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_LINK = re.compile(r"/s/([1-9][0-9]{0,4})")
_DEEPEST = 8
"""Levels of tokens; the parser would leave out without a word what is nested deeper than 20."""
_HEADINGS = ("h2", "h3")
_BLOCKS = {
    "paragraph_open": "p",
    "heading_open": "",
    "bullet_list_open": "ul",
    "ordered_list_open": "ol",
    "list_item_open": "li",
}
_MARKS = {"em_open": "<em>", "em_close": "</em>", "strong_open": "<strong>", "strong_close": "</strong>"}
_REFUSED = {
    "html_block": "Raw HTML is not taken. Write Markdown; a < before a letter is written \\<.",
    "html_inline": "Raw HTML is not taken. Write Markdown; a < before a letter is written \\<.",
    "image": "A picture is no part of the body: put its file beside this one and its alternative text "
    "under pictures.",
    "code_block": "A paragraph that begins with four spaces would be code. Take the spaces away.",
    "fence": "Code is not taken.",
    "code_inline": "Code (`) is not taken.",
    "blockquote_open": "Quotations (>) are not taken. Write a paragraph.",
    "hr": "Lines across (---) are not taken. Write a heading.",
}


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
    env: dict[str, dict[str, dict[str, list[int]]]] = {}
    tokens = _PARSER.parse(body, env)
    # A definition that is used shows in its link; one that is not would be left out without a word.
    problems = [
        (each["map"][0], "Write a link's address in the link itself: [words](/s/102).")
        for each in env.get("references", {}).values()
    ]
    problems += [*_refused(tokens, sights)]
    if problems:
        raise ContentError(Problem(path, first_line + line, sentence) for line, sentence in set(problems))
    return "".join(_html(tokens))


def spoken(body: str) -> str:
    """The body's words without any marks but their readings (see `ruby`), a paragraph a line."""
    lines = []
    for token in _PARSER.parse(body):
        if token.type == "inline":
            words = _Words()
            for child in token.children or ():
                if child.type == "ruby":
                    word, reading = child.meta["word"], child.meta["reading"]
                    words.add(f"{{{word}|{reading}}}", word)
                elif child.type == "text":
                    words.add(child.content, child.content)
                elif child.type in ("softbreak", "hardbreak"):
                    words.end_line()
            lines.append("".join(words.parts))
    return "\n".join(lines)


class _Words:
    """Inline content put together; lines of a script without spaces are joined without one."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._last = ""
        self._break: int | None = None

    def add(self, output: str, text: str) -> None:
        """Append what shows the text."""
        if not text:
            return
        if self._break is not None and _is_spaceless(self._last) and _is_spaceless(text[0]):
            self.parts[self._break] = ""
        self._break = None
        self._last = text[-1]
        self.parts.append(output)

    def mark(self, output: str) -> None:
        """Append what shows no text of its own."""
        self.parts.append(output)

    def end_line(self) -> None:
        """The source's line ends here, which is a space unless the script has none."""
        self._break = len(self.parts)
        self.parts.append("\n")


def _is_spaceless(character: str) -> bool:
    wide = unicodedata.east_asian_width(character or " ") in "WF"
    return wide and not unicodedata.name(character, "").startswith("HANGUL")


def _refused(tokens: Sequence[Token], sights: Collection[int]) -> Iterator[tuple[int, str]]:
    """Line, from 0, and sentence of what the body may not have."""
    for token in tokens:
        line = token.map[0] if token.map else 0
        if token.level > _DEEPEST and token.nesting >= 0:
            yield line, "This is nested too deep. Take lists out of lists."
        if token.type == "inline":
            for child in token.children or ():
                if child.type in ("softbreak", "hardbreak"):
                    line += 1
                elif sentence := _REFUSED.get(child.type) or _link_problem(child, sights):
                    yield line, sentence
        elif token.type == "heading_open" and token.tag not in _HEADINGS:
            yield line, "Headings begin with ## or ###; the title is the page's only #."
        elif sentence := _REFUSED.get(token.type):
            yield line, sentence


def _link_problem(token: Token, sights: Collection[int]) -> str | None:
    if token.type != "link_open":
        return None
    found = _LINK.fullmatch(str(token.attrs["href"]))
    if found is None or "title" in token.attrs:
        return "Links lead to sights of this guide alone, and are written [words](/s/102)."
    if int(found[1]) not in sights:
        return f"This guide has no sight {found[1]} to which a link could lead."
    return None


def _html(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield _inline_html(token.children or ())
        elif not token.hidden:
            tag = _BLOCKS[token.type.replace("_close", "_open")] or token.tag
            start = token.attrs.get("start") if token.type == "ordered_list_open" else None
            numbered = "" if start is None else f' start="{int(start)}"'
            yield f"<{tag}{numbered}>" if token.nesting == 1 else f"</{tag}>\n"


def _inline_html(tokens: Sequence[Token]) -> str:
    words = _Words()
    for token in tokens:
        if token.type == "text":
            words.add(escape(token.content), token.content)
        elif token.type == "ruby":
            word = token.meta["word"]
            words.add(ruby_element(word, token.meta["reading"]), word)
        elif token.type == "softbreak":
            words.end_line()
        elif token.type == "hardbreak":
            words.mark("<br>")
        elif token.type == "link_open":
            words.mark(f'<a href="{escape(str(token.attrs["href"]))}">')
        elif token.type == "link_close":
            words.mark("</a>")
        else:
            words.mark(_MARKS[token.type])
    return "".join(words.parts)


def _parse_ruby(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  as markdown-it calls a rule
    found = RUBY.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("ruby", "", 0).meta = {"word": found[1], "reading": found[2]}
    state.pos = found.end()
    return True


def _is_parsed(url: str) -> bool:  # noqa: ARG001  as markdown-it calls it
    return True


def _parser() -> MarkdownIt:
    # Raw HTML and every address are parsed so that they can be refused by line; none is ever rendered.
    parser = MarkdownIt("commonmark", {"html": True})
    parser.inline.ruler.before("link", "ruby", _parse_ruby)
    parser.validateLink = _is_parsed  # type: ignore[method-assign]
    return parser


_PARSER = _parser()
