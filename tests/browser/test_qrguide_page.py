"""The visitors' pages on a phone's screen: the guide that ships, as it is."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from browser.accessibility import violations
from browser.conftest import serve
from fakes.log import MemoryLog
from fakes.town_day import TOWN
from meguri_qrguide import assets
from meguri_qrguide.app import create_app
from meguri_qrguide.content.guides import shipped_guide
from meguri_qrguide.content.reading import read_guide

PHONE = {"width": 360, "height": 740}
PATHS = ["/", "/g/mine", "/s/101", "/scan", "/x/mine", "/q/mine", "/n/mine", "/o/mine", "/s/9"]
LANGUAGES = ["ja", "en", "zh-Hans", "zh-Hant", "ko", "th", "fr", "vi", "ja-x-easy"]


@pytest.fixture(scope="module")
def address():
    assets.build()
    folder = shipped_guide("mine")
    guide = read_guide(folder)
    town = replace(TOWN, town="mine", sights={sight.number: "hall" for sight in guide.sights})
    edition = SimpleNamespace(number=1, folder=folder, guide=guide)
    guides = SimpleNamespace(current=lambda _town: edition)
    with serve(create_app(towns={"mine": town}, log=MemoryLog(), guides=guides)) as address:
        yield address


def opened(context, address, path, language):
    page = context.new_page()
    page.goto(f"{address}{path}?lang={language}")
    return page


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", ["ja", "en", "th"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(browser, address, path, language, scheme):
    with browser.new_context(color_scheme=scheme, viewport=PHONE, bypass_csp=True) as context:
        page = opened(context, address, path, language)
        assert page.locator("html").get_attribute("lang") == language
        assert violations(page) == {}
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_text_twice_as_large_every_page_is_still_as_wide_as_the_screen(browser, address, language):
    with browser.new_context(viewport=PHONE) as context:
        for path in ("/g/mine", "/s/102", "/q/mine"):
            page = opened(context, address, path, language)
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_inside_the_cave_a_page_is_dark_until_the_visitor_wants_it_bright(browser, address, scheme):
    with browser.new_context(color_scheme=scheme, viewport=PHONE) as context:
        page = opened(context, address, "/s/101", "en")
        ground = "getComputedStyle(document.body).backgroundColor"
        assert brightness(page.evaluate(ground)) < 50
        button = page.get_by_role("button", name="Bright page")
        assert button.is_visible() == (scheme == "light")
        if scheme == "light":
            button.click()
            page.goto(f"{address}/s/102")
            page.get_by_role("button", name="Dark page").wait_for()
            assert brightness(page.evaluate(ground)) > 200


def brightness(colour):
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3


def test_everything_that_is_tapped_is_large_enough_for_a_wet_hand(browser, address):
    with browser.new_context(viewport=PHONE) as context:
        for path in ("/g/mine", "/s/101", "/scan", "/q/mine", "/x/mine"):
            page = opened(context, address, path, "en")
            small = page.evaluate("""
              [...document.querySelectorAll("button, .button, nav a, ol a, summary, input:not([type=radio])")]
                .filter((each) => each.getClientRects().length && each.getBoundingClientRect().height < 44)
                .map((each) => each.outerHTML)
            """)
            assert small == [], path


def test_the_keyboard_comes_to_the_text_first_and_then_through_the_page_in_its_order(browser, address):
    with browser.new_context(viewport=PHONE) as context:
        page = opened(context, address, "/s/101", "en")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_without_javascript_the_guide_is_read_in_every_language(browser, address):
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:
        for language in LANGUAGES:
            page = opened(context, address, "/s/101", language)
            assert len(page.locator("article .body").inner_text()) > 100
            assert (
                page.locator("audio").count() == 0
                or page.locator("audio").get_attribute("controls") is not None
            )
            assert not page.get_by_role("heading", level=1).inner_text().startswith("{")


def test_the_first_load_of_a_sight_is_at_most_60_kilobytes_and_asks_no_other_origin(browser, address):
    with browser.new_context(viewport=PHONE, service_workers="block") as context:
        page = context.new_page()
        sizes, others = {}, []

        def note(response):
            if not response.url.startswith(address):
                others.append(response.url)
            elif "/m/" not in response.url:
                sizes[response.url] = response.request.sizes()["responseBodySize"]

        page.on("response", note)
        page.goto(f"{address}/s/101")
        page.wait_for_load_state("networkidle")
        assert others == []
        assert 5_000 < sum(sizes.values()) <= 60_000, sizes
