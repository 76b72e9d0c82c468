"""Hypothesis strategies: messages of one day in every order that matters, and where reads end."""

from hypothesis import strategies as st
from reference.fold import Delivery, Detection, Message
from reference.log import DAY, MINUTE, START

# Time goes on by steps that meet the bounds exactly (lateness 4, bin 5, gap 10 minutes) and detections lie
# around it, so that what is late, bridged, cut and closed occurs in most examples.
steps = st.sampled_from([0, 1, 4, 5, 6, 10, 11, 15]).map(lambda minutes: minutes * MINUTE)
jitters = st.sampled_from([-10, -5, -4, -1, 0, 0, 0, 1]).map(lambda minutes: minutes * MINUTE)


@st.composite
def streams(draw):
    """Messages of one day whose times go on while single detections lie before or ahead."""
    now, found = START + draw(steps), []
    for _ in range(draw(st.integers(0, 14))):
        now = min(now + draw(steps), DAY.end_ms - 1)
        if draw(st.integers(0, 5)) == 0:
            found.append(Message(tick_ms=now))
        else:
            found.append(Message(tuple(draw(delivery(now)) for _ in range(draw(st.integers(1, 2))))))
    return found


@st.composite
def delivery(draw, now):
    times = [max(START, min(now + draw(jitters), DAY.end_ms - 1)) for _ in range(draw(st.integers(1, 4)))]
    return Delivery(
        draw(st.sampled_from("abc")),
        draw(st.integers(1, 2)),
        draw(st.integers(0, 9)),
        tuple(
            Detection(
                time,
                draw(st.integers(1, 2)),
                draw(st.sampled_from([-128, -75, -50, -50])),
                draw(st.sampled_from([False, False, False, True])),
            )
            for time in times
        ),
    )


every_cut = st.one_of(st.just(frozenset(range(20))), st.frozensets(st.integers(1, 14)))
