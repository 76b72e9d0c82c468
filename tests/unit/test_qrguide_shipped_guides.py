import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from meguri_proto.towns import parse_town
from meguri_qrguide.content.guide import NOTICE_PARTS, State
from meguri_qrguide.content.guides import shipped_guide
from meguri_qrguide.content.reading import read_guide
from meguri_qrguide.content.ruby import RUBY, without_readings
from meguri_qrguide.content.text_files import parse_text_file
from meguri_qrguide.make_sounds import words
from meguri_qrguide.sound_encoding import speech_as_m4a
from meguri_qrguide.speech import speak
from meguri_qrguide.visitor.messages import read_messages

LANGUAGES = ("ja", "en", "zh-Hans", "zh-Hant", "ko", "th", "fr", "vi", "ja-x-easy")
LARGEST_SOUNDS = 4_500_000
"""Bytes of one language: with text and pictures a phone stores it in 5 MB."""
TOWNS = Path(__file__).parents[2] / "infra/towns"
KANJI = re.compile("[々\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
LETTERS = {
    "ja": "ぁ-ヿ",
    "en": "A-Za-z",
    "zh-Hans": "这们个来时气里",
    "zh-Hant": "這們個來時氣裡",
    "ko": "가-힣",
    "th": "ก-๛",
    "fr": "éèêàç",
    "vi": "ăđơưạ",
    "ja-x-easy": "ぁ-ヿ",
}
"""What is in every text of the language and in few of another."""


@pytest.fixture(scope="module", params=["mine", "minamiyamashiro"])
def guide(request):
    return read_guide(shipped_guide(request.param))


def every_text(guide):
    """Each of a guide's short texts by language, with where it stands."""
    yield "title", guide.titles
    for question in guide.survey.questions:
        yield f"survey {question.id}", question.texts
        for choice in question.choices:
            yield f"survey {question.id} {choice.id}", choice.texts
        for name in ("lowest_texts", "highest_texts", "unit_texts"):
            if getattr(question, name):
                yield f"survey {question.id} {name}", getattr(question, name)
    for part, texts in guide.notice.items():
        yield f"notice {part}", texts
    if guide.coupon:
        yield "coupon", guide.coupon
    for sight in guide.sights:
        for picture in sight.pictures:
            yield f"{sight.number} {picture.name}", picture.alt


def test_every_sight_is_told_in_nine_languages_from_the_source_as_it_is(guide):
    assert guide.languages == LANGUAGES
    states = {
        (sight.number, each): guide.state_of(sight, each) for sight in guide.sights for each in LANGUAGES
    }
    assert {
        where: state for where, state in states.items() if state not in (State.CURRENT, State.SOURCE)
    } == {}


def test_every_text_is_written_in_the_letters_of_its_language(guide):
    for sight in guide.sights:
        for language, text in sight.texts.items():
            found = re.findall(f"[{LETTERS[language]}]", without_readings(text.lead) + text.body_html)
            assert len(found) >= 5, (sight.number, language)


def test_no_text_is_much_shorter_or_longer_than_its_source(guide):
    """The shares of what is written are those of the languages; a paragraph that is missing is seen."""
    for sight in guide.sights:
        paragraphs = {each: text.body_html.count("<p>") for each, text in sight.texts.items()}
        assert set(paragraphs.values()) == {paragraphs["ja"]}, (sight.number, paragraphs)


def test_each_sight_but_the_last_says_how_to_walk_to_the_next_in_every_language(guide):
    for sight in guide.sights[:-1]:
        assert all(text.next_hint for text in sight.texts.values()), sight.number
    assert not any(text.next_hint for text in guide.sights[-1].texts.values())


def test_every_short_text_is_there_in_nine_languages(guide):
    missing = {where: set(LANGUAGES) - texts.keys() for where, texts in every_text(guide)}
    assert {where: languages for where, languages in missing.items() if languages} == {}


def test_each_sight_has_a_picture_that_a_phone_stores_easily(guide):
    for sight in guide.sights:
        assert sight.pictures
        assert all(file.size <= 60_000 for picture in sight.pictures for file in picture.files)


def test_the_notice_says_what_only_the_town_can(guide):
    assert {"operator", "period", "places", "contact"} <= guide.notice.keys() <= set(NOTICE_PARTS)


def test_in_easy_japanese_every_word_in_kanji_has_its_reading(guide):
    folder = shipped_guide(guide.town)
    texts = {where: texts["ja-x-easy"] for where, texts in every_text(guide)}
    texts |= {str(file): file.read_text("utf-8") for file in folder.glob("sights/*/ja-x-easy.md")}
    texts |= read_messages()["ja-x-easy"]
    assert {
        where: found for where, text in texts.items() if (found := KANJI.findall(RUBY.sub("", text)))
    } == {}


def test_a_reading_is_written_in_kana(guide):
    folder = shipped_guide(guide.town)
    text = "".join(file.read_text("utf-8") for file in folder.rglob("*.md"))
    text += "".join(read_messages()["ja-x-easy"].values())
    readings = {found[2] for found in RUBY.finditer(text)}
    assert {each for each in readings if not re.fullmatch("[ぁ-ヿ]+", each)} == set()


def test_the_sights_are_those_of_the_towns_file(guide):
    town = parse_town((TOWNS / f"{guide.town}.yaml").read_text("utf-8"), guide.town)
    assert [sight.number for sight in guide.sights] == list(town.sights)


def test_the_map_has_a_mark_of_every_sight_and_no_words():
    guide = read_guide(shipped_guide("mine"))
    drawing = ET.fromstring((shipped_guide("mine") / guide.map.path).read_text("utf-8"))
    marks = {each.get("id") for each in drawing.iter() if each.get("id")}
    assert marks == {f"sight-{sight.number}" for sight in guide.sights}
    words = {each.text for each in drawing.iter("{http://www.w3.org/2000/svg}text")}
    assert words == {str(sight.number) for sight in guide.sights}


def test_the_surveys_of_both_towns_ask_the_same(guide):
    assert guide.survey == read_guide(shipped_guide("mine")).survey


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cave_is_spoken_in_its_language_and_fits_a_phone_with_it(language):
    """`make sounds` speaks all of it; here the shortest text, by which the length of the others goes."""
    texts = [
        words(parse_text_file(file.read_text("utf-8"), file.name))
        for file in shipped_guide("mine").glob(f"sights/*/{language}.md")
    ]
    shortest = min(texts, key=len)
    sound, seconds = speech_as_m4a(speak(shortest, language))
    share = len(shortest) / sum(map(len, texts))
    assert 30 < seconds < 150
    assert len(sound) / share <= LARGEST_SOUNDS


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_speak_the_language_with_the_same_places_to_fill_in(language):
    messages = read_messages()
    places = {key: sorted(PLACEHOLDER.findall(text)) for key, text in messages[language].items()}
    assert places == {key: sorted(PLACEHOLDER.findall(text)) for key, text in messages["en"].items()}
