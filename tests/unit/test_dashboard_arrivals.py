"""Arrivals: from rows to what may be shown, and how it is said."""

import re
from dataclasses import replace

import pytest
from fakes.town_day import DAY, HOUR, TOWN
from fakes.town_trade import Answers, asked, said
from meguri_dashboard.blocks import arrivals
from meguri_proto.key_days import day_date


def cell(place, hour, count, devices=None, *, random=0, key_day=DAY):
    devices = count if devices is None else devices
    of_cell = {"place": place, "hour": hour, "arrivals": count, "devices": devices, "random": random}
    return {"key_day": day_date(key_day), **of_cell}


def of_day(*cells, running=False, town=TOWN, days=None, **question):
    rows = {"arrivals_running": cells} if running else {"arrivals_by_hour": cells}
    return arrivals.read(Answers(**rows), asked(complete=not running, town=town, days=days, **question))


def shown(counts):
    return [count and count.shown for count in counts]


def station(**cells):
    return [cell("station", int(hour[1:]), count) for hour, count in cells.items()]


def test_arrivals_have_an_entry_for_each_hour_that_has_begun_and_none_for_the_others():
    first, second = of_day(*station(h6=12), running=True).places
    assert (first.place, second.place) == ("station", "hall")
    assert [count is None for count in first.by_slot] == [False] * 8 + [True] * 16
    assert shown(first.by_slot)[6] == 10


def test_an_hour_of_many_arrivals_by_few_devices_is_not_shown():
    found = of_day(cell("station", 0, 12, 4), cell("station", 1, 12, 5))
    assert shown(found.places[0].by_slot)[:2] == [None, 10]


def test_a_total_is_of_the_shown_hours_alone():
    first, second = of_day(*station(h0=4, h1=12, h2=23)).places
    assert first.total.shown == 35
    assert second.total.shown is None


def test_a_town_with_a_greater_k_has_greater_steps():
    found = of_day(*station(h0=9, h1=14), town=replace(TOWN, k=10))
    assert shown(found.places[0].by_slot)[:2] == [None, 10]


def test_a_place_that_the_town_file_no_longer_names_is_not_shown():
    assert [place.total.shown for place in of_day(cell("closed-museum", 0, 50)).places] == [None, None]


def weeks_before(*counts):
    """Hour 6 of the station on the same weekday, the latest first; None for a day without figures."""
    days = [DAY - 7 * n for n, count in enumerate(counts, 1) if count is not None]
    cells = [
        cell("station", 6, count, key_day=DAY - 7 * n)
        for n, count in enumerate(counts, 1)
        if count is not None
    ]
    return of_day(*cells, *station(h6=22), days=[DAY, *days])


def test_the_usual_is_the_median_of_the_same_weekday_and_needs_three_days():
    found = weeks_before(10, 30, 62)
    assert found.places[0].usual[6].shown == 30
    assert found.usual_days == 3
    assert weeks_before(10, 30).places[0].usual is None


def test_a_day_on_which_an_hour_was_hidden_counts_as_none_in_the_usual():
    assert weeks_before(4, 4, 30).places[0].usual[6].shown is None


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ((22, 22, 22), "In all, as many as is usual on this weekday."),
        ((10, 10, 10), "In all, 100% more than is usual on this weekday."),
        ((40, 40, 40), "In all, 50% fewer than is usual on this weekday."),
    ],
)
def test_a_day_that_is_over_is_compared_with_the_usual(counts, sentence):
    assert said(weeks_before(*counts), town=TOWN).sentences[1] == sentence


def by_day(key_day, shown_count, random=0, place="station"):
    return {"key_day": day_date(key_day), "place": place, "shown": shown_count, "random": random}


def test_a_longer_period_adds_up_what_its_days_show_and_stands_beside_the_one_before():
    rows = [
        by_day(DAY - 1, 40),
        by_day(DAY, 25),
        by_day(DAY - 8, 30),
        by_day(DAY - 7, 15),
        by_day(DAY - 3, 99),
    ]
    question = asked(DAY - 1, DAY, days=[DAY, DAY - 1, DAY - 7, DAY - 8], town=TOWN)
    found = arrivals.read(Answers(arrivals_by_day=rows), question).places[0]
    assert (shown(found.by_slot), shown(found.usual)) == ([40, 25], [30, 15])
    assert found.total.shown == 65


def test_a_period_before_with_a_day_missing_is_nothing_to_compare_with():
    question = asked(DAY - 1, DAY, days=[DAY, DAY - 1, DAY - 7], town=TOWN)
    found = arrivals.read(Answers(arrivals_by_day=[by_day(DAY - 7, 30)]), question)
    assert found.places[0].usual is None


