"""The office in a real browser: from the one-time link to what visitors see, with and without JavaScript."""

import io

import pytest
from browser.accessibility import violations
from browser.conftest import serve
from fakes.office import PASSWORD, OfficeWorld
from PIL import Image
from playwright.sync_api import expect

GUIDE = "/office/guides/mine"
PAGES = [
    "",
    "/sights/101",
    "/sights/101/fr",
    "/guide?shown=en",
    "/survey",
    "/preview",
    "/publish",
    "/transfer",
]


@pytest.fixture
def world(tmp_path):
    world = OfficeWorld(tmp_path)
    yield world
    world.close()


@pytest.fixture
def address(world):
    with serve(world.app) as address:
        yield address


def joined(context, world, address):
    """A page of somebody who has just come by the one-time link."""
    page = context.new_page()
    page.goto(f"{address}/office/join/{world.invite()}")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same password once more").fill(PASSWORD)
    page.get_by_role("button", name="Choose a password and sign in").click()
    expect(page.get_by_role("heading", name="Guides")).to_be_visible()
    return page


def photo():
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "green").save(file, "JPEG")
    return {"name": "mouth.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


@pytest.mark.parametrize("java_script", [True, False], ids=["with JavaScript", "without"])
def test_the_office_translates_describes_previews_and_publishes(browser, world, address, java_script):
    with browser.new_context(locale="en-GB", java_script_enabled=java_script) as context:
        errors, elsewhere = [], []
        context.on("weberror", lambda error: errors.append(error.error))
        context.on("request", lambda sent: sent.url.startswith(address) or elsewhere.append(sent.url))
        page = joined(context, world, address)
        page.get_by_role("link", name="Mine").click()
        page.get_by_role("link", name="101 Français: missing").click()
        page.get_by_label("Title").fill("L'entrée")
        page.get_by_label("Lead").fill("L'entrée de la grotte.")
        page.get_by_label("Text", exact=True).fill("Levez les yeux.")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_have_text("Saved.")

        page.goto(f"{address}{GUIDE}/sights/101")
        page.get_by_label("Picture (JPEG, PNG, WebP, AVIF or TIFF)").set_input_files(photo())
        added = page.locator("form", has=page.get_by_role("heading", name="Add a picture"))
        added.get_by_label("Description in 日本語").fill("暗い入口")
        added.get_by_role("button", name="Upload").click()
        expect(page.get_by_role("img", name="暗い入口")).to_be_visible(timeout=30_000)

        page.get_by_role("link", name="Preview").click()
        page.get_by_label("Page", exact=True).select_option("s/101")
        page.get_by_label("Language", exact=True).select_option("fr")
        page.get_by_role("button", name="Show").click()
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("heading", name="L'entrée", exact=True)).to_be_visible()
        expect(frame.get_by_text("Levez les yeux.")).to_be_visible()

        page.get_by_role("link", name="Publish").click()
        page.get_by_role("button", name="Publish").click()
        expect(page.get_by_role("status")).to_contain_text("Published.")
        page.get_by_role("button", name="Sign out hanako").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert [str(error) for error in errors] == []
        assert elsewhere == []
    sight = world.guides.current("mine").guide.sights[0]
    assert sight.texts["fr"].title == "L'entrée"
    assert sight.pictures[0].alt == {"ja": "暗い入口"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "ja-JP"])
def test_axe_finds_nothing_on_any_page(browser, world, address, locale, scheme):
    world.write(
        "sights/101/fr.md",
        "---\ntitle: Bouche\nlead: De la grotte.\ntranslated_from: '0123456789abcdef'\n---\n",
    )
    with browser.new_context(locale="en-GB", color_scheme=scheme) as context:
        page = joined(context, world, address)
        language = locale[:2]
        found = {}
        for path in PAGES:
            page.goto(f"{address}{GUIDE}{path}{'&' if '?' in path else '?'}lang={language}")
            expect(page.locator("html")).to_have_attribute("lang", language)
            found[path] = violations(page)
        page.goto(f"{address}/office/sign-in?lang={language}")
        found["sign in"] = violations(page)
        assert {path: each for path, each in found.items() if each} == {}


def test_nothing_is_wider_than_a_phone_but_the_table(browser, world, address):
    with browser.new_context(locale="en-GB", viewport={"width": 360, "height": 740}) as context:
        page = joined(context, world, address)
        for path in PAGES:
            page.goto(f"{address}{GUIDE}{path}")
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide <= 0, path
