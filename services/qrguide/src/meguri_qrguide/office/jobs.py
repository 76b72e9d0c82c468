"""Work that takes longer than a page may: one after the other in a thread, with how far it is."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from meguri_qrguide.content.problems import ContentError
from meguri_qrguide.office.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from meguri_qrguide.content.problems import Problem

    Work = Callable[["Job"], None]

MOST_KEPT = 100
"""Jobs whose end can still be asked for."""

logger = logging.getLogger(__name__)


class JobState(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass
class Job:
    """One piece of work; written by its thread, read by pages."""

    id: str
    town: str
    what: str
    """The key of the sentence that says what is done."""
    back: str
    """The address of the page that asked for it."""
    state: JobState = JobState.WAITING
    share: float = 0.0
    """Done, from 0 to 1."""
    refusal: RefusedError | None = None
    """Why it failed, if by what it was given."""
    problems: tuple[Problem, ...] = field(default=())
    """What would have been wrong with the guide."""
    is_to_stop: threading.Event = field(default_factory=threading.Event, repr=False)
    """Set when the office closes."""

    def tell(self, share: float) -> None:
        """Note how far the work is; called by it, often.

        Raises:
            RefusedError: the office closes, and the work is to end.
        """
        if self.is_to_stop.is_set():
            raise RefusedError("refused_no_job")
        self.share = share

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in (JobState.DONE, JobState.FAILED)


class Jobs:
    """Runs work. One at a time, since each would use every core of a small machine."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._is_to_stop = threading.Event()

    def start(self, town: str, what: str, back: str, work: Work) -> Job:
        """Put the work in line. It tells the job how far it is, and says by RefusedError why it cannot."""
        job = Job(secrets.token_urlsafe(12), town, what, back, is_to_stop=self._is_to_stop)
        with self._lock:
            self._jobs[job.id] = job
            while len(self._jobs) > MOST_KEPT:
                self._jobs.popitem(last=False)
            if self._threads is None:
                self._threads = ThreadPoolExecutor(1, thread_name_prefix="office")
            self._threads.submit(_run, job, work)
        return job

    def get(self, job_id: str) -> Job | None:
        """The job; None if it never was, or is long over."""
        with self._lock:
            return self._jobs.get(job_id)

    def close(self) -> None:
        """End what runs, at its next word, and drop what waits; drafts stay as they were."""
        self._is_to_stop.set()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)


def _run(job: Job, work: Work) -> None:
    job.state = JobState.RUNNING
    try:
        work(job)
    except RefusedError as error:
        job.refusal, job.state = error, JobState.FAILED
    except ContentError as error:
        job.problems, job.state = error.problems, JobState.FAILED
    except Exception:
        logger.exception("a job of the office failed: %s of %s", job.what, job.town)
        job.refusal, job.state = RefusedError("refused_unforeseen"), JobState.FAILED
    else:
        job.share, job.state = 1.0, JobState.DONE
