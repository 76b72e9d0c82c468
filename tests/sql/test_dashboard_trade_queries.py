"""What the dashboard asks of sales, guide, counters and sensors: a golden result and an empty case each."""

from dataclasses import dataclass

import pytest
from fakes.town_day import DAY, HOUR, MINUTE, TOWN, TownDay
from fakes.town_trade import TownTrade
from meguri_proto.key_days import day_date

START = TOWN.day_bounds_ms(DAY)[0]
OF_DAY = {"town": TOWN.town, "key_day": day_date(DAY)}
HOURS = {**OF_DAY, "day_start_ms": START}
OF_PERIOD = {"town": TOWN.town, "first": day_date(DAY - 4), "last": day_date(DAY)}
OF_UNITS = {**OF_PERIOD, "first_whole": day_date(DAY - 33), "last_whole": day_date(DAY - 4)}
"""DAY is 4 October; 30 September belongs to a whole month."""
PARAMS = {
    "sales_by_hour": HOURS,
    "sales_by_day": OF_PERIOD,
    "payments": OF_UNITS,
    "guide_use": OF_UNITS,
    "counted_by_hour": {**HOURS, "quantity": "people"},
    "counted_by_day": {**OF_PERIOD, "quantity": "people"},
    "counters": OF_DAY,
    "sensors": {**OF_DAY, "folds": ((0, 0), (1, 5))},
    "sensor_clocks": {**OF_DAY, "folds": ((0, 0), (1, 5))},
    "sensor_usual": {
        "town": TOWN.town,
        "key_days": [day_date(DAY - 7), day_date(DAY)],
        "folds": ((day_date(DAY - 7), 0, 0), (day_date(DAY), 0, 0), (day_date(DAY), 1, 5)),
        "until_ms": [START - 7 * 24 * HOUR + 2 * HOUR, START + 66 * MINUTE],
    },
}


@dataclass
class Bin:
    """One row of sensor_health."""

    sensor: str
    at_ms: int
    detections: int = 0
    weak: int = 0
    late: int = 0
    duplicates: int = 0
    refused: int = 0
    lead_ms: int = 0
    last_ms: int = 0


def hear(store, key_day, *bins, slice_=0, generation=0):
    start = TOWN.day_bounds_ms(key_day)[0]
    columns = {name: [getattr(one, name) for one in bins] for name in vars(bins[0])}
    columns["bin_ms"] = [start + at_ms for at_ms in columns.pop("at_ms")]
    columns["last_ms"] = [start + last_ms if last_ms else 0 for last_ms in columns["last_ms"]]
    fold = {"slice": slice_, "generation": generation}
    full = {"town": TOWN.town, "key_day": day_date(key_day), **fold, "version": 1}
    store.insert("sensor_health", {**{name: [value] * len(bins) for name, value in full.items()}, **columns})


@pytest.fixture(scope="module")
def filled(store):
    """Days with every case, and what lies outside of what is asked."""
    trade = TownTrade(store)
    trade.sales([("market", 0, 1_000, "cash", ""), ("market", HOUR - 1, 500, "code_payment", "paypay")])
    trade.sale("market", HOUR, 3_000, "credit", "visa", external_id="corrected", version=1)
    trade.sale("market", HOUR, 2_000, "credit", "visa", external_id="corrected", version=2, refunded_yen=500)
    trade.sale("market", HOUR, 9_000, external_id="gone", version=1)
    trade.sale("market", HOUR, 9_000, external_id="gone", version=2, cancelled=1)
    trade.sale("market", HOUR, 700, refunded_yen=700)
    trade.sale("market", HOUR, -200)
    trade.sale("cafe", 23 * HOUR, 400, "emoney_transit", "suica")
    for day, yen in ((DAY - 4, 100), (DAY - 5, 77_777), (DAY + 1, 77_777)):
        TownTrade(store, day).sale("cafe", 0, yen)
    TownTrade(store, town="elsewhere").sale("cafe", 0, 77_777)

    trade.use("opened", 7, "1", "ja", event_id="twice")
    trade.use("opened", 7, "1", "ja", event_id="twice")
    trade.use("opened", 7, "2", "ja")
    trade.use("listened", 7, "1", "ja", seconds=50)
    trade.use("listened", 7, "1", "ja", seconds=40)
    trade.use("finished", 7, "1", "ja")
    trade.use("rated", 7, "1", "ja", rating=5)
    trade.use("rated", 7, "2", "ja", rating=2)
    trade.use("opened", 8, "1", "en")
    trade.use("rated", 8, "1", "en", rating=4)
    trade.use("opened", 0, "1", "fr")
    TownTrade(store, DAY - 4).use("opened", 7, "1", "ja")
    TownTrade(store, DAY - 5).use("opened", 9, "1", "ja")

    trade.counted("gate", 0, 3)
    trade.counted("gate", HOUR - 5 * MINUTE, 4, version=1)
    trade.counted("gate", HOUR - 5 * MINUTE, 5, version=2)
    trade.counted("gate", HOUR, 6, span_ms=3 * HOUR)
    trade.counted("air", 2 * HOUR, 40, quantity="wifi_devices")
    TownTrade(store, DAY - 1).counted("gate", 0, 90)
    TownTrade(store, DAY - 5).counted("gate", 0, 900)

    TownDay(store).day(2 * HOUR)
    TownDay(store, DAY - 7).day(24 * HOUR, complete=1)
    TownDay(store, DAY - 1, generation=1).day(24 * HOUR, complete=1)
    hear(
        store,
        DAY,
        Bin("shop", 0, 10, weak=2, late=1, duplicates=3, refused=9, lead_ms=99_000, last_ms=4 * MINUTE),
        Bin("shop", 5 * MINUTE, 20, last_ms=6 * MINUTE, lead_ms=7),
        Bin("shop", 60 * MINUTE, 0, refused=4, lead_ms=31_000),
        Bin("gate", 0, 1, last_ms=1),
        Bin("gate", 65 * MINUTE, 5, last_ms=65 * MINUTE, lead_ms=-800_000),
        Bin("gate", 70 * MINUTE, 6, last_ms=70 * MINUTE, lead_ms=-700_000),
        Bin("gate", 75 * MINUTE),
    )
    others = Bin("gate", 65 * MINUTE, 2, weak=1, refused=1, lead_ms=-600_000, last_ms=76 * MINUTE)
    hear(store, DAY, others, slice_=1, generation=5)
    hear(store, DAY, others, slice_=1, generation=4)
    hear(store, DAY - 7, Bin("shop", 0, 30, last_ms=1), Bin("shop", 2 * HOUR, 500, last_ms=2 * HOUR))
    hear(store, DAY - 1, Bin("shop", 0, 111, last_ms=1), generation=0)
    hear(store, DAY - 1, Bin("shop", 0, 40, last_ms=1), generation=1)
    return store


