"""Signs as a printer gets them: rendered, scanned, read."""

import math
from functools import cache

import pypdfium2
import pytest
import zxingcpp
from fakes.cave_guide import guide
from meguri_qrguide.content.guide import Wifi
from meguri_qrguide.signs.codes import wifi_text
from meguri_qrguide.signs.sign import SignError, entrance_sign, exit_sign, sight_sign, sign_languages
from meguri_qrguide.signs.typesetting import Paper, signs_pdf
from PIL import ImageDraw

URL = "https://guide.mine.example"
DPI = 300
POINTS = 72
MILLIMETRES = 25.4


def sight_signs(languages=()):
    whole = guide()
    return [sight_sign(whole, each, URL, languages) for each in whole.sights]


def pages(signs, paper):
    return list(pypdfium2.PdfDocument(signs_pdf(signs, paper, "Signs")))


def picture(page, dpi=DPI):
    return page.render(scale=dpi / POINTS).to_pil().convert("L")


@cache
def first_sign(paper):
    return picture(pages(sight_signs()[:1], paper)[0])


def scanned(image):
    return [each.text for each in zxingcpp.read_barcodes(image)]


def text(page):
    return page.get_textpage().get_text_range().replace("\r\n", " ")


def letters(string):
    """Without what depends on where lines break."""
    return "".join(string.split())


@pytest.mark.parametrize("paper", [Paper.A4, Paper.A6])
def test_the_code_of_a_printed_sign_opens_its_sight(paper):
    printed = pages(sight_signs(), paper)
    assert [scanned(picture(each)) for each in printed] == [[f"{URL}/s/{n}"] for n in (101, 102, 103)]


def test_stickers_stand_eight_on_a_sheet_and_each_can_be_scanned():
    sheets = pages(sight_signs() * 3, Paper.STICKERS)
    assert [sorted(scanned(picture(each))) for each in sheets] == [
        sorted(f"{URL}/s/{n}" for n in (101, 102, 103, 101, 102, 103, 101, 102)),
        [f"{URL}/s/103"],
    ]


def test_the_sheet_says_where_stickers_are_cut():
    (sheet,) = pages(sight_signs(), Paper.STICKERS)
    image = picture(sheet)
    left, top = (210 - 2 * 96) / 2, (297 - 4 * 66) / 2
    dark = [
        min(image.getpixel((px(left + column * 96) + d, px(top - 3))) for d in range(-3, 4))
        for column in range(3)
    ]
    assert max(dark) < 200
    between = image.getpixel((px(left + 48), px(top - 3)))
    assert between == 255


def px(millimetres):
    return round(millimetres / MILLIMETRES * DPI)


@pytest.mark.parametrize(
    ("paper", "size"), [(Paper.A4, (210, 297)), (Paper.A6, (105, 148)), (Paper.STICKERS, (210, 297))]
)
def test_pages_have_the_paper_s_size(paper, size):
    page = pages(sight_signs()[:1], paper)[0]
    assert tuple(round(side / POINTS * MILLIMETRES, 1) for side in page.get_size()) == size


@pytest.mark.parametrize("paper", list(Paper))
@pytest.mark.parametrize("colour", [20, 128, 240])
@pytest.mark.parametrize("at", [(0.5, 0.5), (0.62, 0.4), (0.7, 0.7)])
def test_a_code_is_still_read_with_a_blot_on_a_tenth_of_it(paper, colour, at):
    assert scanned(blotted(first_sign(paper), 0.10, at, colour)) == [f"{URL}/s/101"]


def test_the_blots_of_these_tests_do_damage():
    assert scanned(blotted(first_sign(Paper.A4), 0.40, (0.62, 0.4), 128)) == []


def blotted(image, share, at, colour):
    """A round blot of a colour over that share of the code's area."""
    (code,) = zxingcpp.read_barcodes(image)
    left, top, side = code.position.top_left.x, code.position.top_left.y, side_of(code)
    radius = side * math.sqrt(share / math.pi)
    x, y = left + at[0] * side, top + at[1] * side
    damaged = image.copy()
    ImageDraw.Draw(damaged).ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return damaged


def side_of(code):
    return code.position.bottom_right.x - code.position.top_left.x


def test_all_around_a_code_four_modules_are_white():
    image = picture(pages([entrance_sign(guide(), URL)], Paper.A6)[0])
    codes = zxingcpp.read_barcodes(image)
    assert len(codes) == 2
    for code in codes:
        quiet = 4 * side_of(code) / 33
        assert dark_pixels(image, code, quiet - 8) == dark_pixels(image, code, 8)


def dark_pixels(image, code, around):
    corners = code.position
    box = (corners.top_left.x - around, corners.top_left.y - around)
    far = (corners.bottom_right.x + around, corners.bottom_right.y + around)
    return sum(image.crop((*box, *far)).histogram()[:128])