def test_the_running_day_of_a_period_adds_the_hours_that_it_shows():
    rows = {
        "arrivals_by_day": [by_day(DAY - 1, 40)],
        "arrivals_running": station(h5=4, h6=13, h7=11),
    }
    found = arrivals.read(Answers(**rows), asked(DAY - 1, DAY, complete=False, town=TOWN))
    assert shown(found.places[0].by_slot) == [40, 25]
    assert [slot.so_far for slot in found.asked.slots] == [False, True]


def test_a_day_with_addresses_that_devices_made_up_has_signals_and_says_so():
    signals, devices = of_day(cell("station", 6, 12, random=1)), of_day(cell("station", 6, 12))
    assert "These are signals, not devices" in said(signals, town=TOWN).notes[0]
    assert "端末の数ではなく信号の数" in said(signals, "ja", town=TOWN).notes[0]
    assert not any("signals" in note for note in said(devices, town=TOWN).notes)


def test_signals_of_other_days_make_no_signals_of_this_one():
    other = cell("station", 6, 12, random=5, key_day=DAY - 7)
    assert not of_day(other, *station(h6=12), days=[DAY, DAY - 7]).has_signals


@pytest.mark.parametrize(
    ("cells", "en", "ja"),
    [
        (
            station(h5=12, h6=41),
            "Roadside station was busiest 10:00–11:00: about 40 arrivals.",
            "道の駅の到着が最も多かったのは10:00～11:00で、約40件でした。",
        ),
        (
            station(h5=41, h6=40, h8=39),
            "Roadside station was busiest 09:00–11:00, 12:00–13:00: about 40 arrivals each.",
            "道の駅の到着が最も多かったのは09:00～11:00、12:00～13:00で、それぞれ約40件でした。",
        ),
        (
            [*station(h5=12), cell("hall", 6, 1234)],
            "Tea hall was busiest 10:00–11:00: about 1,235 arrivals.",
            "茶の館の到着が最も多かったのは10:00～11:00で、約1,235件でした。",
        ),
    ],
)
def test_the_sentence_says_where_and_when_it_was_busiest(cells, en, ja):
    assert said(of_day(*cells), town=TOWN).sentences == (en,)
    assert said(of_day(*cells), "ja", town=TOWN).sentences == (ja,)


def test_of_a_longer_period_the_sentence_names_the_day():
    question = asked(DAY - 1, DAY, town=TOWN)
    block = said(arrivals.read(Answers(arrivals_by_day=[by_day(DAY, 1_250)]), question), town=TOWN)
    assert block.title == "Arrivals by day"
    assert block.sentences == ("Roadside station was busiest Fri 4 Oct: about 1,250 arrivals.",)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_where_nothing_may_be_shown_there_is_an_empty_state_without_chart_and_table(language):
    block = said(of_day(*station(h5=4)), language, town=TOWN)
    assert block.empty
    assert (block.charts, block.tables) == ((), ())


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_hidden_count_is_in_no_word_number_or_chart(language):
    block = said(of_day(*station(h5=13, h6=4), cell("hall", 6, 4)), language, town=TOWN)
    table = block.tables[0]
    empty_hour, shown_hour, hidden_hour = table.rows[0], table.rows[5], table.rows[6]
    assert hidden_hour[1:] == empty_hour[1:]
    assert table.foot[1:] == shown_hour[1:]
    marks = [mark for panel in block.charts[0].drawing["panels"] for mark in panel["marks"]]
    hidden = [mark for mark in marks if mark["look"] == "hidden"]
    assert {(mark["value"], mark["text"]) for mark in hidden} == {(5, "")}
    assert all(hidden_hour[1] in mark["label"] for mark in hidden)


def test_marks_of_a_chart_are_labelled_in_the_language_of_the_page():
    drawing = said(of_day(*station(h5=13)), "ja", town=TOWN).charts[0].drawing
    labels = [mark["label"] for panel in drawing["panels"] for mark in panel["marks"]]
    assert all(re.search(r"[ぁ-ん一-龥]", label) for label in [*labels, drawing["label"]])
    assert labels[5] == "道の駅 09:00～10:00 到着約15件"


def test_the_hour_that_is_running_looks_so():
    marks = said(of_day(*station(h7=13), running=True, until_ms=8 * HOUR), town=TOWN).charts[0].drawing
    assert marks["panels"][0]["marks"][7]["look"] == "so_far"
