"""Use of the guide: what may be shown of it, and how it is said."""

import pytest
from fakes.town_day import DAY, TOWN
from fakes.town_trade import Answers, asked, said
from meguri_dashboard.blocks import guide_use
from meguri_dashboard.catalogue import LANGUAGES
from meguri_proto.key_days import day_date


def used(by, name, walks, *, unit=DAY, ratings=0, stars=0, most=1, **values):
    row = {"unit": day_date(unit), "by": by, "name": name, "opened_walks": walks, "opened": 2 * walks}
    listened = {"listened_walks": walks, "listened_s": 70 * walks, "longest_s": 100}
    rated = {"rated_walks": ratings, "ratings": ratings, "stars": stars, "most_ratings": most}
    return {**row, **listened, "finished_walks": walks // 2, **rated, **values}


def use(*rows, first=DAY, town=None):
    values = {} if town is None else {"town": town}
    return guide_use.read(Answers(guide_use=list(rows)), asked(first, **values))


A_DAY = (
    used("all", "", 60, ratings=45, stars=180),
    used("language", "ja", 40),
    used("language", "zh-Hant", 16),
    used("language", "de", 4),
    used("sight", "1", 52, ratings=40, stars=172),
    used("sight", "2", 21, ratings=20, stars=60),
)


def test_what_few_walks_did_is_not_shown_however_often_they_did_it():
    figures = use(used("all", "", 4, opened=90, listened_s=9_000, ratings=4, stars=20))
    shown = figures.whole
    assert {shown.walks.shown, shown.opened.shown, shown.heard_s.shown, shown.stars.shown} == {None}


def test_what_many_opened_and_few_listened_to_has_no_minutes():
    figures = use(used("all", "", 30, listened_walks=4, listened_s=4_000))
    assert figures.whole.walks.shown == 30
    assert figures.whole.heard_s.shown is None


def test_minutes_are_rounded_to_more_than_any_one_walk_listened():
    figures = use(used("all", "", 10, listened_s=1_970, longest_s=500))
    assert figures.whole.heard_s.shown == 1_800
    assert use(used("all", "", 10, listened_s=1_970, longest_s=50)).whole.heard_s.shown == 1_980


def test_a_mean_of_few_ratings_is_told_in_whole_stars_and_of_many_in_tenths():
    assert use(used("all", "", 9, ratings=5, stars=22)).whole.stars.shown == 40
    assert use(used("all", "", 90, ratings=80, stars=345)).whole.stars.shown == 43


def test_units_are_added_up_and_ratings_weighed_by_their_number():
    rows = [
        used("all", "", 10, unit=DAY - 1, ratings=40, stars=200),
        used("all", "", 10, ratings=80, stars=160),
        used("all", "", 4, unit=DAY - 2),
    ]
    whole = use(*rows, first=DAY - 2).whole
    assert whole.walks.shown == 20
    assert whole.stars.shown == 30


def test_languages_stand_by_their_names_the_most_used_first_and_those_of_few_not_at_all():
    block = said(use(*A_DAY), "ja")
    assert [row[0] for row in block.tables[0].rows] == ["日本語", "中国語（繁体字）"]
    assert [row[0] for row in said(use(*A_DAY)).tables[0].rows] == ["Japanese", "Chinese (traditional)"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tag", ["de", "en", "ja", "ko", "zh", "zh-CN", "zh-TW", "zh-Hans", "zh-Hant", "th"])
def test_the_languages_of_a_guide_have_names(tag, language):
    rows = said(use(used("all", "", 9), used("language", tag, 9)), language).tables[0].rows
    assert tag not in rows[0][0]


def test_a_language_without_a_name_stands_by_its_tag():
    assert said(use(used("all", "", 9), used("language", "eo", 9))).tables[0].rows[0][0] == "eo"


def test_every_sight_of_the_town_is_there_also_without_use_and_one_that_has_left_by_its_number():
    sights = said(use(*A_DAY[:5], used("sight", "99", 6))).tables[1]
    assert [row[0] for row in sights.rows] == ["1 Tea hall", "No. 99", "2 Roadside station"]
    assert sights.rows[2][1] == "fewer than 5"


def test_the_sentences_say_how_many_walked_in_which_language_and_what_they_liked():
    assert said(use(*A_DAY)).sentences == (
        "Visitors went through the guide on about 60 walks.",
        "The language used most is Japanese, on about 67% of them.",
        "Rated best: 1 Tea hall, 4.3 stars.",
    )
    assert said(use(*A_DAY), "ja").sentences == (
        "案内を見て回った散策は約60件でした。",
        "最も多い言語は日本語で、その約67%です。",
        "評価が最も高いのは1 茶の館（星4.3）です。",
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_too_little_use_and_a_town_without_sights_are_empty_states(language):
    little = said(use(used("all", "", 4), used("language", "ja", 4)), language)
    without = said(use(town=TOWN), language, TOWN)
    assert little.empty != without.empty
    for block in (little, without):
        assert block.empty
        assert (block.charts, block.tables) == ((), ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_of_few_is_in_no_word_number_or_mark_of_the_block(language):
    assert said(use(*A_DAY), language) == said(use(*A_DAY[:3], *A_DAY[4:]), language)
