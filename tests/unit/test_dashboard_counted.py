"""People counted at gates, beside the signals that arrived there."""

import pytest
from fakes.town_day import DAY, TOWN
from fakes.town_trade import Answers, asked, said
from meguri_dashboard.blocks import counted
from meguri_dashboard.catalogue import LANGUAGES
from meguri_proto.key_days import day_date


def hours(counts, arrivals=()):
    rows = [{"counter": "gate-counter", "hour": hour, "counted": number} for hour, number in counts.items()]
    cells = [
        {
            "key_day": day_date(DAY),
            "place": "hall",
            "hour": hour,
            "arrivals": number,
            "devices": number,
            "random": 0,
        }
        for hour, number in dict(arrivals).items()
    ]
    return counted.read(Answers(counted_by_hour=rows, arrivals_by_hour=cells), asked())


def test_a_small_count_of_a_gate_is_shown_as_it_is():
    gate = hours({5: 1, 6: 120}).counters[0]
    assert gate.by_slot[4:7] == (None, 1, 120)
    assert gate.total == 121


def test_only_counters_of_people_are_told():
    assert [one.counter for one in hours({}).counters] == ["gate-counter"]


def test_signals_for_each_person_come_of_the_hours_that_have_both():
    gate = hours({5: 100, 6: 50, 7: 30}, {5: 200, 6: 100, 8: 500}).counters[0]
    assert gate.signals_each == 2
    assert hours({5: 100}).counters[0].signals_each is None


def test_the_sentence_says_how_many_were_counted_and_how_many_signals_that_was():
    figures = hours({5: 1_000, 6: 234}, {5: 1_200})
    assert said(figures).sentences == (
        (
            "Tea hall: 1,234 people were counted. "
            "In the same time, about 1.2 signals arrived there for each of them."
        ),
    )
    assert said(figures, "ja").sentences == (
        "茶の館で数えた人数は1,234人でした。同じ時間に到着した電波は、一人あたり約1.2です。",
    )


def test_people_and_signals_stand_on_one_axis():
    panel = said(hours({5: 100}, {5: 250})).charts[0].drawing["panels"][0]
    mark = panel["marks"][0]
    assert (mark["at"], mark["value"], mark["usual"], panel["top"]) == (5, 100, 250, 250)


def test_a_longer_period_counts_by_day():
    rows = [{"counter": "gate-counter", "key_day": day_date(DAY - n), "counted": 10 + n} for n in (0, 2)]
    figures = counted.read(Answers(counted_by_day=rows), asked(DAY - 2, DAY))
    assert figures.counters[0].by_slot == (12, None, 10)
    assert said(figures).tables[0].rows[1][1] == "–"


def test_a_town_that_counts_no_people_has_no_such_block():
    assert counted.read(Answers(), asked(town=TOWN)) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_day_without_counts_is_an_empty_state(language):
    block = said(hours({}, {5: 50}), language)
    assert block.empty
    assert (block.charts, block.tables) == ((), ())
