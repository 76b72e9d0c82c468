"""Rows of what a town's tills, guide and counters tell, as the flow writes them."""

from itertools import count

from fakes.town_day import DAY, MINUTE, TOWN
from meguri_proto.key_days import day_date


class TownTrade:
    """Collects the rows of one key day; times are milliseconds after the day's start."""

    def __init__(self, store, key_day=DAY, town=TOWN.town):
        self._store = store
        self._of_day = {"town": town, "key_day": day_date(key_day)}
        self._start_ms = TOWN.day_bounds_ms(key_day)[0]
        self._ids = (f"{key_day}-{number}" for number in count(1))

    def sale(self, shop, at_ms, yen, method="cash", brand="", **values):
        self.sales([(shop, at_ms, yen, method, brand)], **values)

    def sales(self, sales, *, refunded_yen=0, cancelled=0, version=1, source="till", external_id=None):
        """Each a shop, a time, yen, a method and a brand."""
        shops, times, yen, methods, brands = map(list, zip(*sales, strict=True))
        self._insert(
            "sales",
            len(sales),
            shop=shops,
            source=source,
            external_id=[external_id or next(self._ids) for _ in sales],
            at_ms=[self._start_ms + at_ms for at_ms in times],
            amount_yen=yen,
            tax_yen=0,
            method=methods,
            brand=brands,
            refunded_yen=refunded_yen,
            cancelled=cancelled,
            version=version,
        )

    def use(self, kind, walk, sight="1", language="ja", at_ms=0, *, seconds=0, rating=0, event_id=None):
        self._insert(
            "guide_events",
            event_id=event_id or next(self._ids),
            sight=sight,
            language=language,
            kind=kind,
            at_ms=self._start_ms + at_ms,
            walk=walk,
            seconds=seconds,
            rating=rating,
            version=1,
        )

    def counted(self, counter, at_ms, number, *, quantity="people", span_ms=5 * MINUTE, version=1):
        self._insert(
            "counts",
            counter=counter,
            quantity=quantity,
            from_ms=self._start_ms + at_ms,
            to_ms=self._start_ms + at_ms + span_ms,
            count=number,
            version=version,
        )

    def _insert(self, table, rows=1, **columns):
        """A value that is no list stands in every row."""
        full = {**self._of_day, **columns}
        self._store.insert(
            table,
            {name: value if isinstance(value, list) else [value] * rows for name, value in full.items()},
        )
