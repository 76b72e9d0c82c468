"""The guide on a visitor's phone."""

from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.conftest import serve
from fakes.log import MemoryLog
from fakes.town_day import TOWN
from meguri_qrguide.app import create_app

PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def address():
    towns = {TOWN.town: replace(TOWN, sights={1: "hall"})}
    with serve(create_app(towns=towns, log=MemoryLog())) as address:
        yield address


@pytest.mark.parametrize("path", ["/s/1", "/", "/s/9"])
@pytest.mark.parametrize("locale", ["en-GB", "ja-JP"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(browser, address, path, locale, scheme):
    with browser.new_context(locale=locale, color_scheme=scheme, viewport=PHONE, bypass_csp=True) as context:
        page = context.new_page()
        page.goto(address + path)
        assert page.locator("html").get_attribute("lang") == locale[:2]
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_without_javascript_and_with_little_signal_the_page_is_whole(browser, address):
    with browser.new_context(locale="en-GB", viewport=PHONE, java_script_enabled=False) as context:
        page = context.new_page()
        loaded = []
        page.on("response", lambda response: loaded.append(len(response.body())))
        page.goto(f"{address}/s/1")
        page.get_by_role("link", name="日本語").click()
        assert page.get_by_role("heading", name="茶の館").is_visible()
        assert sum(loaded) < 40_000