def test_a_sign_says_its_number_and_two_sentences_in_four_scripts():
    (page,) = pages(sight_signs(("ja", "zh-Hans", "ko"))[:1], Paper.A4)
    said = letters(text(page))
    for sentence in (
        "コードを読み取ると、目の前の景色を読んで、聴けます。",
        "読み取れないときは guide.mine.example を開き、番号 101 を入れてください。",
        "请打开 guide.mine.example",
        "코드를 스캔하면 눈앞의 명소를 읽고 들을 수 있습니다.",
        "Scan the code to read and hear about what is in front of you.",
        "No luck? Open guide.mine.example and type the number 101.",
        "秋芳洞の入り口",
    ):
        assert letters(sentence) in said
    assert "101" in said.replace("guide.mine.example", "")
    assert "あきよしどう" not in said


def test_thai_and_vietnamese_are_set_whole():
    (page,) = pages(sight_signs(("th", "vi"))[:1], Paper.A6)
    said = letters(text(page))
    assert letters("Không quét được? Hãy mở guide.mine.example và nhập số 101.") in said
    assert "หมายเลข" in said


def test_each_script_is_set_in_its_own_font_and_fonts_are_embedded():
    pdf = signs_pdf(sight_signs(("zh-Hant",)), Paper.A4, "Signs")
    assert b"NotoSansTC" in pdf
    assert b"NotoSansJP" in pdf  # the titles
    assert b"NotoSansSC" not in pdf
    assert len(pdf) < 400_000


def test_the_same_signs_are_the_same_file():
    assert signs_pdf(sight_signs(), Paper.A6, "Signs") == signs_pdf(sight_signs(), Paper.A6, "Signs")


def test_at_the_entrance_the_wifi_s_code_stands_before_the_guide_s():
    (page,) = pages([entrance_sign(guide(), URL)], Paper.A4)
    codes = sorted(zxingcpp.read_barcodes(picture(page)), key=lambda code: code.position.top_left.x)
    assert [code.text for code in codes] == [
        'WIFI:T:WPA;S:Mine\\; \\"Free\\";P:karst\\:350\\,\\\\;;',
        f"{URL}/g/mine",
    ]
    assert codes[0].position.top_left.y == pytest.approx(codes[1].position.top_left.y, abs=20)
    assert "guide.mine.example/g/mine" in text(page)


def test_without_wifi_the_entrance_has_the_guide_s_code_alone():
    (page,) = pages([entrance_sign(guide(wifi=None), URL)], Paper.A4)
    assert scanned(picture(page)) == [f"{URL}/g/mine"]


def test_an_open_network_has_no_password():
    assert wifi_text(Wifi("Cave", "")) == "WIFI:T:nopass;S:Cave;;"


def test_the_exit_s_code_opens_the_exit():
    (page,) = pages([exit_sign(guide(), URL)], Paper.A6)
    assert scanned(picture(page)) == [f"{URL}/x/mine"]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://guide.mine.example", "is http.*https alone.*--tls-cert"),
        ("http://127.0.0.1:8602", "leads each phone to itself"),
        ("https://guide.mine.example/guide", "a host alone"),
    ],
)
@pytest.mark.parametrize("make", [entrance_sign, exit_sign, lambda g, url: sight_sign(g, g.sights[0], url)])
def test_signs_for_an_address_that_will_not_do_are_refused_with_what_to_do(make, url, says):
    with pytest.raises(SignError, match=says):
        make(guide(), url)


@pytest.mark.parametrize(
    ("chosen", "languages"),
    [
        ((), ("ja", "zh-Hans", "zh-Hant", "en")),
        (("ko", "th"), ("ko", "th", "en")),
        (("en", "ko", "ko"), ("ko", "en")),
        (("ja", "ko", "th", "en"), ("ja", "ko", "th", "en")),
        (("ja-x-easy",), ("ja-x-easy", "en")),
    ],
)
def test_english_is_the_last_of_a_sign_s_languages(chosen, languages):
    assert sign_languages(guide(), chosen) == languages


def test_a_guide_of_one_language_has_signs_in_it_and_in_english():
    assert sign_languages(guide(languages=("ja",))) == ("ja", "en")


@pytest.mark.parametrize(
    ("chosen", "says"),
    [(("ja", "ko", "th", "fr"), "at most 3 others"), (("ja", "my"), "not written in my; choose from ja")],
)
def test_languages_that_a_sign_cannot_have_are_refused(chosen, says):
    with pytest.raises(SignError, match=says):
        sign_languages(guide(), chosen)


def test_a_long_title_and_long_sentences_stay_on_their_sign():
    whole = guide(titles={"ja": "とても長い名前の町のとても長い名前の案内" * 3})
    signs = [entrance_sign(whole, URL, ("ja-x-easy", "fr", "vi"))]
    (page,) = pages(signs, Paper.A6)
    boxes = [page.get_textpage().get_charbox(n) for n in range(page.get_textpage().count_chars())]
    assert min(bottom for _, bottom, _, _ in boxes) > 0
    assert max(right for _, _, right, _ in boxes) < page.get_width()
    assert "guide.mine.example/g/mine." in text(page)
