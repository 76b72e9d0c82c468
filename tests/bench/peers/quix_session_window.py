"""Quix Streams: a session window for each key, closed by the time of the whole partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from job import answer, read_job
from quix_application import run
from quixstreams.dataframe.windows.aggregations import Count

if TYPE_CHECKING:
    from job import Visit
    from quixstreams.dataframe import StreamingDataFrame


def main() -> None:
    """Fold; a window ends an instant after its last detection."""
    job = read_job()
    visits: list[Visit] = []

    def keep(window: dict, key: str, _timestamp: int, _headers: object) -> None:
        device, place = key.split("/")
        visits.append((device, place, window["start"], window["end"] - 1, window["receptions"]))

    def fold(detections: StreamingDataFrame) -> StreamingDataFrame:
        sessions = detections.session_window(inactivity_gap_ms=job.gap_ms, grace_ms=job.lateness_ms)
        closed = sessions.agg(receptions=Count()).final(closing_strategy="partition")
        return closed.update(keep, metadata=True)

    seconds = run(job, fold)
    answer(seconds, visits)


if __name__ == "__main__":
    main()
