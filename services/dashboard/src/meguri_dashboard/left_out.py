"""Devices that are no visitors': how many a page leaves out, and by which rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguri_proto.by_day import BY_DAY_MS

from meguri_dashboard.days import folds_of, whole
from meguri_dashboard.suppression import Count, publish

if TYPE_CHECKING:
    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Asked
    from meguri_dashboard.wording import Wording


def read_left_out(store: Store, asked: Asked) -> Count | None:
    """How many devices the period leaves out, on the day with the most; None in a town without a rule.

    Raises:
        StoreError: see `Store.query`.
    """
    if not (asked.town.staff_ms or asked.town.equipment_ms):
        return None
    params = {**asked.of_period(), "folds": folds_of(asked.complete)}
    rows = store.query("meguri_dashboard/left_out", params) if asked.complete else []
    for day in asked.running:
        rows += store.query("meguri_dashboard/left_out_running", asked.of_day(day))
    most = max((whole(row["devices"]) for row in rows), default=0)
    return publish(most, most, asked.step)


def left_out_note(asked: Asked, left_out: Count | None, words: Wording) -> tuple[str, ...]:
    """How many are left out, in the language of `words`."""
    if left_out is None:
        return ()
    key = "left_out.of_day" if asked.period.is_day else "left_out.of_period"
    return (words.text(key, count=words.count(left_out)),)


def left_out_definition(asked: Asked, words: Wording) -> tuple[str, ...]:
    """Which devices are left out, in the language of `words`."""
    town, start_ms = asked.town, asked.bounds_ms[0]
    from_ms, to_ms = (start_ms + ms for ms in BY_DAY_MS)
    staff = words.text(
        "left_out.staff",
        dwell=words.duration(town.staff_ms),
        begin=words.clock(from_ms),
        end=words.clock(to_ms),
    )
    equipment = words.text("left_out.equipment", dwell=words.duration(town.equipment_ms))
    known_when_over = words.text("left_out.known_when_over")
    rules = [*([staff] if town.staff_ms else []), *([equipment] if town.equipment_ms else [])]
    return (*rules, known_when_over) if rules else ()
