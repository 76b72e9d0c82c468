"""Live numbers as they are taken from the flow's messages."""

import json
from dataclasses import replace

import pytest
from fakes.town_day import DAY, MINUTE, TOWN
from meguri_dashboard.live import Link, LiveBoard
from meguri_dashboard.suppression import FEWER, Count

AT = TOWN.day_bounds_ms(DAY)[0] + 600 * MINUTE


def message(at_ms=AT, **active):
    return json.dumps({"town_time_ms": at_ms, "key_day": DAY, "active": active, "sensors": {}})


@pytest.fixture
def board():
    board = LiveBoard({TOWN.town: TOWN}, "redis://127.0.0.1:1", lambda _: None)
    board.link = Link.UP
    return board


def shown(board):
    return dict(board.numbers(TOWN.town).active)


def test_live_numbers_move_in_steps_of_five_and_fewer_than_five_are_one(board):
    assert board.take(TOWN, message(station=12, hall=4))
    assert shown(board) == {"station": Count(10), "hall": FEWER}
    assert board.take(TOWN, message(AT + MINUTE, station=13))
    assert shown(board) == {"station": Count(15), "hall": FEWER}


def test_within_a_minute_of_town_time_the_numbers_stay_as_they_are(board):
    board.take(TOWN, message(station=12))
    assert not board.take(TOWN, message(AT + MINUTE - 1, station=90))
    assert shown(board)["station"] == Count(10)
    assert board.take(TOWN, message(AT + MINUTE, station=90))
    assert shown(board)["station"] == Count(90)


def test_a_message_of_an_earlier_minute_changes_nothing(board):
    board.take(TOWN, message(station=12))
    assert not board.take(TOWN, message(AT - MINUTE, station=90))
    assert shown(board)["station"] == Count(10)


def test_a_greater_k_suppresses_live_numbers_too(board):
    town = replace(TOWN, k=20)
    board.take(town, message(station=19, hall=31))
    assert shown(board) == {"station": FEWER, "hall": Count(40)}


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"town_time_ms": "x", "active": {}}', '{"active": 3}'])
def test_a_message_that_cannot_be_read_changes_nothing(board, broken):
    board.take(TOWN, message(station=12))
    assert not board.take(TOWN, broken)
    assert shown(board)["station"] == Count(10)


def test_numbers_are_not_shown_as_now_while_redis_is_away(board):
    board.take(TOWN, message(station=12))
    board.link = Link.AWAY
    assert board.numbers(TOWN.town) is None
