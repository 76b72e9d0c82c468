"""A guide read from its content folder: what it says, and what is wrong by file and line."""

import pytest
from fakes.guide_folder import GUIDE, MAP, SURVEY, TEXTS, mp4, picture, sound, track, video, write_guide
from meguri_qrguide.content.guide import QuestionKind, State, Wifi
from meguri_qrguide.content.guides import shipped_guide
from meguri_qrguide.content.problems import ContentError
from meguri_qrguide.content.reading import read_guide
from meguri_qrguide.content.text_files import digest, parse_text_file

SOURCE = parse_text_file(TEXTS["sights/101/ja.md"], "ja.md")


def refused(folder, changes):
    """What reading says of the guide with these files changed."""
    with pytest.raises(ContentError) as error:
        read_guide(write_guide(folder, changes))
    return [str(each) for each in error.value.problems]


def test_sights_stand_in_the_order_of_the_route_with_all_that_lies_beside_their_texts(tmp_path):
    guide = read_guide(write_guide(tmp_path))
    assert (guide.town, guide.languages, guide.source) == ("valley", ("ja", "en", "fr", "ja-x-easy"), "ja")
    assert guide.titles["en"] == "The valley's way"
    assert [each.number for each in guide.sights] == [102, 101]
    terraces, mouth = guide.sights
    assert terraces.texts["ja"].next_hint == "左の道を二分歩く。"
    assert terraces.video.subtitles["ja"].type == "text/vtt"
    assert mouth.texts["en"].body_html == "<p>Listen to the <em>water</em>.</p>\n"
    assert [each.type for each in mouth.pictures[0].files] == ["image/avif", "image/webp"]
    assert mouth.pictures[0].alt == {"ja": "岩のあいだの暗い入口"}
    assert (mouth.sounds["ja"].seconds, mouth.sounds["ja"].made_by) == (2.0, "speech engine")
    assert guide.map.type == "image/svg+xml"
    assert guide.wifi == Wifi("Valley; guests", "tea:time")
    assert list(guide.notice) == ["operator", "contact"]


def test_the_survey_has_questions_of_every_kind(tmp_path):
    survey = read_guide(write_guide(tmp_path)).survey
    assert survey.version == 3
    party, again, spent, words = survey.questions
    assert [each.id for each in party.choices] == ["alone", "family"]
    assert (again.lowest, again.highest, again.lowest_texts) == (1, 5, {"ja": "いいえ"})
    assert spent.unit_texts == {"ja": "円"}
    assert words.kind is QuestionKind.TEXT


def test_a_guide_without_a_survey_has_no_questions(tmp_path):
    assert read_guide(write_guide(tmp_path, {"survey.yaml": None})).survey.questions == ()


def test_a_translation_is_current_until_its_source_changes(tmp_path):
    english = TEXTS["sights/101/en.md"]
    current = english.replace("lead:", f"translated_from: {SOURCE.digest}\nlead:")
    guide = read_guide(write_guide(tmp_path, {"sights/101/en.md": current}))
    sight = guide.sights[1]
    assert guide.state_of(sight, "ja") is State.SOURCE
    assert guide.state_of(sight, "en") is State.CURRENT
    assert guide.state_of(sight, "fr") is State.MISSING
    (tmp_path / "sights/101/ja.md").write_text(
        TEXTS["sights/101/ja.md"].replace("入口です", "口です"), "utf-8"
    )
    changed = read_guide(tmp_path)
    assert changed.state_of(changed.sights[1], "en") is State.OLDER


def test_a_translation_that_does_not_say_of_what_counts_as_older(tmp_path):
    guide = read_guide(write_guide(tmp_path))
    assert guide.state_of(guide.sights[1], "en") is State.OLDER


def test_english_stands_in_for_what_is_missing_and_the_source_where_there_is_no_english(tmp_path):
    guide = read_guide(write_guide(tmp_path))
    terraces, mouth = guide.sights
    assert guide.shown(mouth.texts, "fr")[0] == "en"
    assert guide.shown(terraces.texts, "fr")[0] == "ja"
    assert guide.shown(mouth.texts, "ja")[0] == "ja"
    assert guide.shown(mouth.sounds, "fr")[0] == "ja"
    assert guide.shown(terraces.sounds, "fr") is None


