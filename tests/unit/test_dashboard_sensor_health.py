"""Whether sensors and counters work, and what is said of those that do not."""

import pytest
from fakes.town_day import DAY, HOUR, MINUTE, TOWN, TOWN_TEXT
from fakes.town_trade import TRADING, Answers, asked, said
from meguri_dashboard.blocks import sensor_health
from meguri_dashboard.blocks.sensor_health import SensorState
from meguri_dashboard.catalogue import LANGUAGES
from meguri_proto.key_days import day_date
from meguri_proto.towns import parse_town

START = TOWN.day_bounds_ms(DAY)[0]
NOW = START + 8 * HOUR
WEEKS = [DAY - 7 * n for n in range(9)]


def delivered(sensor="shop", detections=600, last_ms=NOW, **values):
    row = {"sensor": sensor, "detections": detections, "last_ms": last_ms}
    return {**row, "weak": 0, "late": 0, "duplicates": 0, "refused": 0, **values}


def clock(sensor="shop", refused=0, lead_ms=0):
    return {"sensor": sensor, "refused": refused, "lead_ms": lead_ms}


def usual(*days, sensor="shop"):
    return [{"sensor": sensor, "key_day": day_date(DAY), "detections": number} for number in days]


def state(row, *, clocks=(), before=(), complete=False, days=(DAY,)):
    return health(row, clocks=clocks, before=before, complete=complete, days=days).sensors[0].state


def health(*rows, clocks=(), before=(), complete=False, days=(DAY,), counters=(), town=TRADING):
    store = Answers(
        sensors=list(rows), sensor_clocks=list(clocks), sensor_usual=list(before), counters=list(counters)
    )
    return sensor_health.read(store, asked(complete=complete, days=days, town=town))


@pytest.mark.parametrize(
    ("last_ms", "expected"),
    [
        (NOW - 10 * MINUTE, SensorState.HEARD),
        (NOW - 10 * MINUTE - 1, SensorState.QUIET),
    ],
)
def test_a_sensor_is_quiet_after_ten_minutes_without_a_signal(last_ms, expected):
    assert state(delivered(last_ms=last_ms)) is expected


def test_on_a_day_that_is_over_no_sensor_is_quiet_any_more():
    assert state(delivered(last_ms=START + HOUR), complete=True) is SensorState.HEARD


def test_a_sensor_without_a_signal_on_the_day_is_silent_and_never_heard():
    shop, gate = health(delivered(detections=0, duplicates=4)).sensors
    assert (shop.state, shop.last_ms) == (SensorState.SILENT, None)
    assert gate.state is SensorState.SILENT


def test_a_sensor_whose_signals_are_refused_now_has_its_clock_ahead_also_when_nothing_else_comes_of_it():
    row = delivered(detections=0, refused=40)
    assert state(row, clocks=[clock(refused=40)]) is SensorState.AHEAD


def test_a_clock_that_was_ahead_and_is_set_again_is_right_while_the_day_runs_and_told_when_it_is_over():
    row = delivered(refused=40)
    assert state(row, clocks=[clock()]) is SensorState.HEARD
    assert state(row, clocks=[clock()], complete=True) is SensorState.AHEAD


@pytest.mark.parametrize(
    ("lead_ms", "expected"),
    [
        (-TOWN.lateness_ms, SensorState.HEARD),
        (-TOWN.lateness_ms - 1, SensorState.BEHIND),
    ],
)
def test_a_sensor_all_of_whose_signals_come_later_than_the_town_waits_has_its_clock_behind(lead_ms, expected):
    row = delivered(last_ms=NOW + lead_ms if expected is SensorState.BEHIND else NOW)
    assert state(row, clocks=[clock(lead_ms=lead_ms)]) is expected


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        (199, SensorState.LOW),
        (200, SensorState.HEARD),
        (1_800, SensorState.HEARD),
        (1_801, SensorState.HIGH),
    ],
)
def test_a_sensor_is_unusual_below_a_third_and_above_three_times_of_the_median(signals, expected):
    before = usual(10, 600, 9_000)
    assert state(delivered(detections=signals), before=before, days=WEEKS) is expected


