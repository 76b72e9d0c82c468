"""By which rules each key day is folded: decided once, for every slice, replica and restart of ingest."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from meguri_proto.key_days import day_date
from meguri_proto.schema.log_pb2 import Rules

from meguri_ingest.slicing import divided

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_kit.registry import Registry
    from meguri_proto.towns import Town

    from meguri_ingest.judging import Delivery

_logger = logging.getLogger(__name__)


class DayRules:
    """The rules of key days: those of the town's file when the day was first asked for.

    The registry keeps them. Otherwise ingest, started again with another file, would divide the rest of a day
    into other slices than those that hold its devices, and two slices of a day could have two rules. So a
    change of the file applies from the next key day. Thread-safe; blocking.

    Args:
        towns: by name, as their files say now.
        registry: where the rules stay.
    """

    def __init__(self, towns: Mapping[str, Town], registry: Registry) -> None:
        self._towns = towns
        self._registry = registry
        self._known: dict[tuple[str, int], Rules] = {}

    def of(self, town: str, key_day: int) -> Rules:
        """The day's rules, as its slice 0 has them. To be asked only for a day that is to be opened.

        Raises:
            RegistryError: the registry does not answer.
        """
        day = (town, key_day)
        if day not in self._known:
            rules = self._towns[town].rules(key_day)
            content = rules.SerializeToString(deterministic=True)
            kept = Rules.FromString(self._registry.keep_day_rules(town, key_day, rules.slices, content))
            if kept.version != rules.version:
                _logger.warning(
                    "The file of %s has changed since its day %s was opened; that applies from the next on.",
                    town,
                    day_date(key_day),
                )
            self._known[day] = kept
        return self._known[day]

    def divided(self, delivery: Delivery) -> list[Delivery]:
        """The part of each slice of its day.

        Raises:
            RegistryError: the registry does not answer.
        """
        segment = delivery.segment
        return divided(delivery, self.of(segment.town, segment.key_day).slices)

    def most_slices(self, town: str) -> int:
        """Into how many slices any key day of the town was divided; at least 1.

        Raises:
            RegistryError: the registry does not answer.
        """
        return max(1, self._registry.most_slices(town))
