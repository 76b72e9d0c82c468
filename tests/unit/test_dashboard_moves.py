"""Moves and longer ways: from rows to what may be shown, and how it is said."""

import xml.etree.ElementTree as ET

import pytest
from fakes.town_day import DAY, TOWN
from fakes.town_trade import Answers, asked, said
from meguri_dashboard.blocks import moves


def move(from_place, place, count, devices=None):
    devices = count if devices is None else devices
    return {"from_place": from_place, "place": place, "moves": count, "devices": devices}


def path(way, count, devices=None):
    return {"path": way, "paths": count, "devices": count if devices is None else devices}


def read(*rows, paths=(), running=(), **question):
    answers = Answers(moves=list(rows), paths=list(paths), moves_running=running)
    return moves.read(answers, asked(town=TOWN, complete=not running, **question))


def ways(found):
    return [(*way.places, way.count.shown) for way in found]


def test_moves_are_shown_by_their_number_and_those_of_few_devices_not_at_all():
    found = read(move("station", "hall", 12), move("hall", "station", 21), move("hall", "hall", 40, 4))
    assert ways(found.moves) == [("hall", "station", 20), ("station", "hall", 10)]


def test_units_are_published_apart_and_added_up():
    found = read(
        move("station", "hall", 12),
        move("station", "hall", 4),
        running=[move("station", "hall", 6)],
        first=DAY - 1,
    )
    assert ways(found.moves) == [("station", "hall", 15)]


def test_a_way_through_a_place_that_the_town_no_longer_has_is_not_shown():
    found = read(move("station", "museum", 30), paths=[path("station>museum>hall", 30)])
    assert (found.moves, found.paths) == ((), ())


def test_the_sentences_name_the_most_frequent_move_and_the_most_frequent_longer_way():
    found = read(move("station", "hall", 42), paths=[path("station>hall>station", 11)])
    assert said(found, town=TOWN).sentences == (
        "Most went from Roadside station to Tea hall: about 40 moves.",
        "The most frequent longer way was Roadside station → Tea hall → Roadside station: about 10 times.",
    )
    assert said(found, "ja", town=TOWN).sentences == (
        "最も多い移動は道の駅から茶の館で、約40件でした。",
        "三か所以上の道順では道の駅 → 茶の館 → 道の駅が最も多く、約10件でした。",
    )


def test_tables_hold_every_move_and_every_longer_way():
    found = read(
        move("station", "hall", 42), move("hall", "station", 9), paths=[path("hall>station>hall", 11)]
    )
    block = said(found, town=TOWN)
    assert [row[1] for table in block.tables for row in table.rows] == ["about 40", "about 10", "about 10"]
    assert [table.title for table in block.tables] == ["", "Longer ways"]


@pytest.mark.parametrize("width", [328, 680])
def test_the_map_has_an_arrow_for_each_move_the_wider_the_more(width):
    found = read(move("station", "hall", 40), move("hall", "station", 10))
    svg = ET.fromstring(str(said(found, town=TOWN).charts[0].drawing(width)))
    arrows = [element for element in svg.iter() if element.get("class") == "map-flow"]
    there, back = (float(arrow.get("stroke-width")) for arrow in arrows)
    assert there > back


def test_where_no_move_may_be_shown_there_is_an_empty_state():
    block = said(read(move("station", "hall", 4)), town=TOWN)
    assert block.empty
    assert (block.charts, block.tables) == ((), ())
