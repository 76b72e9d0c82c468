"""The page of the guide: what may be shown of route, hours, stored guides and survey, and how it is said."""

import csv
import io

import pytest
from fakes.town_day import DAY
from fakes.town_trade import TRADING, Answers, asked, said
from meguri_dashboard.blocks import guide_hours, guide_route, guide_stored, guide_use, survey
from meguri_dashboard.catalogue import LANGUAGES, catalogue
from meguri_dashboard.measures import Measure, table_file
from meguri_dashboard.wording import Wording
from meguri_proto.key_days import day_date

TODAY, YESTERDAY = day_date(DAY), day_date(DAY - 1)


def at_hour(hour, walks, opened=None, unit=TODAY):
    return {"unit": unit, "hour": hour, "walks": walks, "opened": opened or walks}


def at_sight(sight, walks, ended=0, unit=TODAY):
    return {"unit": unit, "sight": sight, "walks": walks, "ended_walks": ended}


def way(bin_, walks, first="1", to="2", unit=TODAY):
    return {"unit": unit, "from_sight": first, "to_sight": to, "bin": bin_, "walks": walks}


def stored(language, walks, reported, unit=TODAY):
    return {"unit": unit, "language": language, "stored_walks": walks, "reported_walks": reported}


def chosen(question, choice, sheets, unit=TODAY):
    return {"unit": unit, "question": question, "choice": choice, "sheets": sheets}


def written(text, unit=TODAY, question="remarks"):
    return {"unit": unit, "question": question, "free_text": text}


def hours(*rows, **values):
    return guide_hours.read(Answers(guide_hours=list(rows)), asked(**values))


def route(*rows, ways=(), **values):
    return guide_route.read(Answers(guide_route=list(rows), guide_ways=list(ways)), asked(**values))


def guides(*rows, **values):
    return guide_stored.read(Answers(guide_stored=list(rows)), asked(**values))


def sheets(*rows, texts=(), **values):
    return survey.read(Answers(survey_choices=list(rows), survey_texts=list(texts)), asked(**values))


ROUTE = (at_sight("", 60), at_sight("1", 58, 20), at_sight("2", 38, 38))
WAYS = (way(0, 4), way(1, 9), way(2, 20), way(3, 6), way(1, 5, "2", "1"))
SURVEY = (
    *(chosen("transport", "", 30), chosen("transport", "car", 21), chosen("transport", "bus", 4)),
    *(chosen("satisfaction", "", 20), chosen("satisfaction", "5", 12), chosen("satisfaction", "4", 8)),
    chosen("pets", "", 6),
    chosen("pets", "two-dogs", 6),
)
TEXTS = tuple(map(written, ["=SUM(A1)", "Great", "涼しい", "寒い", "Good"]))


def test_hours_begin_with_the_key_day_and_the_busiest_is_named():
    block = said(hours(at_hour(2, 9), at_hour(10, 40), at_hour(4, 6), at_hour(12, 3)))
    assert [row[0] for row in block.tables[0].rows] == [
        "4:00–5:00",
        "10:00–11:00",
        "12:00–13:00",
        "2:00–3:00",
    ]
    assert block.sentences == ("Most walks open a sight at 10:00–11:00.",)
    assert block.tables[0].rows[2][1:] == ("fewer than 5", "fewer than 5")


def test_the_route_says_where_walks_end_and_how_long_a_way_takes():
    block = said(route(*ROUTE, ways=WAYS))
    assert block.sentences == (
        "Most walks end at 2 Roadside station, about 67% of them.",
        "The way 1 Tea hall → 2 Roadside station mostly takes 5–10 min.",
    )
    assert block.tables[0].rows[0] == ("1 Tea hall", "about 60", "100%", "about 20")
    assert block.tables[1].rows[0][:4] == (
        "1 Tea hall → 2 Roadside station", "5–10 min", "fewer than 5", "about 10"
    )  # fmt: skip


def test_sights_of_the_town_stand_in_the_order_of_its_file_also_without_walks():
    block = said(route(at_sight("", 9), at_sight("2", 9, 9)))
    assert [(row[0], row[1]) for row in block.tables[0].rows] == [
        ("1 Tea hall", "fewer than 5"),
        ("2 Roadside station", "about 10"),
    ]


def test_a_way_of_few_on_every_day_is_not_there_even_if_they_are_many_together():
    figures = route(*ROUTE, ways=(way(1, 4), way(1, 4, unit=YESTERDAY)), first=DAY - 1)
    assert figures.ways == {}


