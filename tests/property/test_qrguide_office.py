"""What the office writes is read back as what was meant, whatever people type."""

import io
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
from meguri_qrguide.content.guide import NOTICE_PARTS, Choice, Question, QuestionKind, Survey, Wifi
from meguri_qrguide.content.guide_file import GuideFile, parse_guide_file
from meguri_qrguide.content.survey_file import parse_survey_file
from meguri_qrguide.office.differences import differences
from meguri_qrguide.office.guide_writing import guide_text, survey_text
from meguri_qrguide.office.pictures import phone_pictures
from meguri_qrguide.office.refusals import RefusedError

LANGUAGES = ("ja", "en", "zh-Hant", "ja-x-easy")
WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=40).filter(
    lambda text: text == text.strip() and text.isprintable()
)
TEXTS = st.builds(
    lambda source, others: {"ja": source, **others},
    WORDS,
    st.dictionaries(st.sampled_from(LANGUAGES[1:]), WORDS, max_size=3),
)
IDS = st.from_regex(r"[a-z0-9_-]{1,8}", fullmatch=True)


@given(
    titles=TEXTS,
    sights=st.lists(st.integers(1, 99_999), min_size=1, max_size=5, unique=True),
    notice=st.dictionaries(st.sampled_from(NOTICE_PARTS), TEXTS, max_size=4),
    coupon=st.one_of(st.just({}), TEXTS),
    wifi=st.one_of(
        st.none(), st.builds(Wifi, st.text("abc ;:\\", min_size=1).map(str.strip).filter(bool), WORDS)
    ),
    drawing=st.sampled_from([None, "map.svg"]),
)
def test_a_guides_file_says_what_it_was_told(titles, sights, notice, coupon, wifi, drawing):
    if wifi is not None and len(wifi.name.encode()) > 32:
        wifi = None
    guide = GuideFile("mine", LANGUAGES, "ja", titles, tuple(sights), drawing, notice, coupon, wifi)
    assert parse_guide_file(guide_text(guide)) == guide


def question(name, kind, texts, choices, ends):
    has_choices = kind in (QuestionKind.CHOICE, QuestionKind.CHOICES)
    has_range = kind in (QuestionKind.SCALE, QuestionKind.NUMBER)
    return Question(
        id=name,
        kind=kind,
        texts=texts,
        choices=tuple(Choice(each, text) for each, text in choices.items()) if has_choices else (),
        lowest=1 if has_range else 0,
        highest=5 if has_range else 0,
        lowest_texts=ends if kind is QuestionKind.SCALE else {},
        highest_texts={},
        unit_texts=ends if kind is QuestionKind.NUMBER else {},
    )


@given(
    st.integers(1, 1_000),
    st.lists(
        st.builds(
            question,
            IDS,
            st.sampled_from(QuestionKind),
            TEXTS,
            st.dictionaries(IDS, TEXTS, min_size=1, max_size=4),
            st.one_of(st.just({}), TEXTS),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda each: each.id,
    ),
)
def test_a_survey_says_what_it_was_told(version, questions):
    read = parse_survey_file(survey_text(Survey(version, tuple(questions))), LANGUAGES, "ja")
    assert read.version == version
    assert [
        (q.id, q.kind, q.texts, q.choices, q.lowest, q.highest, q.lowest_texts or {}, q.unit_texts or {})
        for q in read.questions
    ] == [
        (q.id, q.kind, q.texts, q.choices, q.lowest, q.highest, q.lowest_texts or {}, q.unit_texts or {})
        for q in questions
    ]


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_pieces_of_a_change_hold_both_texts_whole(before, now):
    found = differences(before, now)
    assert "".join(each.text for each in found if each.kind != "new") == before
    assert "".join(each.text for each in found if each.kind != "gone") == now


@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"GIF89a", b"II*\0", b""]),
    st.binary(max_size=200),
)
def test_no_file_breaks_the_pictures_other_than_by_a_refusal(head, rest):
    with suppress(RefusedError):
        phone_pictures(io.BytesIO(head + rest), lambda _share: None)
