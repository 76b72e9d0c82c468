"""Which slot a snapshot goes to: in turn, and past all slots of before once days were sealed."""

from itertools import pairwise

import pytest
from meguri_flow.stream.snapshots import slots_after


def reached(*sealed):
    """The slot after checkpoints that seal so many days each."""
    slot = None
    for days in sealed:
        slot = slots_after(slot, days)[0]
    return slot


def test_snapshots_go_to_two_slots_in_turn():
    assert [reached(*[0] * count) for count in range(1, 5)] == [0, 1, 0, 1]


@pytest.mark.parametrize("before", [(), (0,), (0, 0), (1,), (1, 0)])
def test_a_snapshot_that_seals_goes_to_both_slots_of_a_pair_above_all_of_before(before):
    slots = slots_after(reached(*before), 1)
    assert slots[0] % 2 == 0
    assert slots[1] == slots[0] + 1
    assert slots[0] > (reached(*before) or 0)


def test_how_sealings_are_grouped_into_checkpoints_does_not_change_the_pair_that_is_reached():
    groupings = [(0, 3), (0, 1, 2), (1, 0, 1, 1), (0, 1, 0, 0, 1, 1, 0)]
    pairs = {reached(*grouping) // 2 for grouping in groupings}
    assert pairs == {3}


def test_the_slot_of_a_state_with_more_days_sealed_is_never_below_one_with_fewer():
    slots = [reached(*[1] * sealed, 0) for sealed in range(5)]
    assert all(before // 2 < after // 2 for before, after in pairwise(slots))
