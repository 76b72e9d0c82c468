"""Which key an instant has, and how seldom ingest is asked."""

from dataclasses import replace

import pytest
from meguri_sensors.day_keys import NOT_HANDED_OUT, DayKey, DayKeys, KeysAhead, KeysAnswer, NoKey
from meguri_sensors.service import UplinkError

HOUR = 3_600_000
DAY = 24 * HOUR


class Ingest:
    """Answers for days of 24 hours from 0; `gone` have no key."""

    def __init__(self, gone=()):
        self.gone = gone
        self.asked = []

    def __call__(self, from_ms, to_ms):
        self.asked.append((from_ms, to_ms))
        days = range(from_ms // DAY, (to_ms - 1) // DAY + 1)
        keys = [DayKey(day, day * DAY, (day + 1) * DAY, bytes([day])) for day in days if day not in self.gone]
        return KeysAnswer(
            "town", 1, 2, tuple(keys), tuple((day, "destroyed") for day in days if day in self.gone)
        )


def test_a_day_is_asked_for_once():
    ingest = Ingest()
    keys = DayKeys(ingest)
    assert keys.at(5 * HOUR).key_day == 0
    assert keys.at(23 * HOUR) is keys.at(0)
    assert keys.at(25 * HOUR).key_day == 1
    assert ingest.asked == [(5 * HOUR, 29 * HOUR)]


def test_the_last_instant_of_a_day_has_its_key_and_the_next_one_the_next_days():
    keys = DayKeys(Ingest())
    assert keys.at(DAY - 1).key_day == 0
    assert keys.at(DAY).key_day == 1


def test_a_day_without_a_key_says_why_and_ends_where_a_day_with_a_key_begins():
    ingest = Ingest(gone=(0,))
    keys = DayKeys(ingest)
    assert keys.at(5 * HOUR) == NoKey(5 * HOUR, DAY, "destroyed")
    assert keys.at(DAY - 1) == NoKey(5 * HOUR, DAY, "destroyed")
    assert keys.at(DAY).key_day == 1
    assert len(ingest.asked) == 1


def test_an_answer_that_names_neither_a_key_nor_a_reason_is_a_day_not_handed_out():
    keys = DayKeys(lambda *_: KeysAnswer("town", 1, 2, (), ()))
    assert keys.at(5) == NoKey(5, 5 + DAY, NOT_HANDED_OUT)


def test_a_key_that_ended_long_ago_is_forgotten():
    ingest = Ingest()
    keys = DayKeys(ingest)
    keys.at(0)
    keys.at(3 * DAY)
    assert keys.at(0).key_day == 0
    assert [asked for asked, _ in ingest.asked] == [0, 3 * DAY, 0]


def test_the_towns_rules_come_with_the_first_answer():
    ingest = Ingest()
    keys = DayKeys(ingest)
    assert keys.rules_at(5).gap_ms == 1
    assert keys.rules_at(99 * DAY).lateness_ms == 2
    assert len(ingest.asked) == 1


class Ahead(Ingest):
    """As ingest hands keys out ahead; `replaced` days have got another key."""

    def __init__(self):
        super().__init__()
        self.replaced = ()

    def __call__(self, from_ms, to_ms):
        answer = super().__call__(from_ms, to_ms)
        keys = [replace(key, key=b"new") if key.key_day in self.replaced else key for key in answer.keys]
        return replace(answer, keys=tuple(keys))


def test_keys_of_eight_days_are_asked_for_and_looked_up_without_asking():
    ingest = Ahead()
    keys = KeysAhead(ingest)
    assert keys.until_ms is None
    assert keys.at(5) == NoKey(5, 1_005, NOT_HANDED_OUT)
    keys.refresh(5 * HOUR)
    assert [keys.at(day * DAY + 5 * HOUR).key_day for day in range(9)] == list(range(9))
    assert keys.until_ms == 9 * DAY
    assert ingest.asked == [(5 * HOUR, 5 * HOUR + 8 * DAY)]


def test_keys_that_stay_are_the_same_objects_and_those_that_were_replaced_are_not():
    ingest = Ahead()
    keys = KeysAhead(ingest)
    keys.refresh(0)
    before = [keys.at(0), keys.at(DAY)]
    ingest.replaced = (1,)
    keys.refresh(HOUR)
    assert keys.at(0) is before[0]
    assert keys.at(DAY).key == b"new"


def test_a_question_that_fails_leaves_the_keys_as_they_were():
    ingest = Ahead()
    keys = KeysAhead(ingest)
    keys.refresh(0)

    def fail(*_):
        raise UplinkError("Nobody is there.")

    keys._ask = fail
    with pytest.raises(UplinkError, match="Nobody is there"):
        keys.refresh(HOUR)
    assert keys.at(0).key_day == 0


def test_a_days_key_stays_15_minutes_after_its_end_and_is_forgotten_then():
    keys = KeysAhead(Ahead())
    keys.refresh(0)
    keys.refresh(DAY + 1)
    keys.forget(DAY + HOUR // 4 - 1)
    assert keys.at(0).key_day == 0
    keys.forget(DAY + HOUR // 4)
    assert isinstance(keys.at(0), NoKey)
    assert keys.at(DAY).key_day == 1
