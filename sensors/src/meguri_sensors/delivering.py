"""The half of the agent that speaks with ingest: keys and opt-outs in advance, and what the spool holds."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Final

from meguri_proto.reasons import RejectReason

from meguri_sensors.day_keys import KeysAhead
from meguri_sensors.service import UplinkError
from meguri_sensors.spool import SpoolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meguri_sensors.opt_outs import OptOuts
    from meguri_sensors.spool import CountsOfADay, Delivery, Spool
    from meguri_sensors.uplink import Uplink, UploadAnswer

REFRESH_EVERY_MS: Final = 3_600_000
"""How often keys and opt-outs are asked for; so old is what a sensor knows of who opted out, while it can
reach ingest."""
_COUNTS_AT_ONCE: Final = 200

_logger = logging.getLogger(__name__)


class Delivering:
    """Delivers what the spool holds, oldest first, one upload at a time.

    Args:
        uplink: to ingest; it repeats what cannot be answered now.
        spool: where from.
        now_ms: the clock, epoch milliseconds.
    """

    def __init__(self, uplink: Uplink, spool: Spool, now_ms: Callable[[], int]) -> None:
        self._uplink = uplink
        self._spool = spool
        self._now_ms = now_ms
        self._refreshed_ms: int | None = None
        self.keys = KeysAhead(uplink.keys)
        self.opt_outs: OptOuts | None = None
        """The list as it was read last; before it was, no frame is to be read."""
        self.accepted = 0
        """Detections that ingest has in its log, since the start."""
        self.rejected: Counter[str] = Counter()
        """Detections and counts that ingest will never take, by reason, since the start."""
        self.last_answer_ms: int | None = None
        self.trouble: str | None = None
        """What keeps it from delivering, as a sentence."""

    def step(self) -> bool:
        """Refresh what is due, seal what is over, and deliver one upload; False if nothing is left to do now.

        What fails is logged once and said by `trouble` until it works again.

        Raises:
            InterruptedError: as the uplink's sleep did.
        """
        now_ms = self._now_ms()
        self.keys.forget(now_ms)
        try:
            self._spool.seal(now_ms)
            if self._refreshed_ms is None or now_ms - self._refreshed_ms >= REFRESH_EVERY_MS:
                self._refresh(now_ms)
            more = self._deliver() or self._tell_counts()
        except InterruptedError:  # whoever waits for ingest is told to stop
            raise
        except (UplinkError, SpoolError, OSError) as error:
            if self.trouble is None:
                _logger.warning("Nothing can be delivered for now; it is kept in the spool. %s", error)
            self.trouble = str(error)
            return False
        if self.trouble is not None:
            _logger.info("Delivering again.", extra={"detections": self._spool.figures.waiting})
            self.trouble = None
        self.last_answer_ms = now_ms if more else self.last_answer_ms
        return more

    def _refresh(self, now_ms: int) -> None:
        opt_outs = self._uplink.opt_outs()
        self.keys.refresh(now_ms)
        if self.opt_outs is None:
            _logger.info("The keys and the opt-out list are here: what is heard is kept from now on.")
        self.opt_outs = opt_outs
        self._refreshed_ms = self.last_answer_ms = now_ms

    def _deliver(self) -> bool:
        delivery = self._spool.next_delivery()
        if delivery is None:
            return False
        if delivery.batches:
            answer = self._uplink.upload(delivery.batches, recording=False)
            self.accepted += answer.accepted
            self._settle(delivery, answer)
        self._spool.acknowledge(delivery)
        return True

    def _settle(self, delivery: Delivery, answer: UploadAnswer) -> None:
        """Do what the rejections ask for: the detections of a sealed day are told as counts."""
        rejected: Counter[str] = Counter()
        for each in answer.rejected:
            if each.reason == RejectReason.DAY_SEALED:
                number = int(each.item.partition("[")[2].partition("]")[0])
                self._spool.seal_day(delivery.batches[number].key_day)
            else:
                rejected[each.reason] += each.detections
        if RejectReason.KEY_OUT_OF_STEP in rejected:
            self._refreshed_ms = None
        self._log_rejected(rejected)

    def _tell_counts(self) -> bool:
        told = self._spool.next_counts()
        if told is None:
            return False
        rejected = self._tell(told)
        self._spool.counts_told(told)
        _logger.info(
            "A day that was over when it could be delivered was told as counts.",
            extra={"counts": len(told.counts)},
        )
        self._log_rejected(rejected)
        return True

    def _tell(self, told: CountsOfADay) -> Mapping[str, int]:
        rejected: Counter[str] = Counter()
        for first in range(0, len(told.counts), _COUNTS_AT_ONCE):
            answer = self._uplink.counts(told.counts[first : first + _COUNTS_AT_ONCE])
            rejected.update(reason for reason, _ in answer.rejected)
        return rejected

    def _log_rejected(self, rejected: Mapping[str, int]) -> None:
        self.rejected.update(rejected)
        for reason, number in rejected.items():
            _logger.warning(
                "Ingest did not accept a part, and will not.", extra={"reason": reason, "detections": number}
            )
