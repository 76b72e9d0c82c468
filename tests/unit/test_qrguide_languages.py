"""Which of nine languages a phone gets."""

import pytest
from meguri_qrguide.visitor.languages import html_language, negotiated

OFFERED = ("ja", "en", "zh-Hans", "zh-Hant", "ko", "th", "fr", "vi", "ja-x-easy")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "ja"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        ("en-GB,en;q=0.9,ja;q=0.8", "en"),
        ("ko-KR", "ko"),
        ("th;q=0.4, fr;q=0.5", "fr"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("zh-SG", "zh-Hans"),
        ("zh-Hans-CN", "zh-Hans"),
        ("zh-TW,zh;q=0.9", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("VI-vn", "vi"),
        ("de-DE,de;q=0.9", "en"),
        ("de,th;q=0.1", "th"),
        ("*", "ja"),
        ("ja-x-easy", "ja"),
        ("ko;q=0, en;q=0.1", "en"),
        ("en;q=nonsense, th", "th"),
        (",;q=,,", "ja"),
    ],
)
def test_the_browsers_wish_decides_and_who_wishes_for_others_gets_english(header, language):
    assert negotiated(header, OFFERED) == language


def test_a_guide_without_english_answers_in_its_first_language():
    assert negotiated("de", ("ja", "ko")) == "ja"


def test_any_other_language_is_offered_by_its_tag():
    assert negotiated("pt-BR,pt;q=0.9", ("ja", "en", "pt")) == "pt"
    assert negotiated("pt-BR", ("ja", "en", "pt-BR")) == "pt-BR"


@pytest.mark.parametrize(("tag", "lang"), [("ja-x-easy", "ja"), ("zh-Hant", "zh-Hant"), ("th", "th")])
def test_what_stands_in_lang_is_a_language_that_every_reader_knows(tag, lang):
    assert html_language(tag) == lang
