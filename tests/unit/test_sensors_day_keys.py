"""Which key an instant has, and how seldom ingest is asked."""

from meguri_sensors.day_keys import NOT_HANDED_OUT, DayKey, DayKeys, KeysAnswer, NoKey

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