def test_the_digest_does_not_change_with_the_line_ends_nor_with_how_letters_are_composed():
    assert digest("Café", "a", "b\nc", None) == digest("Cafe\u0301 ", "a", "b\r\nc\r\n", "")
    assert digest("a", "b", "c", None) != digest("a", "b", "", "c")


def test_a_file_that_a_windows_editor_saved_is_read(tmp_path):
    text = "\ufeff" + TEXTS["sights/101/ja.md"].replace("\n", "\r\n")
    guide = read_guide(write_guide(tmp_path, {"sights/101/ja.md": text}))
    assert guide.sights[1].texts["ja"].digest == SOURCE.digest


def test_everything_that_is_wrong_is_told_at_once(tmp_path):
    said = refused(
        tmp_path,
        {
            "sights/101/ja.md": TEXTS["sights/101/ja.md"] + "\n<script>alert(1)</script>\n",
            "sights/102/ja.md": "No front matter.",
            "sights/101/sound.ja.m4a": b"ID3 no AAC",
        },
    )
    assert [each.split(":")[0] for each in said] == [
        "sights/101/ja.md, line 13",
        "sights/101/sound.ja.m4a",
        "sights/102/ja.md, line 1",
    ]


WRONG_GUIDES = {
    "a language that is none": (("[ja, en,", "[ja, English,"), "guide.yaml, line 2: Found 'English'"),
    "a source that is no language of it": (("source: ja", "source: ko"), "guide.yaml, line 3: Found 'ko'"),
    "no title in the source": (
        ("{ja: 谷の道, en", "{fr: La vallée, en"),
        "guide.yaml, line 4: The text in ja",
    ),
    "a title in a language that it has not": (("en: The", "de: The"), "de is not among the languages"),
    "a sight twice": (("[102, 101]", "[102, 102]"), "guide.yaml, line 5: 102 is there twice."),
    "a sight without texts": (
        ("[102, 101]", "[102, 101, 9]"),
        "sights/9/ja.md: The text of the sight 9 in ja",
    ),
    "a folder of no sight": (("[102, 101]", "[102]"), "101 is not among the sights of guide.yaml."),
    "no such number": (("[102, 101]", "[102, 0]"), "expected a whole number from 1 to 99999."),
    "a map that is not there": (("map: map.svg", "map: cave.svg"), "Found 'cave.svg'"),
    "a field that nobody knows": (("coupon:", "voucher:"), "voucher is not known here"),
    "a part of the notice that nobody knows": (("operator:", "owner:"), "owner is not known here"),
    "a field twice": (("coupon:", "title:"), "title is there twice."),
    "a network's name that is too long": (("Valley; guests", "谷" * 11), "at most 32 bytes"),
    "an alias": (("notice:", "notice: &a {x: *a}\nn:"), "Aliases"),
    "lists in lists": (("[102, 101]", "[" * 20_000), "guide.yaml, line 5: This is nested too deep."),
    "no YAML": (("[102, 101]", "[102"), "This is not YAML"),
    "a town that is no name": (("town: valley", "town: ../valley"), "expected a town's name"),
}


@pytest.mark.parametrize("case", WRONG_GUIDES)
def test_a_guide_file_is_refused_with_(case, tmp_path):
    (old, new), sentence = WRONG_GUIDES[case]
    assert old in GUIDE
    assert sentence in "\n".join(refused(tmp_path, {"guide.yaml": GUIDE.replace(old, new)}))


WRONG_SURVEYS = {
    "a kind that nobody knows": (("kind: scale", "kind: stars"), "survey.yaml, line 10: Found 'stars'"),
    "a question twice": (("id: words", "id: spent"), "The question spent is there twice."),
    "a choice twice": (("id: family", "id: alone"), "The choice alone is there twice."),
    "choices of a scale": (("lowest: 1", "choices: []"), "choices is not known here"),
    "a scale that goes down": (("highest: 5", "highest: 1"), "a whole number from 2 to 10"),
    "a scale of a thousand buttons": (("highest: 5", "highest: 1000"), "a whole number from 2 to 10"),
    "an id that no answer may have": (("id: again", "id: Again!"), "expected an id"),
    "no text in the source": (("{ja: ひとこと}", "{en: A word}"), "The text in ja"),
}


