"""Quix Streams: a function with a state for each key, which makes the visits by hand.

A key's state is seen only when a message of that key comes, so it cannot say that a visit has closed:
with every detection it says how the key's visits stand, and its last word counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from job import answer, read_job
from key_visits import hear
from quix_application import run

if TYPE_CHECKING:
    from key_visits import KeyVisit
    from quixstreams import State
    from quixstreams.dataframe import StreamingDataFrame


def main() -> None:
    """Fold."""
    job = read_job()
    said: dict[str, list[KeyVisit]] = {}

    def fold_one(detection: dict, state: State) -> list[KeyVisit]:
        visits = state.get("visits", default=[])
        hear(visits, detection["time_ms"], job.gap_ms)
        state.set("visits", visits)
        return visits

    def keep(visits: list[KeyVisit], key: str, _timestamp: int, _headers: object) -> None:
        said[key] = visits

    def fold(detections: StreamingDataFrame) -> None:
        detections.apply(fold_one, stateful=True).update(keep, metadata=True)

    seconds = run(job, fold)
    answer(seconds, [(*key.split("/"), *visit) for key, visits in said.items() for visit in visits])


if __name__ == "__main__":
    main()
