"""Whatever stands in a guide's files: the pages stay safe, and what was written is what is read."""

import io
import re
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory

from fakes.guide_folder import TEXTS, picture, sound, tree, write_guide
from hypothesis import given
from hypothesis import strategies as st
from meguri_qrguide.content.archive import export_zip, import_zip
from meguri_qrguide.content.markdown import render
from meguri_qrguide.content.problems import ContentError
from meguri_qrguide.content.reading import read_guide
from meguri_qrguide.content.ruby import ruby_html
from meguri_qrguide.content.text_files import TextFile, parse_text_file

PIECES = [
    *(
        "<script>",
        "</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<!--",
        "-->",
        "<a b",
    ),
    *(
        "javascript:alert(1)",
        "JaVaScRiPt:",
        "java\tscript:",
        "&#106;avascript:",
        "data:text/html,",
        "//evil",
        "\\",
    ),
    *(
        "[a](",
        ")",
        "[a]: ",
        "[a]",
        "![",
        "](/s/101)",
        "](/s/101 'x')",
        "<http://a.b>",
        "{",
        "|",
        "}",
        "{a|b}",
        "{<script>|b}",
        "{a|<img src=x>}",
    ),
    *(
        "`",
        "```\n",
        "> ",
        "# ",
        "## ",
        "- ",
        "1. ",
        "    ",
        "\t",
        "\n",
        "\n\n",
        "*",
        "**",
        "_",
        "---",
        "===",
        '"',
    ),
    *(
        "'",
        "onclick=x",
        "&lt;",
        "&quot;",
        "&#x3c;",
        "\0",
        "\u2028",
        "水",
        "한",
        "a",
        " ",
        "/s/102",
        "style=x:y",
    ),
]
BODIES = st.one_of(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.text(max_size=80))
TAGS = {"p", "h2", "h3", "em", "strong", "ul", "ol", "li", "a", "br", "ruby", "rp", "rt"}


class Elements(HTMLParser):
    """Every element with its attributes, as a browser would see them."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.other = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, attrs))

    def handle_comment(self, data):
        self.other.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def assert_safe(html):
    elements = Elements(html)
    assert not elements.other
    assert "<script" not in html.lower()
    for tag, attributes in elements.found:
        assert tag in TAGS
        for name, value in attributes:
            pattern = {"href": "/s/10[12]", "start": "[0-9]+"}.get(name, "nothing else")
            assert re.fullmatch(pattern, value)


@given(BODIES)
def test_nothing_that_runs_or_leads_away_comes_out_of_a_body_whatever_goes_in(body):
    try:
        html = render(body, "ja.md", 1, {101, 102})
    except ContentError:
        return
    assert_safe(html)


@given(BODIES)
def test_nothing_but_readings_comes_out_of_a_title_whatever_goes_in(title):
    html = ruby_html(title)
    assert_safe(html)
    assert {tag for tag, _ in Elements(html).found} <= {"ruby", "rp", "rt"}


# What an editor's field gives: no control characters, no white space around it, one line.
LINES = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn", "Zl", "Zp")), min_size=1, max_size=40
)
LINES = LINES.map(str.strip).filter(bool)
NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True)
TEXT_FILES = st.builds(
    TextFile,
    title=LINES,
    lead=LINES,
    body=st.lists(LINES | st.just(""), max_size=6).map("\n".join).map(lambda body: body.strip("\n")),
    next_hint=st.none() | LINES,
    translated_from=st.none() | st.from_regex("[0-9a-f]{16}", fullmatch=True),
    alt=st.dictionaries(NAMES, LINES, max_size=3),
)


@given(TEXT_FILES)
def test_a_text_that_was_written_is_read_as_the_same(file):
    read = parse_text_file(file.written(), "ja.md")
    assert read == file
    assert read.digest == file.digest
    if file.body:
        assert file.written().split("\n")[read.body_line - 1 :] == [*file.body.split("\n"), ""]


CONTENTS = st.fixed_dictionaries(
    {},
    optional={
        "sights/101/fr.md": LINES.map(lambda line: f"---\ntitle: Entrée\nlead: Froid.\n---\n\n\\{line}"),
        "sights/102/en.md": st.just(TEXTS["sights/101/en.md"]),
        "sights/102/bat.jpg": st.just(picture("JPEG")),
        "sights/101/sound.ja.m4a": st.binary(max_size=50).map(sound),
        "sights/102/video.mp4": st.none(),
        "survey.yaml": st.none(),
    },
)


@given(CONTENTS)
def test_a_guide_that_left_as_a_zip_enters_as_the_same(changes):
    if "sights/102/video.mp4" in changes:
        changes["sights/102/video.ja.vtt"] = None
    with TemporaryDirectory() as name:
        draft = write_guide(Path(name, "draft"), changes)
        try:
            read_guide(draft)
        except ContentError:
            return
        entered = Path(name, "entered")
        packed = export_zip(draft).read()
        import_zip(io.BytesIO(packed), entered, "valley")
        assert tree(entered) == tree(draft)
        assert export_zip(entered).read() == packed