@pytest.mark.parametrize("case", WRONG_SURVEYS)
def test_a_survey_is_refused_with_(case, tmp_path):
    (old, new), sentence = WRONG_SURVEYS[case]
    assert old in SURVEY
    assert sentence in "\n".join(refused(tmp_path, {"survey.yaml": SURVEY.replace(old, new)}))


def test_a_survey_is_refused_whose_choices_do_not_fit_into_one_answer(tmp_path):
    survey = SURVEY.replace("kind: choice", "kind: choices")
    read_guide(write_guide(tmp_path, {"survey.yaml": survey}))
    (said,) = refused(tmp_path, {"survey.yaml": survey.replace("id: family", f"id: {'f' * 60}")})
    assert "have more than 64 characters" in said


def test_an_empty_guide_file_is_refused(tmp_path):
    assert refused(tmp_path, {"guide.yaml": ""}) == ["guide.yaml, line 1: Nothing is in it."]


FRONT = "---\ntitle: 洞口\nlead: 風。\n---\n\n"
WRONG_TEXTS = {
    "no title": (FRONT.replace("title: 洞口\n", ""), "line 2: title is missing."),
    "an empty lead": (FRONT.replace("風。", ""), "line 3: Expected a text here."),
    "a title of two lines": (FRONT.replace("洞口", '"a\\nb"'), "line 2: This is to be one line."),
    "a word that nobody knows": (FRONT.replace("lead:", "led: x\nlead:"), "led is not known here"),
    "a digest that is none": (FRONT.replace("lead:", "translated_from: new\nlead:"), "expected 16 digits"),
    "a translated source": (
        FRONT.replace("lead:", f"translated_from: '{'0' * 16}'\nlead:"),
        "not translated",
    ),
    "a picture that is not there": (
        FRONT.replace("---\n\n", "pictures: {bat: こうもり}\n---\n\n"),
        "no picture bat",
    ),
    "a control character": (FRONT.replace("風", "\x07"), "The character U+0007 is not taken."),
    "no end of the front matter": ("---\ntitle: a\n", "between two lines ---"),
    "another encoding": (FRONT.encode("shift_jis"), "line 2: This is no text in UTF-8."),
    "too much text": (FRONT + "あ" * 30_000, "a text may have 64 kB"),
}


@pytest.mark.parametrize("case", WRONG_TEXTS)
def test_a_text_is_refused_with_(case, tmp_path):
    text, sentence = WRONG_TEXTS[case]
    (said,) = refused(tmp_path, {"sights/101/ja.md": text, "sights/101/cave-mouth.webp": None})
    assert said.startswith("sights/101/ja.md")
    assert sentence in said


WRONG_FILES = {
    "an unknown file": ("sights/101/notes.txt", b"x", "A guide has no such file."),
    "a folder's own file": (".DS_Store", b"x", "A guide has no such file."),
    "a text in a language that it has not": ("sights/101/ko.md", FRONT, "ko is not among the languages"),
    "a sound that is no sound": (
        "sights/101/sound.ja.m4a",
        b"RIFF....WAVEfmt ",
        "no MP4 file|not of its format",
    ),
    "a video that is a sound": (
        "sights/102/video.mp4",
        sound(),
        "It has soun mp4a; expected one track of H.264",
    ),
    "a sound that is a video": ("sights/101/sound.ja.m4a", video(), "expected one track of AAC sound"),
    "a sound that is cut off": ("sights/101/sound.ja.m4a", sound()[:-2], "It is cut off"),
    "a sound without an index": ("sights/101/sound.ja.m4a", mp4()[:20] + mp4()[-13:], "cut off|no whole MP4"),
    "a sound without a track": ("sights/101/sound.ja.m4a", mp4(), "It has no track"),
    "a sound in another format": (
        "sights/101/sound.ja.m4a",
        mp4(track(b"soun", b"Opus")),
        "It has soun Opus",
    ),
    "a sound that is too large": (
        "sights/101/sound.ja.m4a",
        sound(bytes(5_000_001)),
        "a sound may have 5 MB",
    ),
    "a sound without its facts": ("sights/101/sound.en.m4a", sound(), "sound.en.yaml is to say"),
    "facts without a sound": (
        "sights/101/sound.en.yaml",
        "made_by: recording\nseconds: 1\n",
        "no sound.en.m4a",
    ),
    "a sound made by nobody known": (
        "sights/101/sound.ja.yaml",
        "made_by: parrot\nseconds: 1\n",
        "one of speech engine, recording",
    ),
    "a picture that is another": ("sights/101/cave-mouth.webp", picture("JPEG"), "no WEBP picture"),
    "a page that says it is a picture": ("sights/101/cave-mouth.webp", b"<html><script>", "no WEBP picture"),
    "a picture that is cut off": ("sights/101/cave-mouth.webp", picture("WEBP")[:-4], "damaged|cut off"),
    "a picture of a hundred million pixels": (
        "sights/101/big.jpg",
        picture("JPEG", 5_000),
        "a side may have 4096",
    ),
    "a picture that is too large": (
        "sights/101/cave-mouth.webp",
        bytes(1_000_001),
        "a picture may have 1 MB",
    ),
    "subtitles that are none": ("sights/102/video.ja.vtt", "1\n00:00 --> 00:01\n", "no WebVTT file"),
    "subtitles without a cue": ("sights/102/video.ja.vtt", "WEBVTT\n", "It has no cue"),
    "subtitles of no video": ("sights/101/video.ja.vtt", "WEBVTT\n\n00:00 --> 00:01\nx\n", "of no video.mp4"),
}


