"""The agent: listens on one interface into the spool, while another thread delivers from it.

Nothing waits for ingest but the delivering thread; memory holds ten seconds of what is heard and one upload.
"""

from __future__ import annotations

import logging
import secrets
import time
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from meguri_sensors.agent_status import Status, write_status
from meguri_sensors.batches import Batcher
from meguri_sensors.day_keys import DayKey, NoKey, no_key_at
from meguri_sensors.listening import Counts, listen
from meguri_sensors.live_capture import LiveCapture, LiveCaptureError
from meguri_sensors.opt_outs import NOBODY
from meguri_sensors.spool import SpoolError
from meguri_sensors.spool_segments import SegmentDay

if TYPE_CHECKING:
    from pathlib import Path

    from meguri_proto.schema.upload_pb2 import Batch

    from meguri_sensors.delivering import Delivering
    from meguri_sensors.spool import Spool

LISTEN_S: Final = 10.0
"""After so long what was heard goes to the spool; and what is remembered of addresses is forgotten."""
LOOK_AGAIN_S: Final = 5.0
"""Between two attempts to deliver or to listen again."""

_logger = logging.getLogger(__name__)


class Agent:
    """One sensor.

    Args:
        interface: in monitor mode.
        spool: where to.
        delivering: from that spool; it is given a thread of its own.
        status_file: written after every step.
        stopping: set from outside to end the agent.

    Raises:
        LiveCaptureError: the interface cannot be listened to.
    """

    def __init__(
        self,
        interface: str,
        spool: Spool,
        delivering: Delivering,
        status_file: Path,
        stopping: Event,
    ) -> None:
        self._interface = interface
        self._capture: LiveCapture | None = LiveCapture(interface)
        self._spool = spool
        self._status_file = status_file
        self._stopping = stopping
        self._delivering = delivering
        self._something_to_do = Event()
        self._batcher = Batcher(secrets.randbits(64))
        self._counts = Counts()
        self._drops = 0
        self._days: dict[int, SegmentDay] = {}
        self._trouble: str | None = None
        self._has_failed = False
        self._dropped = spool.figures.dropped

    def run(self) -> bool:
        """Listen and deliver until it is told to stop; what is not delivered then is in the spool.

        False if it ended because a part of it failed in a way that nobody thought of.
        """
        delivering = Thread(target=self._deliver, name="meguri-delivering")
        delivering.start()
        _logger.info("Listening.", extra={"interface": self._interface})
        try:
            while not self._stopping.is_set():
                self._listen()
                self._something_to_do.set()
                self._write_status()
        finally:
            self._stopping.set()
            self._something_to_do.set()
            delivering.join()
            if self._capture:
                self._capture.close()
            self._write_status()
        return not self._has_failed

    def _listen(self) -> None:
        """Listen for ten seconds, or try to find the interface again."""
        try:
            if self._capture is None:
                self._capture = LiveCapture(self._interface)
                _logger.info("Listening again.", extra={"interface": self._interface})
            self._into_the_spool(self._capture)
            self._trouble = None
        except LiveCaptureError as error:
            self._say(str(error))
            if self._capture:
                self._capture.close()
                self._capture = None
            self._stopping.wait(LOOK_AGAIN_S)
        except SpoolError as error:
            self._say(str(error))

    def _into_the_spool(self, capture: LiveCapture) -> None:
        # Without the list of who opted out no frame is read; once it comes, another ten seconds begin.
        opt_outs = self._delivering.opt_outs
        key_at = self._key_at if opt_outs else no_key_at
        before = capture.drops

        def is_over() -> bool:
            has_come = opt_outs is None and self._delivering.opt_outs is not None
            return has_come or self._stopping.is_set()

        packets = capture.packets(LISTEN_S, is_over)
        try:
            for batch in listen(packets, key_at, self._batcher, self._counts, opt_outs or NOBODY):
                self._keep(batch)
        finally:
            self._drops += capture.drops - before
            if heard_before_it_failed := self._batcher.close():
                self._keep(heard_before_it_failed)

    def _keep(self, batch: Batch) -> None:
        self._spool.append(batch, self._days[batch.key_day])

    def _key_at(self, time_ms: int) -> DayKey | NoKey:
        day = self._delivering.keys.at(time_ms)
        if isinstance(day, DayKey):
            # Of the days that end, only the bounds are remembered: a batch is closed after its day's end.
            self._days = {number: each for number, each in self._days.items() if number >= day.key_day - 1}
            self._days[day.key_day] = SegmentDay(day.key_day, day.start_ms, day.end_ms)
        return day

    def _say(self, sentence: str) -> None:
        if self._trouble != sentence:
            _logger.error("%s", sentence)
        self._trouble = sentence

    def _deliver(self) -> None:
        while not self._stopping.is_set():
            try:
                more = self._delivering.step()
            except InterruptedError:
                return
            except Exception:
                _logger.exception("Delivering failed; the agent ends, to be started again.")
                self._has_failed = True
                self._stopping.set()
                return
            if not more:
                self._something_to_do.wait(LOOK_AGAIN_S)
                self._something_to_do.clear()

    def _write_status(self) -> None:
        figures = self._spool.figures
        if figures.dropped > self._dropped:
            _logger.warning(
                "The spool gave up the oldest of what it held.",
                extra={"detections": figures.dropped - self._dropped},
            )
        self._dropped = figures.dropped
        status = Status.of(
            now_ms=time.time_ns() // 1_000_000,
            interface=self._interface,
            counts=self._counts,
            drops=self._drops,
            spool=figures,
            delivering=self._delivering,
            keys_until_ms=self._delivering.keys.until_ms,
            trouble=self._trouble or self._delivering.trouble,
        )
        write_status(self._status_file, status)
