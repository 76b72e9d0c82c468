"""What may be shown of sums and means, for any contributions."""

from hypothesis import assume, given
from hypothesis import strategies as st
from meguri_dashboard.amounts import grain, publish_stars, publish_sum
from meguri_dashboard.suppression import FEWER

LEAST = st.sampled_from([1, 60, 1_000])
STEPS = st.integers(5, 20)
YEN = st.integers(1, 300_000)


def shown(contributions, step, least):
    return publish_sum(
        sum(contributions), len(contributions), max(contributions, default=0), step, least
    ).shown


@given(st.lists(YEN, max_size=40), STEPS, LEAST)
def test_a_shown_sum_is_a_multiple_of_a_grain_that_no_contribution_exceeds_and_at_most_half_of_it_away(
    contributions, step, least
):
    found = shown(contributions, step, least)
    if found is None:
        assert len(contributions) < step
    else:
        size = grain(least, max(contributions))
        assert size >= max(*contributions, least)
        assert found % size == 0
        assert 2 * abs(found - sum(contributions)) <= size


@given(st.lists(YEN, max_size=19), STEPS, LEAST)
def test_sums_of_fewer_contributions_than_a_step_are_never_told_apart(contributions, step, least):
    assume(len(contributions) < step)
    found = publish_sum(sum(contributions), len(contributions), max(contributions, default=0), step, least)
    assert found == publish_sum(0, 0, 0, step, least) == FEWER


@given(st.lists(YEN, min_size=5, max_size=40), st.data())
def test_who_knows_all_others_finds_for_each_contribution_another_that_is_half_of_it_away(
    contributions, data
):
    """Of the contributions that are not the greatest: theirs leaves the grain where it is."""
    chosen = data.draw(st.integers(0, len(contributions) - 1))
    one, others = contributions[chosen], contributions[:chosen] + contributions[chosen + 1 :]
    assume(one < max(others))
    far = -(-one // 2)
    assume(one + far <= max(others))
    same = [amount for amount in (one - far, one + far) if amount >= 0]
    assert shown(contributions, 5, 1_000) in [shown([*others, amount], 5, 1_000) for amount in same]


@given(st.lists(st.lists(YEN, max_size=12), min_size=2, max_size=14), LEAST)
def test_a_whole_less_its_shown_parts_leaves_a_hidden_contribution_at_least_as_uncertain_as_it_is_great(
    parts, least
):
    """The day less its shown hours: what is left for the hidden ones is a range, as wide as all grains."""
    everything = [amount for part in parts for amount in part]
    hidden = [amount for part in parts if len(part) < 5 for amount in part]
    assume(len(everything) >= 5 and hidden)
    left = shown(everything, 5, least) - sum(shown(part, 5, least) for part in parts if len(part) >= 5)
    width = grain(least, max(everything)) + sum(grain(least, max(part)) for part in parts if len(part) >= 5)
    assert width >= max(hidden)
    assert 2 * abs(left - sum(hidden)) <= width


@given(st.lists(st.integers(1, 5), min_size=5, max_size=200), st.integers(1, 5), STEPS)
def test_one_more_rating_moves_a_shown_mean_by_no_more_than_a_grain(ratings, one, step):
    def mean(of):
        return publish_stars(sum(of), len(of), len(of), 1, step).shown

    before, after = mean(ratings), mean([*ratings, one])
    assert (before is None) == (len(ratings) < step)
    if before is not None:
        assert abs(after - before) <= grain(1, -(-40 // len(ratings)))
        assert abs(before - 10 * sum(ratings) / len(ratings)) <= grain(1, -(-40 // len(ratings))) / 2 + 0.5


@given(st.integers(1, 4), st.integers(5, 50))
def test_a_mean_that_one_walk_could_move_by_more_than_a_star_is_not_shown(most, walks):
    ratings = walks - 1 + most
    found = publish_stars(3 * ratings, ratings, walks, most, 5)
    assert (found == FEWER) == (40 * most > 10 * ratings)
