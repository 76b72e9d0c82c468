"""Signs from the office's page: what a form makes, and what is refused in the reader's language."""

import pypdfium2
import pytest
import zxingcpp
from fakes.office import OfficeWorld
from meguri_qrguide.signs import fonts

URL = "https://guide.example"
PDF = "/office/signs/mine/signs.pdf"


@pytest.fixture
def world(tmp_path, request):
    world = OfficeWorld(tmp_path, public_url=getattr(request, "param", URL))
    yield world
    world.close()


@pytest.fixture
def browser(world):
    world.guides.editions("mine").publish(world.draft, world.clock())
    return world.signed_in()


def codes(pdf):
    rendered = (page.render(scale=200 / 72).to_pil() for page in pypdfium2.PdfDocument(pdf))
    return [[code.text for code in zxingcpp.read_barcodes(image)] for image in rendered]


def test_nobody_prints_signs_without_signing_in(world):
    for address in ("/office/signs/mine", PDF + "?paper=a4"):
        asked = world.browser().get(address)
        assert (asked.status_code, asked.headers["location"][:15]) == (303, "/office/sign-in")


def test_all_signs_come_as_one_file_entrance_first_and_exit_last(browser):
    made = browser.get(PDF + "?what=all&paper=a6&language=ko")
    assert made.headers["content-type"] == "application/pdf"
    assert made.headers["content-disposition"] == 'attachment; filename="mine-all-a6.pdf"'
    assert codes(made.content) == [[f"{URL}/{path}"] for path in ("g/mine", "s/101", "s/102", "x/mine")]


@pytest.mark.parametrize(("what", "path"), [("entrance", "g/mine"), ("102", "s/102"), ("exit", "x/mine")])
def test_one_sign_can_be_made_alone(browser, what, path):
    assert codes(browser.get(f"{PDF}?what={what}&paper=a4").content) == [[f"{URL}/{path}"]]


def test_the_form_offers_sights_papers_and_languages(browser):
    page = browser.get("/office/signs/mine", "ja").text
    assert "洞口" in page
    assert "https://guide.example" in page
    assert page.count('name="language"') == 3
    assert [f'value="{each}"' in page for each in ("a4", "a6", "stickers")] == [True] * 3


@pytest.mark.parametrize(
    "query",
    [
        "what=all",
        "what=all&paper=a5",
        "paper=a4&language=xx",
        "paper=a4&" + "&".join(f"language={each}" for each in ("ja", "ko", "th", "fr")),
    ],
)
def test_what_the_form_does_not_offer_is_refused(browser, query):
    assert browser.get(f"{PDF}?{query}").status_code == 422


@pytest.mark.parametrize("what", ["999", "x", ""])
def test_there_is_no_sign_of_a_sight_that_there_is_not(browser, what):
    refused = browser.get(f"{PDF}?what={what}&paper=a4")
    assert (refused.status_code, "no such sight" in refused.text) == (404, True)


@pytest.mark.parametrize("world", ["http://localhost:8602", None], indirect=True)
@pytest.mark.parametrize(("language", "says"), [("en", "--public-url https://"), ("ja", "作れません")])
def test_without_an_address_that_phones_can_open_the_page_says_what_to_do(browser, language, says):
    shown = browser.get("/office/signs/mine", language)
    assert (shown.status_code, says in shown.text, "<form class" in shown.text) == (200, True, False)
    refused = browser.get(PDF + "?paper=a4", language)
    assert (refused.status_code, says in refused.text) == (409, True)


def test_signs_wait_until_their_codes_lead_somewhere(world):
    refused = world.signed_in().get("/office/signs/mine")
    assert (refused.status_code, "Publish the guide first" in refused.text) == (409, True)


def test_without_the_fonts_the_page_says_what_to_run(browser, monkeypatch, tmp_path):
    monkeypatch.setattr(fonts, "FONTS", tmp_path)
    refused = browser.get(PDF + "?paper=a4")
    assert (refused.status_code, "python -m meguri_qrguide.signs.fonts" in refused.text) == (503, True)
