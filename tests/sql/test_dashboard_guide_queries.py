"""What the guide's page asks of guide events and survey answers: a golden result and an empty case each."""

import pytest
from fakes.town_day import DAY, HOUR, MINUTE, TOWN
from fakes.town_trade import TownTrade
from meguri_proto.key_days import day_date

OF_UNITS = {
    "town": TOWN.town,
    "first": day_date(DAY - 4),
    "last": day_date(DAY),
    "first_whole": day_date(DAY - 33),
    "last_whole": day_date(DAY - 4),
}
"""DAY is 4 October; 30 September belongs to a whole month."""
MONTH, TODAY = day_date(DAY - 33), day_date(DAY)
PARAMS = {
    "guide_hours": {**OF_UNITS, "zone": "Asia/Tokyo"},
    "guide_route": OF_UNITS,
    "guide_ways": {**OF_UNITS, "edges_ms": [2 * MINUTE, 5 * MINUTE]},
    "guide_stored": OF_UNITS,
    "survey_choices": OF_UNITS,
    "survey_texts": OF_UNITS,
}


@pytest.fixture(scope="module")
def filled(store):
    """Days with every case, and what lies outside of what is asked."""
    trade = TownTrade(store)
    trade.use("stored", 7, "0", "ja", 0)
    trade.use("opened", 7, "1", at_ms=MINUTE)
    trade.use("opened", 7, "1", at_ms=2 * MINUTE)
    trade.use("listened", 7, "1", at_ms=3 * MINUTE, seconds=30)
    trade.use("opened", 7, "2", at_ms=4 * MINUTE, event_id="twice")
    trade.use("opened", 7, "2", at_ms=4 * MINUTE, event_id="twice")
    trade.use("opened", 8, "2", "en", at_ms=HOUR - 1)
    trade.use("opened", 8, "1", "en", at_ms=HOUR + 5 * MINUTE - 1)
    trade.use("stored", 8, "0", "en", at_ms=2 * HOUR)
    trade.use("opened", 9, "1", at_ms=0)
    trade.use("opened", 9, "2", at_ms=3 * HOUR)
    trade.use("stored", 10, "0", "ja", 5 * HOUR)
    trade.use("opened", 0, "1")
    of_month = TownTrade(store, DAY - 4)
    of_month.use("opened", 7, "2")
    of_month.use("stored", 7, "0")
    for outside in (TownTrade(store, DAY - 5), TownTrade(store, DAY + 1), TownTrade(store, town="elsewhere")):
        outside.use("opened", 11, "1")
        outside.use("stored", 11, "0")
        outside.answered("z", "transport", "car")
        outside.answered("z", "remarks", free_text="elsewhere")

    trade.answered("a", "transport", "car,bus")
    trade.answered("b", "transport", "car")
    trade.answered("a", "remarks", free_text="涼しい")
    trade.answered("b", "remarks", free_text="Cool")
    of_month.answered("c", "transport", "bus")
    for sheet, yen in {"a": 0, "b": 99, "c": 1_000, "d": 1_999, "e": 2_000, "f": 9_999, "g": 10_000}.items():
        trade.answered(sheet, "spending", str(yen))
    return store


def ask(store, query, **params):
    rows = store.query(f"meguri_dashboard/{query}", {**PARAMS[query], **params})
    return [tuple(row.values()) for row in rows]


def test_hours_are_those_of_the_towns_clock_and_a_walk_counts_once_in_each(filled):
    assert ask(filled, "guide_hours") == [
        (MONTH, 4, 1, 1),
        (TODAY, 4, 3, 5),
        (TODAY, 5, 1, 1),
        (TODAY, 7, 1, 1),
    ]


def test_the_route_counts_walks_at_each_sight_and_where_each_ended(filled):
    assert ask(filled, "guide_route") == [
        (MONTH, "", 1, 0),
        (MONTH, "2", 1, 1),
        (TODAY, "", 3, 0),
        (TODAY, "1", 3, 1),
        (TODAY, "2", 3, 2),
    ]


def test_a_way_is_from_the_last_opening_of_one_sight_to_the_next_within_three_hours(filled):
    assert ask(filled, "guide_ways") == [(TODAY, "1", "2", 1, 1), (TODAY, "2", "1", 2, 1)]


def test_a_stored_guide_has_reported_when_something_was_opened_after_it(filled):
    assert ask(filled, "guide_stored") == [(MONTH, "ja", 1, 0), (TODAY, "en", 1, 0), (TODAY, "ja", 2, 1)]


def test_each_of_several_choices_counts_a_sheet_once_in_all_and_great_numbers_go_together(filled):
    assert ask(filled, "survey_choices") == [
        (MONTH, "transport", "", 1),
        (MONTH, "transport", "bus", 1),
        (TODAY, "spending", "", 7),
        (TODAY, "spending", "0", 1),
        (TODAY, "spending", "1000", 2),
        (TODAY, "spending", "10000", 1),
        (TODAY, "spending", "2000", 1),
        (TODAY, "spending", "5000", 1),
        (TODAY, "spending", "99", 1),
        (TODAY, "transport", "", 2),
        (TODAY, "transport", "bus", 1),
        (TODAY, "transport", "car", 2),
    ]


def test_texts_stand_in_the_order_of_the_alphabet(filled):
    assert ask(filled, "survey_texts") == [(TODAY, "remarks", "Cool"), (TODAY, "remarks", "涼しい")]


@pytest.mark.parametrize("query", PARAMS)
def test_of_a_town_without_rows_every_query_gives_none(filled, query):
    assert ask(filled, query, town="nowhere") == []
