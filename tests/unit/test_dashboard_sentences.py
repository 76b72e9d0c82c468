"""The sentences, tables and drawings of figures, in both languages."""

import re

import pytest
from fakes.town_day import DAY, HOUR, TOWN
from meguri_dashboard.catalogue import LANGUAGES, catalogue
from meguri_dashboard.figures import day_figures
from meguri_dashboard.findings import Cell, DayRow, Findings, SensorDay
from meguri_dashboard.views import day_view
from meguri_dashboard.wording import Wording

START, END = TOWN.day_bounds_ms(DAY)


def blocks(language, *, complete=True, late=0, **found):
    day = DayRow(DAY, 0, START + 8 * HOUR, START + 8 * HOUR, late, complete)
    empty = {"arrivals": {}, "dwell": {}, "sensors": {}, "heard_bins": {}}
    view = day_view(TOWN, day_figures(TOWN, Findings(day, **{**empty, **found})), language)
    return {block.name: block for block in view.blocks} | {"view": view}


def station(**cells):
    return {("station", int(hour[1:])): Cell(count, count) for hour, count in cells.items()}


@pytest.mark.parametrize(
    ("arrivals", "en", "ja"),
    [
        (
            station(h5=12, h6=41),
            "Roadside station was busiest 10:00–11:00: about 40 arrivals in the hour.",
            "道の駅の最も多い時間帯は10:00～11:00で、到着は約40台でした。",
        ),
        (
            station(h5=41, h6=40, h8=39),
            (
                "Roadside station was busiest 09:00–11:00, 12:00–13:00: "
                "about 40 arrivals in each of these hours."
            ),
            "道の駅の最も多い時間帯は09:00～11:00、12:00～13:00で、到着は1時間に約40台ずつでした。",
        ),
        (
            station(h5=12) | {("hall", 6): Cell(1234, 1234)},
            "Tea hall was busiest 10:00–11:00: about 1,235 arrivals in the hour.",
            "茶の館の最も多い時間帯は10:00～11:00で、到着は約1,235台でした。",
        ),
    ],
)
def test_the_sentence_of_arrivals_says_where_and_when_it_was_busiest(arrivals, en, ja):
    assert blocks("en", arrivals=arrivals)["arrivals"].sentences == (en,)
    assert blocks("ja", arrivals=arrivals)["arrivals"].sentences == (ja,)


@pytest.mark.parametrize(
    ("bins", "en", "ja"),
    [
        (
            {0: 20, 1: 20, 2: 20, 3: 60},
            "About 5 in 10 stays at Roadside station lasted 30 min or longer.",
            "道の駅では滞在のおよそ5割が30分以上でした。",
        ),
        (
            {0: 10, 4: 90},
            "About 9 in 10 stays at Roadside station lasted 5 min or longer.",
            "道の駅では滞在のおよそ9割が5分以上でした。",
        ),
        (
            {2: 30, 3: 4},
            "Stays at Roadside station that can be shown all lasted 15–30 min.",
            "道の駅で表示できる滞在はすべて15～30分でした。",
        ),
    ],
)
def test_the_sentence_of_stays_divides_them_where_they_are_most_even(bins, en, ja):
    dwell = {("station", index): Cell(count, count) for index, count in bins.items()}
    assert blocks("en", dwell=dwell)["dwell"].sentences == (en,)
    assert blocks("ja", dwell=dwell)["dwell"].sentences == (ja,)


def test_the_sentence_of_sensors_names_those_that_are_not_heard():
    sensors = {"shop": SensorDay(9, 0, 0, 0, START + 7 * HOUR)}
    found = {"sensors": sensors, "complete": False}
    assert blocks("en", **found)["sensors"].sentences == (
        "shop has been quiet since 11:00. gate has not been heard on this day.",
    )
    assert blocks("ja", **found)["sensors"].sentences == (
        "shopは11:00から静かです。 gateはこの日まだ一度も受信していません。",
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_nothing_may_be_shown_each_block_is_an_empty_state_without_chart_and_table(language):
    found = blocks(language, arrivals=station(h5=4), dwell={("station", 0): Cell(4, 4)})
    for name in ("arrivals", "dwell", "sensors"):
        assert found[name].empty
        assert found[name].drawing is None
        assert found[name].table is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hidden_count_is_in_no_word_number_or_chart_of_the_page(language):
    arrivals = station(h5=13, h6=4) | {("hall", 6): Cell(4, 4)}
    found = blocks(language, arrivals=arrivals)["arrivals"]
    empty_hour, shown_hour, hidden_hour = found.table.rows[0], found.table.rows[5], found.table.rows[6]
    assert hidden_hour[1:] == empty_hour[1:]
    assert found.table.foot[1:] == shown_hour[1:]
    rows = [row for row in found.drawing["rows"] if row["look"] == "hidden"]
    assert {(row["value"], row["text"]) for row in rows} == {(5, "")}
    assert all(hidden_hour[1] in row["label"] for row in rows)


def test_a_running_day_says_since_when_and_a_late_one_how_many_signals():
    running = blocks("en", complete=False, late=1234)["view"]
    assert running.as_of == "so far, as of 12:00"
    assert running.late == "Signals that came too late: 1,234. They are in none of the figures of this day."
    complete = blocks("ja")["view"]
    assert (complete.as_of, complete.late) == (None, None)


def test_marks_of_a_chart_are_labelled_in_the_language_of_the_page():
    drawing = blocks("ja", arrivals=station(h5=13))["arrivals"].drawing
    labels = [row["label"] for row in drawing["rows"]] + [drawing["label"]]
    assert all(re.search(r"[ぁ-ん一-龥]", label) for label in labels)
    assert drawing["rows"][5]["label"] == "道の駅 09:00～10:00 到着約15台"


@pytest.mark.parametrize(
    ("first", "to", "en", "ja"),
    [
        (None, 5, "under 5 min", "5分未満"),
        (15, 30, "15–30 min", "15～30分"),
        (30, 60, "30 min to 1 h", "30分～1時間"),
        (60, 120, "1–2 h", "1～2時間"),
        (240, None, "4 h or longer", "4時間以上"),
    ],
)
def test_durations_are_said_in_their_unit(first, to, en, ja):
    ms = [None if minutes is None else minutes * 60_000 for minutes in (first, to)]
    assert Wording(catalogue("en"), TOWN.zone).durations(*ms) == en
    assert Wording(catalogue("ja"), TOWN.zone).durations(*ms) == ja


def test_days_are_said_as_each_language_does():
    assert Wording(catalogue("en"), TOWN.zone).day(DAY) == "Friday 4 October 2024"
    assert Wording(catalogue("ja"), TOWN.zone).day(DAY) == "2024年10月4日（金）"
