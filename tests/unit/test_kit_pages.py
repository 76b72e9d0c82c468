"""What the pages of two services share."""

import re
from itertools import pairwise

import pytest
from meguri_kit.pages.headers import CONTENT_SECURITY_POLICY, SecurityHeaders
from meguri_kit.pages.languages import negotiate
from meguri_kit.pages.static_files import TOKENS
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

OFFERED = ("ja", "en")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "ja"),
        ("en", "en"),
        ("en-GB,en;q=0.9,ja;q=0.8", "en"),
        ("ja;q=0.4, en;q=0.5", "en"),
        ("JA-JP", "ja"),
        ("fr-FR,fr;q=0.9", "en"),
        ("fr,ja;q=0.1", "ja"),
        ("*", "ja"),
        ("en;q=0, ja;q=0.1", "ja"),
        ("en;q=nonsense, ja", "ja"),
        (",;q=,,", "ja"),
    ],
)
def test_the_browsers_wish_decides_and_who_wishes_for_others_gets_english(header, language):
    assert negotiate(header, OFFERED) == language


def test_every_answer_has_the_headers_and_a_page_that_brings_one_keeps_its_own():
    framed = PlainTextResponse("in a frame", headers={"Content-Security-Policy": "frame-ancestors 'self'"})
    app = Starlette(routes=[Route("/framed", lambda _request: framed)])
    app.add_middleware(SecurityHeaders)
    client = TestClient(app)
    for address, policy in (("/none", CONTENT_SECURITY_POLICY), ("/framed", "frame-ancestors 'self'")):
        headers = client.get(address).headers
        assert headers.get_list("content-security-policy") == [policy]
        assert headers["x-content-type-options"] == "nosniff"


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def schemes():
    blocks = re.findall(r":root \{(.*?)\}", TOKENS.read_text("utf-8"), re.DOTALL)
    light, dark, paper = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in blocks)
    assert light.keys() == dark.keys() == paper.keys()
    return {"light": light, "dark": dark, "paper": paper}


TEXT = [
    ("ink", "paper"),
    ("ink", "surface"),
    ("ink-soft", "paper"),
    ("ink-soft", "surface"),
    ("accent", "paper"),
    ("accent", "surface"),
    ("accent", "accent-soft"),
    ("band-ink", "band"),
    ("band-ink", "band-raised"),
    ("band-soft", "band"),
    ("band-soft", "band-raised"),
    ("warn-ink", "warn-ground"),
    ("bad-ink", "bad-ground"),
]
MARKS = [("mark", "surface"), ("mark-soft", "surface"), ("mark-hatch", "surface")]


@pytest.mark.parametrize("scheme", ["light", "dark", "paper"])
@pytest.mark.parametrize(
    ("front", "ground", "least"), [(*pair, 4.5) for pair in TEXT] + [(*pair, 3.0) for pair in MARKS]
)
def test_colours_have_the_contrast_that_the_tokens_promise(scheme, front, ground, least):
    colours = schemes()[scheme]
    assert contrast(colours[front], colours[ground]) >= least


@pytest.mark.parametrize("scale", ["type", "space"])
def test_there_is_one_rising_scale_of_type_and_one_of_space(scale):
    steps = [
        float(rem) for rem in re.findall(rf"--{scale}-[a-z0-9]+: ([\d.]+)rem", TOKENS.read_text("utf-8"))
    ]
    assert len(steps) >= 5
    assert all(smaller < greater for smaller, greater in pairwise(steps))


@pytest.mark.parametrize("package", ["meguri_dashboard", "meguri_qrguide"])
def test_the_styles_take_sizes_of_type_and_colours_from_the_tokens(package):
    from importlib.resources import files

    for file in files(package).joinpath("static").iterdir():
        if file.name.endswith(".css") and file.name != "print.css":
            css = file.read_text("utf-8")
            sizes = re.findall(r"font-size: ([^;]+);", css)
            assert sizes
            assert all(size.startswith("var(--type-") for size in sizes), file.name
