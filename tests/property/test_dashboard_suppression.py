"""What may be shown of counts, for any counts."""

from hypothesis import given
from hypothesis import strategies as st
from meguri_dashboard.suppression import FEWER, publish, step_of, total

STEPS = st.integers(5, 50)
COUNTS = st.integers(0, 10_000)


@given(COUNTS, COUNTS, STEPS)
def test_a_shown_count_is_a_multiple_of_the_step_at_most_half_a_step_away(count, devices, step):
    shown = publish(count, devices, step).shown
    if shown is not None:
        assert shown % step == 0
        assert shown >= step
        assert 2 * abs(shown - count) <= step


@given(COUNTS, STEPS, st.data())
def test_fewer_devices_than_a_step_are_never_told_apart_whatever_they_did(visits, step, data):
    devices = data.draw(st.integers(0, step - 1))
    assert publish(visits, devices, step) == publish(0, 0, step) == FEWER


@given(STEPS, COUNTS)
def test_one_device_more_changes_nothing_or_a_whole_step(step, count):
    before, after = (publish(n, n, step).shown or 0 for n in (count, count + 1))
    assert after - before in (0, step)


@given(st.lists(st.tuples(COUNTS, COUNTS)), STEPS)
def test_a_total_less_its_shown_cells_leaves_nothing_for_the_hidden_ones(cells, step):
    shown = [publish(count, devices, step) for count, devices in cells]
    assert (total(shown).shown or 0) - sum(cell.shown or 0 for cell in shown) == 0
    assert total([cell for cell in shown if cell is not FEWER]) == total(shown)


@given(st.integers(1, 1000))
def test_the_step_is_five_or_the_towns_k_where_that_is_greater(k):
    assert step_of(k) == max(5, k)