def test_two_days_or_few_signals_make_nothing_usual():
    assert state(delivered(detections=1), before=usual(600, 600), days=WEEKS) is SensorState.HEARD
    assert state(delivered(detections=1), before=usual(99, 99, 99), days=WEEKS) is SensorState.HEARD
    assert state(delivered(detections=1), before=usual(600, 600, 600), days=WEEKS[:3]) is SensorState.HEARD


def test_what_is_usual_is_asked_up_to_the_same_time_of_the_same_weekday():
    store = Answers(sensors=[delivered()])
    sensor_health.read(store, asked(complete=False, days=[*WEEKS, DAY - 1]))
    asked_of = store.asked["sensor_usual"]
    assert asked_of["key_days"] == [day_date(key_day) for key_day in WEEKS[1:]]
    assert asked_of["until_ms"][0] == START - 7 * 24 * HOUR + 8 * HOUR


def test_when_a_sensor_was_last_heard_is_told_in_five_minutes_and_not_to_the_signal():
    sensors = health(delivered(last_ms=START + 64 * MINUTE + 59_999)).sensors
    assert sensors[0].last_ms == START + 60 * MINUTE


def test_a_counter_tells_its_last_count_and_one_that_told_nothing_is_named():
    told = {"counter": "gate-counter", "quantity": "people", "counted": 1_234, "last_ms": START + 5 * HOUR}
    other = {**told, "counter": "air", "quantity": "people"}
    lines = {line.name: line for line in said(health(delivered(), counters=[told, other])).lines}
    assert (lines["gate-counter"].state, lines["gate-counter"].since) == ("good", "1,234 until 09:00")
    assert (lines["air"].state, lines["air"].since) == ("bad", "")
    assert lines["air"].advice


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_state_says_what_to_do_once(language):
    quiet, silent = said(health(delivered(last_ms=START)), language).lines[:2]
    assert quiet.advice != silent.advice
    assert "good" not in (quiet.state, silent.state)
    both = said(health(delivered(last_ms=START), delivered("gate", last_ms=START)), language).lines
    assert [bool(line.advice) for line in both[:2]] == [True, False]


def test_where_every_sensor_is_quiet_the_sentence_points_at_what_they_share():
    figures = health(delivered(last_ms=START), delivered("gate", last_ms=START))
    assert (
        said(figures).sentences[0].startswith("None of the 2 sensors was heard within the last 10 minutes.")
    )


def test_of_many_sensors_three_are_named():
    text = TOWN_TEXT + "".join(f"  s{n}: {{place: hall, minimum_rssi: -75}}\n" for n in range(4))
    town = parse_town(text, "yamazato.yaml")
    figures = health(delivered(), town=town)
    assert said(figures, town=town).sentences == ("Not heard on this day: gate, s0, s1 and 2 more.",)


def test_the_sentences_name_the_sensors_by_what_is_wrong():
    figures = health(delivered(last_ms=START + 7 * HOUR), clocks=[clock("gate", refused=3)])
    assert said(figures).sentences == ("Clock ahead: gate.", "Quiet for more than 10 minutes: shop.")
    assert said(figures, "ja").sentences == (
        "時計が進んでいます：gate。",
        "10分を超えて静かです：shop。",
    )
    well = health(delivered(), delivered("gate"))
    assert said(well).sentences == (
        "All 2 sensors were heard within the last 10 minutes, and their clocks are right.",
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_nothing_was_heard_and_counted_the_block_is_an_empty_state(language):
    block = said(health(), language)
    assert block.empty
    assert (block.charts, block.tables, block.lines) == ((), (), ())


def test_of_a_longer_period_the_last_day_with_figures_is_told_and_named():
    store = Answers(sensors=[delivered()])
    longer = sensor_health.read(store, asked(DAY - 2, DAY + 3, days=[DAY - 2, DAY]))
    assert store.asked["sensors"]["key_day"] == day_date(DAY)
    assert said(longer).notes == (
        "This is the last day of the period that has figures: Friday 4 October 2024.",
    )
    assert said(health(delivered())).notes == ()