def test_the_share_of_stored_guides_that_reported_is_of_what_is_shown():
    block = said(guides(stored("ja", 40, 22), stored("en", 12, 3), stored("th", 2, 2)))
    assert block.sentences == ("Guides were stored on about 55 phones; 45% of them have reported a use.",)
    assert block.tables[0].rows == (
        ("Japanese", "about 40", "about 20", "50%"),
        ("English", "about 10", "fewer than 5", "–"),
    )


def test_questions_stand_the_most_answered_first_with_scales_in_their_order_and_unknown_ones_by_their_names():
    block = said(sheets(*SURVEY))
    assert block.sentences == ("about 30 visitors answered the survey.",)
    assert [table.title for table in block.tables] == ["Means of transport", "Satisfaction", "pets"]
    assert block.tables[0].rows == (("Bus", "fewer than 5", "–"), ("Car", "about 20", "67%"))
    assert [row[0] for row in block.tables[1].rows] == ["4", "5"]
    assert block.tables[2].rows == (("two-dogs", "about 5", "100%"),)


def test_amounts_of_money_are_told_as_ranges_in_their_order():
    amounts = ("10000", "2000", "500", "0")
    rows = [chosen("spending", "", 40), *(chosen("spending", amount, 10) for amount in amounts)]
    table = said(sheets(*rows)).tables[0]
    assert [row[0] for row in table.rows] == ["0", "500 to 999", "2,000 to 4,999", "10,000 to 19,999"]


def test_what_visitors_wrote_is_shown_only_of_days_on_which_enough_wrote_something():
    few = (written("alone", unit=YESTERDAY),)
    again = (written("Good"),)
    assert sheets(texts=(*TEXTS, *again, *few), first=DAY - 1).texts == {
        "remarks": ("=SUM(A1)", "Good", "Great", "寒い", "涼しい")
    }
    block = said(sheets(*SURVEY, texts=TEXTS))
    assert block.tables[-1].title == "In their own words: Remarks"
    assert said(sheets(*SURVEY, texts=few)) == said(sheets(*SURVEY))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "few",
    [
        hours(at_hour(10, 4, 90)),
        route(at_sight("", 4), at_sight("1", 4, 4), ways=[way(0, 4)]),
        guides(stored("ja", 4, 4)),
        sheets(chosen("transport", "", 4), chosen("transport", "car", 4), texts=TEXTS[:4]),
    ],
    ids=lambda figures: type(figures).__name__,
)
def test_what_few_did_leaves_an_empty_state_and_nothing_for_a_program(few, language):
    block = said(few, language)
    assert block.empty
    assert (block.charts, block.tables, block.sentences) == ((), (), ())
    assert {one.value for one in few.measures(Wording(catalogue(language), TRADING))} <= {None}


def rows_of(body):
    assert body.startswith(b"\xef\xbb\xbf"), "by this mark spreadsheet programs know UTF-8"
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


@pytest.mark.parametrize(("language", "head"), [("en", "Town"), ("ja", "町")])
def test_the_table_for_programs_holds_what_is_shown_with_town_days_and_time_zone_in_every_row(language, head):
    of = asked()
    figures = [route(*ROUTE, ways=WAYS), guides(stored("ja", 40, 3))]
    table = rows_of(table_file(of, figures, Wording(catalogue(language), TRADING)))
    assert table[0][0] == head
    assert {len(row) for row in table} == {8}
    assert {tuple(row[:4]) for row in table[1:]} == {
        (TRADING.names[language], str(TODAY), str(TODAY), "Asia/Tokyo")
    }
    assert [row[-1] for row in table[1:5]] == ["60", "20", "40", "40"]
    assert table[-1][-1] == "", "fewer than the step"


def test_a_text_that_a_spreadsheet_would_take_for_a_formula_is_none_in_the_table():
    words = Wording(catalogue("en"), TRADING)
    values = [row[-1] for row in rows_of(table_file(asked(), [sheets(texts=TEXTS)], words))]
    assert "'=SUM(A1)" in values
    assert "=SUM(A1)" not in values


def test_use_of_the_guide_is_measured_in_minutes_and_stars():
    row = {"unit": TODAY, "by": "all", "name": "", "opened_walks": 60, "opened": 120, "listened_walks": 30}
    row |= {"listened_s": 6_000, "longest_s": 60, "finished_walks": 20, "rated_walks": 50, "ratings": 50}
    figures = guide_use.read(Answers(guide_use=[{**row, "stars": 200, "most_ratings": 1}]), asked())
    found = list(figures.measures(Wording(catalogue("en"), TRADING)))
    of_all = {one.name: one.value for one in found if not one.of}
    assert (of_all["Walks"], of_all["Minutes listened"], of_all["Mean rating"]) == (60, 100, 4.0)
    assert Measure("Use of the guide", "1 Tea hall", "Walks", None) in found
    shares = said(figures).tables[1].foot[-2:]
    assert shares == ("50%", "33%")
