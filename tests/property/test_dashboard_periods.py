"""Periods: whatever days they are, their parts are theirs and the one before is like them."""

from hypothesis import given
from hypothesis import strategies as st
from meguri_dashboard.periods import Period, asked_period
from meguri_proto.key_days import day_date

PERIODS = st.builds(
    lambda first, length: Period(first, first + length), st.integers(0, 30_000), st.integers(0, 400)
)


@given(PERIODS)
def test_an_address_asks_for_what_the_period_says(one):
    query = dict(part.split("=") for part in one.query.split("&"))
    assert asked_period(query.get("day"), query.get("from"), query.get("to")) == one


@given(PERIODS)
def test_the_spans_of_a_period_are_its_days_without_gap_or_overlap(one):
    assert [day for span in one.spans for day in span.days] == list(one.days)


@given(PERIODS)
def test_the_period_before_has_the_same_length_and_weekdays_and_ends_before(one):
    before = one.before
    assert before.length == one.length
    assert (one.first - before.first) % 7 == 0
    assert one.first - 7 <= before.last < one.first


@given(PERIODS)
def test_whole_months_begin_and_end_with_a_month_and_leave_less_than_one_at_either_end(one):
    months = one.whole_months
    if months is None:
        assert one.length < 61
    else:
        assert day_date(months.first).day == day_date(months.last + 1).day == 1
        assert one.first <= months.first <= months.last <= one.last
        assert months.first - one.first < 31
        assert one.last - months.last < 31
