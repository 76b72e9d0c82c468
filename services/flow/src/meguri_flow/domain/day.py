"""One key day of one slice of a town: its state, what it takes in and what it gives out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from meguri_flow.domain import closing, hearing, open_visits
from meguri_flow.domain.day_rules import BIN_MS
from meguri_flow.domain.deliveries import Sequences
from meguri_flow.domain.holding import NOTHING_LATE, Hold
from meguri_flow.domain.latest_visits import LatestVisits
from meguri_flow.domain.marking import Dwell
from meguri_flow.domain.rows import CompleteDay, Rows, marked_rows, move_rows, presence_rows, visit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from meguri_flow.domain.day_rules import DayRules
    from meguri_flow.domain.hearing import Columns, Steps

ACTIVE_MS = 5 * 60_000
"""A device heard within this time is active."""
SEALED_AFTER_MS = 24 * 3_600_000
"""So long after its end, in town time, a key day is over: nothing is taken in any more."""
TURN_MS = 15 * 60_000
"""Of town time: how often what came late is asked to be folded in."""
UNKNOWN_OFFSET = -1
"""Of a day that an older Meguri opened: it cannot be folded again."""


def _new_clock() -> NDArray[np.int64]:
    clock = np.zeros(hearing.CLOCK_SIZE, np.int64)
    clock[[hearing.GREATEST, hearing.WATERMARK, hearing.TICKED]] = hearing.NEVER
    return clock


def new_health(rules: DayRules) -> hearing.Health:
    """Sensor health of a day in which nothing was heard yet."""
    shape = (len(rules.sensors), rules.bins)
    return hearing.Health(
        np.zeros((*shape, 5), np.uint32),
        np.zeros(shape, np.int64),
        np.full(shape, hearing.NEVER, np.int64),
        np.zeros(shape, np.bool_),
    )


@dataclass
class Day:
    """The state of a (town, key day, slice): a function of the messages folded so far and of nothing else."""

    rules: DayRules
    first_offset: int
    """Of the rules that opened it: a second fold begins here."""
    generation: int = 0
    """Of its rows: the offset at which the second fold was asked for that this is, or 0 for the first."""
    asked: int = 0
    """The generation asked for last: if beyond `generation`, a second fold is to take this one's place."""
    turned_ms: int = hearing.NEVER
    """The tick at which it was last asked whether anything had come late."""
    is_over: bool = False
    """Nothing is taken in any more; it is sealed when no second fold is to come."""
    lost: int = 0
    """Messages of the partition that the log no longer held when they were to be folded."""
    visits: int = 0
    """How many were closed."""
    table: NDArray[np.void] = field(default_factory=open_visits.new_table)
    sizes: NDArray[np.int64] = field(default_factory=open_visits.new_sizes)
    latest: LatestVisits = field(default_factory=LatestVisits)
    dwell: Dwell = field(default_factory=Dwell)
    clock: NDArray[np.int64] = field(default_factory=_new_clock)
    health: hearing.Health = field(init=False)
    closed_presence: NDArray[np.uint32] = field(init=False)
    """(places, bins) closed visits that overlap each bin whose row has not been emitted."""
    from_bin: int = 0
    """The first bin whose presence has not been emitted."""
    sequences: dict[tuple[int, int], Sequences] = field(default_factory=dict)
    """The deliveries folded, by sensor index and boot."""
    late_offsets: NDArray[np.int64] = field(init=False)
    """(bins,) the last message that brought something of each bin late, or NOTHING_LATE."""
    hold: Hold | None = None
    """Of a second fold."""
    held_until_ms: int = hearing.NOT_HELD
    """The least time that may still come late into a second fold."""
    pending: Rows = field(default_factory=Rows)
    """Rows of sweeps that made room in the table, before they are asked for."""
    changed: bool = True
    """Since the day's row was last emitted."""

    def __post_init__(self) -> None:
        """Make the parts whose size the rules give."""
        self.health = new_health(self.rules)
        self.closed_presence = np.zeros((len(self.rules.places), self.rules.bins), np.uint32)
        self.late_offsets = np.full(self.rules.bins, NOTHING_LATE)

    def for_refold(self) -> Day:
        """An empty day for the second fold that was asked for."""
        return Day(
            self.rules,
            self.first_offset,
            generation=self.asked,
            asked=self.asked,
            lost=self.lost,
            hold=Hold(self.late_offsets, self.rules.start_ms, self.asked),
            held_until_ms=self.rules.start_ms,
        )

    @property
    def town_time_ms(self) -> int:
        """The greatest time seen, of detections and ticks."""
        return int(self.clock[hearing.GREATEST])

    @property
    def watermark_ms(self) -> int:
        """No detection before it is folded any more."""
        return min(int(self.clock[hearing.WATERMARK]), self.held_until_ms)

    @property
    def is_complete(self) -> bool:
        """Whether the watermark has passed the day's end: every visit is closed."""
        return self.watermark_ms >= self.rules.end_ms

    def turns_at(self, town_time_ms: int) -> bool:
        """Whether `turn` is to be called at this tick, everything up to it being folded."""
        rules = self.rules
        closes = town_time_ms - rules.lateness_ms >= rules.end_ms > self.turned_ms - rules.lateness_ms
        ends = town_time_ms >= rules.end_ms + SEALED_AFTER_MS
        return not self.is_over and (closes or ends or town_time_ms >= self.turned_ms + TURN_MS)

    def turn(self, offset: int, town_time_ms: int) -> None:
        """Ask for a second fold if anything came late since the last one, and end when it is time.

        Args:
            offset: of the tick that says so.
            town_time_ms: what it says.
        """
        self.turned_ms = town_time_ms
        if self.clock[hearing.LATE_SINCE]:
            self.ask(offset)
        self.is_over = town_time_ms >= self.rules.end_ms + SEALED_AFTER_MS

    def ask(self, offset: int) -> None:
        """Ask for a second fold of everything below an offset."""
        if self.first_offset != UNKNOWN_OFFSET:
            self.asked = offset
            self.clock[hearing.LATE_SINCE] = 0

    def lose(self, messages: int) -> None:
        """Take note of messages that nobody can fold any more, and that may have been this day's."""
        self.lost += messages
        self.changed = True

    def held_ms(self, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """(offsets,) the times from which on messages are folded though they are late. Milliseconds."""
        return np.full(offsets.size, hearing.NOT_HELD) if self.hold is None else self.hold.at(offsets)

    def takes(self, sensor: int, boot: int, first: int, last: int) -> bool:
        """Remember deliveries by sequence; False, and none is remembered, if any was folded before."""
        known = self.sequences.get((sensor, boot))
        if known is None:
            known = self.sequences[sensor, boot] = Sequences()
        return known.add(first, last)

    def count_duplicates(self, sensor: int, base_ms: int, count: int) -> None:
        """Count a delivery that was folded before, at the time of its first detection."""
        self._count(sensor, base_ms, hearing.DUPLICATES, count)

    def count_refused(self, sensor: int, town_time_ms: int, count: int, lead_ms: int) -> None:
        """Count detections that ingest refused because they were ahead of town time by up to `lead_ms`."""
        bin_ = self._count(sensor, town_time_ms, hearing.REFUSED, count)
        self.health.lead_ms[sensor, bin_] = max(self.health.lead_ms[sensor, bin_], lead_ms)

    def fold(self, steps: Steps, columns: Columns) -> None:
        """Fold deliveries and ticks, in their order."""
        rules = self.rules
        position = np.zeros(3, np.int64)
        while not hearing.fold(
            steps,
            columns,
            rules.sensor_place,
            rules.sensor_minimum_rssi,
            (rules.start_ms, rules.end_ms, rules.gap_ms, rules.lateness_ms),
            self.table,
            self.sizes,
            self.clock,
            self.health,
            self.late_offsets,
            position,
        ):
            self._hold_at(steps.message[position[0]])
            self._sweep(self.pending)
            self.table, self.sizes = open_visits.rebuilt(self.table)
        self._hold_at(steps.message[-1] + 1)
        self.changed = True

    def take_certain_rows(self, next_offset: int, rows: Rows) -> None:
        """Add the rows that became certain or changed since the last call, all but the one of `days`.

        Args:
            next_offset: where the log's prefix ends of which this state is a function; the version of
                rows that are overwritten as the day goes on.
            rows: where to.
        """
        pending, self.pending = self.pending, Rows()
        rows.extend(pending)
        self._sweep(rows)
        self._health_rows(next_offset, rows)

    def take_rows(self, next_offset: int, rows: Rows) -> None:
        """As `take_certain_rows`, and the row of `days`: its readers see all of this generation."""
        self.take_certain_rows(next_offset, rows)
        if self.changed:
            self._day_row(next_offset, rows)
            self.changed = False

    def active(self) -> dict[str, int]:
        """Devices heard within the last five minutes of town time, by place."""
        counts = closing.count_active(self.table, self.town_time_ms - ACTIVE_MS, len(self.rules.places))
        return dict(zip(self.rules.places, counts.tolist(), strict=True))

    def last_heard_ms(self) -> dict[str, int]:
        """The greatest time at which each sensor heard anything; sensors that heard nothing are absent."""
        greatest = self.health.last_ms.max(axis=1, initial=0)
        return {name: int(ms) for name, ms in zip(self.rules.sensors, greatest, strict=True) if ms}

    def _hold_at(self, offset: int) -> None:
        """Let the watermark pass what messages from this offset on cannot bring late."""
        if self.hold is not None:
            self.held_until_ms = int(self.hold.at(np.array([offset]))[0])

    def _count(self, sensor: int, time_ms: int, what: int, count: int) -> int:
        """Count something that did not come through the kernel; the bin in which it stands."""
        bin_ = min(max((time_ms - self.rules.start_ms) // BIN_MS, 0), self.rules.bins - 1)
        self.health.counts[sensor, bin_, what] += np.uint32(count)
        self.health.changed[sensor, bin_] = True
        self.changed = True
        return bin_

    def _sweep(self, rows: Rows) -> None:
        rules = self.rules
        swept = closing.sweep(
            self.table,
            self.sizes,
            self.latest,
            self.watermark_ms,
            rules.bounds,
            self.from_bin,
            self.closed_presence,
        )
        self.visits += len(swept.closed)
        visit_rows(rules, self.generation, swept, rows)
        marked_rows(rules, self.generation, self.dwell.take_in(swept.closed, rules), rows)
        move_rows(rules, self.generation, swept.moves, rows)
        presence_rows(rules, self.generation, self.from_bin, swept.presence, rows)
        self.from_bin += swept.presence.shape[1]

    def _health_rows(self, next_offset: int, rows: Rows) -> None:
        rules = self.rules
        sensor, bin_ = np.nonzero(self.health.changed)
        counts = self.health.counts[sensor, bin_]
        lead_ms = self.health.lead_ms[sensor, bin_]
        rows.add(
            "sensor_health",
            len(sensor),
            town=rules.town,
            key_day=np.int32(rules.key_day),
            slice=np.uint8(rules.slice),
            generation=self.generation,
            sensor=np.array(rules.sensors, object)[sensor],
            bin_ms=rules.start_ms + bin_.astype(np.int64) * BIN_MS,
            detections=counts[:, hearing.DETECTIONS],
            weak=counts[:, hearing.WEAK],
            late=counts[:, hearing.LATE],
            duplicates=counts[:, hearing.DUPLICATES],
            last_ms=self.health.last_ms[sensor, bin_],
            refused=counts[:, hearing.REFUSED],
            lead_ms=np.where(lead_ms == hearing.NEVER, 0, lead_ms),
            version=next_offset,
        )
        self.health.changed[:] = False

    def _day_row(self, next_offset: int, rows: Rows) -> None:
        rules = self.rules
        totals = self.health.counts.sum(axis=(0, 1), dtype=np.int64)
        rows.add(
            "days",
            1,
            town=rules.town,
            key_day=np.int32(rules.key_day),
            slice=np.uint8(rules.slice),
            generation=self.generation,
            rule_version=rules.version,
            watermark_ms=max(self.watermark_ms, 0),
            town_time_ms=max(self.town_time_ms, 0),
            detections=int(totals[hearing.DETECTIONS]),
            late=int(totals[hearing.LATE]),
            duplicates=int(totals[hearing.DUPLICATES]),
            complete=int(self.is_complete),
            lost=self.lost,
            visits=self.visits,
            version=next_offset,
        )
        if self.is_complete:
            rows.complete.append(CompleteDay(*rules.key, self.generation, rules.start_ms, next_offset))
