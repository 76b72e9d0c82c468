"""Rows of a small town's days, as the flow writes them."""

from dataclasses import dataclass, field
from itertools import count, pairwise

from meguri_proto.key_days import day_date
from meguri_proto.towns import parse_town

MINUTE = 60_000
HOUR = 60 * MINUTE
TOWN_TEXT = """
town: yamazato
name: {ja: 山里町, en: Yamazato}
time_zone: Asia/Tokyo
day_start: "04:00"
clock: recording
places:
  station: {ja: 道の駅, en: Roadside station}
  hall: {ja: 茶の館, en: Tea hall}
sensors:
  shop: {place: station, minimum_rssi: -75}
  gate: {place: hall, minimum_rssi: -75}
"""
TOWN = parse_town(TOWN_TEXT, "yamazato.yaml")
DAY = 20_000
"""2024-10-04."""


@dataclass
class TownDay:
    """Collects the rows of one key day; times are milliseconds after the day's start."""

    store: object
    key_day: int = DAY
    town: str = TOWN.town
    generation: int = 0
    slice: int = 0
    _devices: count = field(default_factory=lambda: count(1))

    @property
    def start_ms(self):
        return TOWN.day_bounds_ms(self.key_day)[0]

    def stay(self, place, at_ms, dwell_ms=None, *, device=None, arrival=1, random=0):
        """A visit; with a dwell it has closed, without it is still open."""
        self._visits([(place, at_ms, device or next(self._devices), dwell_ms, arrival)], random)

    def stays(self, number, place, at_ms, dwell_ms=None):
        """Visits of as many devices, a millisecond apart."""
        self._visits([(place, at_ms + n, next(self._devices), dwell_ms, 1) for n in range(number)])

    def walk(self, device, places, at_ms=0, *, random=0):
        """An unbroken chain of moves through the places, half an hour apart."""
        for ordinal, (from_place, place) in enumerate(pairwise(places), 1):
            self._insert(
                "moves",
                device=device,
                first_ms=self.start_ms + at_ms + ordinal * 30 * MINUTE,
                place=place,
                from_place=from_place,
                from_first_ms=self.start_ms + at_ms + (ordinal - 1) * 30 * MINUTE,
                ordinal=ordinal,
                random=random,
                rule_version=1,
                version=1,
            )

    def found(self, table, **columns):
        """Rows of a table of findings of complete days; a list has a value for each row."""
        rows = max((len(value) for value in columns.values() if isinstance(value, list)), default=1)
        self._insert(table, rows, version=1, **columns)

    def _visits(self, visits, random=0):
        began = [
            (place, self.start_ms + at_ms, device, dwell, arrival)
            for place, at_ms, device, dwell, arrival in visits
        ]
        for version, rows in ((1, began), (2, [row for row in began if row[3] is not None])):
            if rows:
                places, first_ms, devices, dwells, arrivals = map(list, zip(*rows, strict=True))
                closed = version == 2
                self._insert(
                    "visits",
                    len(rows),
                    place=places,
                    first_ms=first_ms,
                    device=devices,
                    last_ms=[a + d for a, d in zip(first_ms, dwells, strict=True)] if closed else first_ms,
                    receptions=3 * closed,
                    closed=int(closed),
                    arrival=arrivals,
                    random=random,
                    rule_version=1,
                    version=version,
                )

    def heard(self, sensor, at_ms, detections=20, *, weak=0, late=0, duplicates=0, version=1):
        bin_ms = self.start_ms + at_ms // (5 * MINUTE) * 5 * MINUTE
        self._insert(
            "sensor_health",
            sensor=sensor,
            bin_ms=bin_ms,
            detections=detections,
            weak=weak,
            late=late,
            duplicates=duplicates,
            last_ms=self.start_ms + at_ms,
            version=version,
        )

    def mark(self, *devices, mark=1):
        """Devices that are staff's (1) or equipment (2)."""
        self._insert("marked_devices", len(devices), device=list(devices), mark=mark, version=1)

    def seal(self, *, lost=0):
        """The day's pseudonyms are dropped."""
        self._insert("sealed_days", sealed_ms=self.start_ms + 48 * HOUR, dropped=1, lost=lost, version=1)

    def day(self, until_ms, *, complete=0, late=0, lost=0, version=1):
        """The day's row; the watermark is 10 minutes behind town time."""
        self._insert(
            "days",
            rule_version=1,
            watermark_ms=self.start_ms + until_ms - 10 * MINUTE,
            town_time_ms=self.start_ms + until_ms,
            detections=1000,
            late=late,
            duplicates=0,
            lost=lost,
            complete=complete,
            version=version,
        )

    def _insert(self, table, rows=1, **columns):
        """A value that is no list stands in every row."""
        of_day = {
            "town": self.town,
            "key_day": day_date(self.key_day),
            "slice": self.slice,
            "generation": self.generation,
        }
        full = {**of_day, **columns}
        lists = {name: value if isinstance(value, list) else [value] * rows for name, value in full.items()}
        self.store.insert(table, lists)


def busy_day(store, key_day=DAY, *, town=TOWN.town, until_ms=10 * HOUR, complete=0, late=0):
    """A day with all that a page shows: shown and hidden hours and lengths, a quiet sensor."""
    day = TownDay(store, key_day, town)
    day.stays(12, "station", 5 * HOUR, 20 * MINUTE)
    day.stays(22, "station", 6 * HOUR, 40 * MINUTE)
    day.stays(3, "station", 7 * HOUR, 3 * HOUR)
    day.stays(8, "hall", 6 * HOUR, 10 * MINUTE)
    day.stays(6, "hall", 9 * HOUR + 40 * MINUTE)
    day.heard("shop", until_ms - 2 * MINUTE, 500, weak=20)
    day.heard("gate", 6 * HOUR, 90)
    day.day(until_ms, complete=complete, late=late)
    return day
