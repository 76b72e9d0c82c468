"""Whatever a visitor writes, nothing that leads to a person is kept; and what does not is kept."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meguri_qrguide.masking import LONGEST, masked

WIDE, THAI = 0xFF10, 0x0E50
"""The digits 0 of other widths and scripts; the others follow."""
DIGITS = st.sampled_from(
    ["0123456789", *("".join(chr(zero + n) for n in range(10)) for zero in (WIDE, THAI))]
)
BETWEEN = st.sampled_from(
    ["", "-", " ", ".", " - ", ") ", "/", "\uff0d", "\u30fc", "\u2212", "\u200b", "\u00ad", "\u3000"]
)
WORD = st.text(st.characters(min_codepoint=0x61, max_codepoint=0x7A), min_size=1, max_size=8)


@st.composite
def phone_numbers(draw):
    digits, between = draw(DIGITS), draw(BETWEEN)
    groups = draw(st.lists(st.integers(2, 4), min_size=4, max_size=4))
    number = [draw(st.lists(st.sampled_from(digits), min_size=size, max_size=size)) for size in groups]
    return draw(st.sampled_from(["", "+", "("])) + between.join("".join(group) for group in number)


@st.composite
def mail_addresses(draw):
    at = draw(st.sampled_from(["@", "\uff20", "\ufe6b"]))
    return f"{draw(WORD)}.{draw(WORD)}{at}{draw(WORD)}.{draw(st.sampled_from(['jp', 'com', 'fr']))}"


@st.composite
def page_addresses(draw):
    begin = draw(st.sampled_from(["https://", "http://", "www.", "HTTPS://", "https\uff1a\uff0f\uff0f", ""]))
    return f"{begin}{draw(WORD)}.{draw(st.sampled_from(['com', 'co.jp', 'vn']))}/{draw(WORD)}"


PERSONAL = phone_numbers() | mail_addresses() | page_addresses()


@given(st.text(max_size=60), PERSONAL, st.text(max_size=60))
def test_a_number_or_an_address_is_never_kept_whatever_stands_around_it(before, personal, after):
    found = masked(f"{before} {personal} {after}")
    assert "@" not in found
    assert not re.search(r"(?:\d[\s().,/_~-]{0,3}){7}\d", found)
    assert "://" not in found or not re.search(r"[a-z]{2}://", found)
    plain = "".join(c for c in unicodedata.normalize("NFKC", personal) if unicodedata.category(c) != "Cf")
    assert plain not in found


@given(st.text(max_size=LONGEST))
def test_masking_again_changes_nothing_and_what_is_kept_shows_and_is_bounded(text):
    found = masked(text)
    assert masked(found) == found
    assert len(found) <= LONGEST
    assert all(c == " " or unicodedata.category(c)[0] != "C" for c in found)


@pytest.mark.parametrize(
    "text",
    [
        "洞内は15度でした。2時間かかりました!",
        "とても涼しい。大人500円、子供300円。",
        "The guide was good. Thanks, see you in 2027!",
        "4.5 of 5, came at 10:30 by bus",
        "정말 좋았어요 ^^",
        "ถ้ำสวยมาก",
        "e.g. the lake. It was great.Really",
    ],
)
def test_what_leads_to_nobody_is_kept_as_it_was_written(text):
    assert masked(text) == text