def ask(store, query, **params):
    rows = store.query(f"meguri_dashboard/{query}", {**PARAMS[query], **params})
    return [tuple(row.values()) for row in rows]


def test_sales_by_hour_takes_the_last_version_less_refunds_and_counts_what_was_kept(filled):
    assert ask(filled, "sales_by_hour") == [
        ("cafe", 23, 1, 400, 400),
        ("market", 0, 2, 1_500, 1_000),
        ("market", 1, 1, 1_300, 1_500),
    ]


def test_sales_by_day_adds_up_the_hours_of_each_day_of_the_period(filled):
    assert ask(filled, "sales_by_day") == [
        (day_date(DAY - 4), "cafe", 1, 100, 100),
        (day_date(DAY), "cafe", 1, 400, 400),
        (day_date(DAY), "market", 3, 2_800, 1_500),
    ]


def test_payments_are_told_by_method_and_brand_and_a_whole_month_is_one_unit(filled):
    assert ask(filled, "payments") == [
        (day_date(DAY - 33), "cafe", "cash", "", 1, 100, 100),
        (day_date(DAY), "cafe", "emoney_transit", "suica", 1, 400, 400),
        (day_date(DAY), "market", "cash", "", 1, 800, 1_000),
        (day_date(DAY), "market", "code_payment", "paypay", 1, 500, 500),
        (day_date(DAY), "market", "credit", "visa", 1, 1_500, 1_500),
    ]


def test_guide_use_counts_walks_and_their_contributions_once_each(filled):
    assert ask(filled, "guide_use") == [
        (day_date(DAY - 33), "all", "", 1, 1, 0, 0, 0, 0, 0, 0, 0, 0),
        (day_date(DAY - 33), "language", "ja", 1, 1, 0, 0, 0, 0, 0, 0, 0, 0),
        (day_date(DAY - 33), "sight", "1", 1, 1, 0, 0, 0, 0, 0, 0, 0, 0),
        (day_date(DAY), "all", "", 2, 3, 1, 90, 90, 1, 2, 3, 11, 2),
        (day_date(DAY), "language", "en", 1, 1, 0, 0, 0, 0, 1, 1, 4, 1),
        (day_date(DAY), "language", "ja", 1, 2, 1, 90, 90, 1, 1, 2, 7, 2),
        (day_date(DAY), "sight", "1", 2, 2, 1, 90, 90, 1, 2, 2, 9, 1),
        (day_date(DAY), "sight", "2", 1, 1, 0, 0, 0, 0, 1, 1, 2, 1),
    ]


def test_a_count_belongs_to_the_hour_in_which_its_span_begins_and_its_last_version_is_it(filled):
    assert ask(filled, "counted_by_hour") == [("gate", 0, 8), ("gate", 1, 6)]


def test_counts_by_day_stay_within_the_period(filled):
    assert ask(filled, "counted_by_day") == [("gate", day_date(DAY - 1), 90), ("gate", day_date(DAY), 14)]


def test_counters_tell_what_they_counted_and_when_their_last_span_ended(filled):
    assert ask(filled, "counters") == [
        ("air", "wifi_devices", 40, START + 2 * HOUR + 5 * MINUTE),
        ("gate", "people", 14, START + 4 * HOUR),
    ]


def test_sensors_adds_up_what_each_delivered_on_the_day_and_what_was_refused_of_it(filled):
    assert ask(filled, "sensors") == [
        ("gate", 14, 1, 0, 0, 1, START + 76 * MINUTE),
        ("shop", 30, 2, 1, 3, 13, START + 6 * MINUTE),
    ]


def test_sensor_clocks_looks_at_the_newest_hour_of_each_sensor_that_holds_anything(filled):
    assert ask(filled, "sensor_clocks") == [("gate", 1, -600_000), ("shop", 4, 31_000)]


def test_sensor_usual_counts_each_day_up_to_its_own_time(filled):
    assert ask(filled, "sensor_usual") == [
        ("gate", day_date(DAY), 8),
        ("shop", day_date(DAY - 7), 30),
        ("shop", day_date(DAY), 30),
    ]


@pytest.mark.parametrize("query", PARAMS)
def test_of_a_town_without_rows_every_query_gives_none(filled, query):
    assert ask(filled, query, town="nowhere") == []