@pytest.mark.parametrize("case", WRONG_FILES)
def test_a_guide_is_refused_with_(case, tmp_path):
    path, content, sentences = WRONG_FILES[case]
    (said,) = [each for each in refused(tmp_path, {path: content}) if each.startswith(path)]
    assert any(each in said for each in sentences.split("|"))


WRONG_MAPS = {
    "a script": "<script>alert(1)</script>",
    "what runs on a tap": '<g onclick="alert(1)"/>',
    "a style": '<style>@import "https://example.org/a.css"</style>',
    "a style's attribute": '<g style="fill: red"/>',
    "a picture from elsewhere": '<image href="https://example.org/a.png"/>',
    "a link": '<a href="https://example.org/"><path d="M0 0"/></a>',
    "a foreign document": '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>',
    "an address as a colour": '<path fill="url(https://example.org/a.svg#b)" d="M0 0"/>',
    "an address spelled otherwise": r'<path fill="u\72l(https://example.org/)" d="M0 0"/>',
    "an element that multiplies": '<use href="#sight-101"/>',
}


@pytest.mark.parametrize("case", WRONG_MAPS)
def test_a_map_is_refused_that_holds_(case, tmp_path):
    drawing = MAP.replace("</svg>", f"{WRONG_MAPS[case]}</svg>")
    (said,) = refused(tmp_path, {"map.svg": drawing})
    assert said.startswith("map.svg: Line 5: ")


def test_a_map_is_refused_whose_document_defines_words_of_its_own(tmp_path):
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    (said,) = refused(tmp_path, {"map.svg": bomb + MAP})
    assert "DOCTYPE" in said


def test_a_map_is_refused_that_is_no_drawing(tmp_path):
    (said,) = refused(tmp_path, {"map.svg": "<html/>"})
    assert "outermost element is not svg" in said


def test_a_link_in_the_folder_is_not_followed(tmp_path):
    (tmp_path / "secret").write_text("x", "utf-8")
    folder = write_guide(tmp_path / "guide")
    (folder / "sights/101/fr.md").symlink_to(tmp_path / "secret")
    (folder / "sights/103").symlink_to(folder / "sights/101")
    with pytest.raises(ContentError) as error:
        read_guide(folder)
    assert [each.path for each in error.value.problems] == ["sights/101/fr.md", "sights/103"]


def test_a_folder_that_is_not_there_is_no_guide(tmp_path):
    with pytest.raises(ContentError, match="There is no guide in"):
        read_guide(tmp_path / "nowhere")


def test_a_medium_that_changed_has_another_hash(tmp_path):
    folder = write_guide(tmp_path)
    before = read_guide(folder).sights[1].sounds["ja"].media
    (folder / "sights/101/sound.ja.m4a").write_bytes(sound(b"other sound"))
    after = read_guide(folder).sights[1].sounds["ja"].media
    assert before.hash != after.hash
    assert after.name == f"{after.hash}.m4a"


def test_a_town_that_ships_no_guide_has_none():
    assert shipped_guide("nowhere") is None
