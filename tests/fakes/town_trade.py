"""Rows of what a town's tills, guide and counters tell, as the flow writes them."""

from itertools import count

from fakes.town_day import DAY, HOUR, MINUTE, TOWN, TOWN_TEXT
from meguri_dashboard.asked import Asked
from meguri_dashboard.catalogue import catalogue
from meguri_dashboard.days import DayRow
from meguri_dashboard.periods import Period
from meguri_dashboard.wording import Wording
from meguri_proto.key_days import day_date
from meguri_proto.towns import parse_town


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
            estimated_ms=self._start_ms + at_ms,
            walk=walk,
            seconds=seconds,
            rating=rating,
            version=1,
        )

    def answered(self, sheet, question, answer="", *, free_text=""):
        self._insert(
            "survey_answers",
            sheet_id=sheet,
            question=question,
            answer=answer,
            free_text=free_text,
            language="ja",
            at_ms=self._start_ms,
            estimated_ms=self._start_ms,
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


TRADING = parse_town(
    TOWN_TEXT
    + """
shops:
  market: {ja: 市場, en: Market, place: station}
  cafe: {ja: カフェ, en: Café, place: hall}
counters:
  gate-counter: {place: hall, counts: people}
  air: {place: station, counts: wifi_devices}
sights:
  1: hall
  2: station
""",
    "yamazato.yaml",
)
"""The town with all that trades."""


class Answers:
    """A store that answers each query with the rows it was given, and remembers what it was asked."""

    def __init__(self, **rows):
        self.rows = rows
        self.asked = {}

    def query(self, name, params):
        short = name.partition("/")[2]
        self.asked[short] = params
        return self.rows.get(short, [])


def asked(first=DAY, last=DAY, *, complete=True, town=TRADING, until_ms=8 * HOUR, days=None):
    """A question about days of which all are known, the last one running unless it is said to be complete."""
    known = {}
    for key_day in sorted(days if days is not None else range(first, last + 1), reverse=True):
        start_ms, end_ms = town.day_bounds_ms(key_day)
        over = complete or key_day < last
        now_ms = end_ms + HOUR if over else start_ms + until_ms
        known[key_day] = DayRow(
            key_day, ((0, 0),), now_ms - town.lateness_ms, now_ms, late=0, lost=0, complete=over
        )
    return Asked(town, Period(first, last), known)


def said(figures, language="en", town=TRADING):
    """The block of figures in a language."""
    return figures.block(Wording(catalogue(language), town))
