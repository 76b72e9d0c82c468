"""When a checkpoint is due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meguri_flow.stream.pace import LONGEST_SECONDS, MOST_BYTES, SHORTEST_SECONDS, CheckpointPace


def pace(took=0.0, ended=100.0, folded=None):
    """The pace after a checkpoint, and what was folded since."""
    made = CheckpointPace()
    made.wrote(ended - took, ended)
    if folded is not None:
        made.folded(folded, 1)
    return made


def due_at(made, *, quiet, since=100.0):
    """Seconds after which the checkpoint is due, to a hundredth; None if it is not within a minute."""
    return next((n / 100 for n in range(6_000) if made.is_due(since + n / 100, quiet=quiet)), None)


def test_nothing_folded_is_nothing_to_write():
    assert due_at(pace(), quiet=True) is None
    assert due_at(pace(), quiet=False) is None


def test_when_nothing_more_comes_it_is_written_at_once():
    assert pace(ended=0.0, folded=100.0).is_due(100.0, quiet=True)


def test_a_worker_that_never_wrote_writes_at_once_when_nothing_more_comes():
    made = CheckpointPace()
    made.folded(5.0, 1)
    assert made.is_due(5.0, quiet=True)


def test_two_checkpoints_are_never_closer_than_the_shortest_pause():
    assert due_at(pace(folded=100.0), quiet=True) == SHORTEST_SECONDS


def test_clickhouse_rests_as_long_as_it_wrote_even_when_nothing_more_comes():
    assert due_at(pace(took=3.0, folded=100.0), quiet=True) == 3.0


@pytest.mark.parametrize(("took", "pause"), [(0.01, SHORTEST_SECONDS), (0.5, 5.0), (4.0, LONGEST_SECONDS)])
def test_while_messages_come_writing_takes_a_tenth_of_the_time_within_bounds(took, pause):
    assert due_at(pace(took=took, folded=100.0), quiet=False) == pause


def test_the_first_messages_after_a_silence_wait_for_those_that_follow_them():
    made = pace(ended=0.0, folded=100.0)
    made.folded(100.5, 1)
    assert due_at(made, quiet=False) == SHORTEST_SECONDS


@given(took=st.floats(0, 1e4), ended=st.floats(0, 1e6), folded=st.floats(0, 1e6), quiet=st.booleans())
def test_nothing_waits_longer_than_the_longest_pause(took, ended, folded, quiet):
    made = pace(took, ended, max(ended, folded))
    assert made.is_due(max(ended, folded) + LONGEST_SECONDS, quiet=quiet)


def test_what_memory_is_to_hold_is_bounded_whatever_the_time():
    made = pace(took=4.0)
    made.folded(100.0, MOST_BYTES - 1)
    assert not made.is_due(100.0, quiet=False)
    made.folded(100.0, 1)
    assert made.is_due(100.0, quiet=False)
    made.took()
    made.wrote(100.0, 100.1)
    made.folded(100.1, 1)
    assert not made.is_due(100.1, quiet=False)
