"""Staff and equipment: how many are left out may be told, and by which rule."""

from dataclasses import replace

import pytest
from fakes.town_day import DAY, HOUR, TOWN
from fakes.town_trade import Answers, asked, said
from meguri_dashboard.blocks import arrivals, dwell, moves
from meguri_proto.key_days import day_date

UNMARKED = replace(TOWN, staff_ms=0, equipment_ms=0)


def left_out(*counts, running=(), town=TOWN, first=DAY, complete=True):
    cell = {
        "key_day": day_date(DAY),
        "place": "station",
        "hour": 6,
        "arrivals": 12,
        "devices": 12,
        "random": 0,
    }
    rows = {
        "arrivals_by_hour": [cell],
        "arrivals_running": [cell],
        "arrivals_by_day": [{**cell, "shown": 10}],
        "left_out": [{"key_day": day_date(DAY - n), "devices": count} for n, count in enumerate(counts)],
        "left_out_running": [{"key_day": day_date(DAY), "devices": count} for count in running],
    }
    return arrivals.read(Answers(**rows), asked(first, complete=complete, town=town))


@pytest.mark.parametrize(
    ("counts", "en", "ja"),
    [
        ((), "fewer than 5", "5件未満"),
        ((4,), "fewer than 5", "5件未満"),
        ((5,), "about 5", "約5"),
        ((13,), "about 15", "約15"),
    ],
)
def test_a_day_says_how_many_devices_it_leaves_out_as_coarsely_as_it_says_all_else(counts, en, ja):
    found = left_out(*counts)
    assert said(found, town=TOWN).notes == (f"Devices left out as staff or equipment: {en}.",)
    assert ja in said(found, "ja", town=TOWN).notes[0]


def test_a_period_says_it_of_the_day_with_the_most():
    found = left_out(6, 21, 12, first=DAY - 2)
    (note,) = said(found, town=TOWN).notes
    assert note == "Devices left out as staff or equipment, on the day with the most: about 20."


def test_a_running_day_tells_of_those_that_are_known_up_to_now():
    assert left_out(running=[9], complete=False).left_out.shown == 10


def test_a_town_that_marks_nothing_says_nothing():
    found = left_out(13, town=UNMARKED)
    assert said(found, town=UNMARKED).notes == ()
    assert not any("Left out" in text for text in said(found, town=UNMARKED).definition)


@pytest.mark.parametrize("block", [arrivals, dwell, moves], ids=["arrivals", "dwell", "moves"])
def test_what_counts_devices_says_which_it_leaves_out(block):
    town = replace(TOWN, staff_ms=7 * HOUR, equipment_ms=0)
    definition = said(block.read(Answers(), asked(town=town)), town=town).definition
    assert (
        "Left out as staff: devices that were heard here for 7 h or more between 08:00 and 18:00."
        in definition
    )
    assert not any("equipment" in text for text in definition)
    japanese = said(block.read(Answers(), asked(town=TOWN)), "ja", town=TOWN).definition
    assert any("08:00から18:00までの間に合わせて6時間以上" in text for text in japanese)
    assert any("一日に合わせて16時間以上" in text for text in japanese)
