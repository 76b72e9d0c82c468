"""Weeks of any town as the flow leaves them: findings of complete days, rows of a running one."""

from contextlib import contextmanager
from itertools import product
from zlib import crc32

import numpy as np
from meguri_proto.key_days import day_date

MINUTE = 60_000
HOUR = 60 * MINUTE
SHAPE = (0, 0, 1, 3, 10, 24, 44, 58, 60, 62, 57, 48, 30, 14, 8, 5, 3, 2, 1, 0, 0, 0, 0, 0)
"""Arrivals by hour of the busiest place on an ordinary weekday."""
METHODS = (
    *(("cash", ""),) * 8,
    *(("code_payment", "paypay"), ("code_payment", "paypay"), ("code_payment", "rakuten_pay")),
    *(
        ("credit", "visa"),
        ("credit", "jcb"),
        ("emoney_transit", "suica"),
        ("emoney_other", "id"),
        ("debit", ""),
    ),
)
LANGUAGES = ("ja",) * 5 + ("en", "en", "zh-hant", "ko")


class TownWeeks:
    """Writes days of a town; the same town, day and numbers give the same rows."""

    def __init__(self, store, town):
        self.store = store
        self.town = town
        self._together = None
        self.places = list(town.places)
        self.weights = [1 / (1 + index * 0.55) for index in range(len(self.places))]

    def history(self, first, last, *, heard=True):
        """Complete days, both inclusive, each as the findings of a day that is over."""
        for key_day in range(first, last + 1):
            self.complete_day(key_day)
            if heard:
                self.hear(key_day, 24 * HOUR)
        self.days(range(first, last + 1), 24 * HOUR + 10 * MINUTE, complete=1)

    def complete_day(self, key_day):
        rng = self._rng(key_day, 1)
        busy = self._busyness(key_day)
        hours = np.arange(24)
        arrivals = rng.poisson(np.outer(self.weights, SHAPE)[:, :, None] * busy * np.array([0.3, 0.7]))
        place, hour, random = (axis.ravel() for axis in np.indices(arrivals.shape))
        self._insert_cells(
            "day_arrivals",
            key_day,
            arrivals.ravel(),
            place=[self.places[index] for index in place],
            hour=hours[hour],
            random=random,
            arrivals=arrivals.ravel(),
        )
        stays = rng.poisson(
            np.outer(self.weights, (40, 55, 50, 34, 14, 6, 3))[:, :, None] * busy * np.array([0.6, 1.0])
        )
        place, bins, random = (axis.ravel() for axis in np.indices(stays.shape))
        self._insert_cells(
            "day_dwell",
            key_day,
            stays.ravel(),
            place=[self.places[index] for index in place],
            bin=bins,
            random=random,
            stays=stays.ravel(),
        )
        pairs = [(one, other) for one, other in product(self.places, self.places) if one != other]
        moves = rng.poisson([self._flow(one, other) * busy for one, other in pairs])
        self._insert_cells(
            "day_moves",
            key_day,
            moves,
            from_place=[one for one, _ in pairs],
            place=[other for _, other in pairs],
            random=0,
            moves=moves,
        )
        paths = [*(f"{one}>{other}" for one, other in pairs), *(f"{a}>{b}>{a}" for a, b in pairs)]
        number = rng.poisson([self._flow(*path.split(">")[:2]) * busy * 0.4 for path in paths])
        self._insert_cells("day_paths", key_day, number, path=paths, random=0, paths=number)

    def running_day(self, key_day, until_ms):
        """Visits and moves of a day that is not over; its row comes with `days`."""
        rng = self._rng(key_day, 2)
        start = self.start_ms(key_day)
        busy = self._busyness(key_day)
        visits = []
        for (index, place), hour in product(enumerate(self.places), range(24)):
            for random, share in ((0, 0.3), (1, 0.7)):
                for _ in range(rng.poisson(SHAPE[hour] * self.weights[index] * busy * share)):
                    first = start + hour * HOUR + int(rng.integers(HOUR))
                    stay = int(rng.choice((4, 9, 20, 40, 75, 150), p=(0.2, 0.25, 0.25, 0.18, 0.08, 0.04)))
                    if first < start + until_ms - 10 * MINUTE:
                        visits.append((place, first, stay * MINUTE, random, len(visits) + 1))
        closed = [place_first[1] + place_first[2] < start + until_ms - 40 * MINUTE for place_first in visits]
        place, first, stay, random, device = map(list, zip(*visits, strict=True))
        self.insert(
            "visits",
            len(visits),
            key_day=day_date(key_day),
            generation=0,
            place=place,
            first_ms=first,
            device=device,
            last_ms=[one + (ms if done else 0) for one, ms, done in zip(first, stay, closed, strict=True)],
            receptions=3,
            closed=[int(done) for done in closed],
            arrival=1,
            random=random,
            rule_version=1,
            version=1,
        )
        moves = [visit for visit in visits if visit[3] == 0 and rng.random() < 0.6]
        self.insert(
            "moves",
            len(moves),
            key_day=day_date(key_day),
            generation=0,
            device=[visit[4] for visit in moves],
            first_ms=[visit[1] + visit[2] + 10 * MINUTE for visit in moves],
            place=[self._next(visit[0], int(rng.integers(3))) for visit in moves],
            from_place=[visit[0] for visit in moves],
            from_first_ms=[visit[1] for visit in moves],
            ordinal=1,
            random=0,
            rule_version=1,
            version=1,
        )
        self.hear(key_day, until_ms)

    def days(self, key_days, until_ms, *, complete):
        starts = [self.start_ms(day) for day in key_days]
        self.insert(
            "days",
            len(starts),
            key_day=[day_date(day) for day in key_days],
            generation=0,
            rule_version=1,
            watermark_ms=[start + until_ms - 10 * MINUTE for start in starts],
            town_time_ms=[start + until_ms for start in starts],
            detections=30_000,
            late=0,
            duplicates=0,
            complete=complete,
            version=1,
        )

    def hear(self, key_day, until_ms):
        """Sensors that hear something every five minutes; the last one is quiet in the afternoon."""
        rng = self._rng(key_day, 3)
        start = self.start_ms(key_day)
        sensors = list(self.town.sensors)
        bins = [
            (sensor, start + at)
            for sensor in sensors
            for at in range(3 * HOUR, min(until_ms, 17 * HOUR), 5 * MINUTE)
            if sensor != sensors[-1] or at < 8 * HOUR
        ]
        self.insert(
            "sensor_health",
            len(bins),
            key_day=day_date(key_day),
            generation=0,
            sensor=[sensor for sensor, _ in bins],
            bin_ms=[bin_ms for _, bin_ms in bins],
            detections=rng.poisson(40, len(bins)).tolist(),
            weak=3,
            late=0,
            duplicates=0,
            last_ms=[bin_ms + 4 * MINUTE for _, bin_ms in bins],
            refused=0,
            lead_ms=-200,
            version=1,
        )

    def sell(self, key_day, until_ms=24 * HOUR, *, scale=1.0):
        rng = self._rng(key_day, 4)
        rows = []
        for (index, shop), hour in product(enumerate(self.town.shops), range(5, 15)):
            for _ in range(
                rng.poisson(SHAPE[hour] * scale * 0.22 * self._busyness(key_day) / (1 + index * 0.4))
            ):
                at = hour * HOUR + int(rng.integers(HOUR))
                if at < until_ms:
                    rows.append((shop, self.start_ms(key_day) + at, METHODS[int(rng.integers(len(METHODS)))]))
        if rows:
            self.insert(
                "sales",
                len(rows),
                key_day=day_date(key_day),
                shop=[shop for shop, _, _ in rows],
                source="till",
                external_id=[f"{key_day}-{number}" for number in range(len(rows))],
                at_ms=[at for _, at, _ in rows],
                amount_yen=(rng.integers(4, 60, len(rows)) * 100).tolist(),
                tax_yen=0,
                method=[how[0] for _, _, how in rows],
                brand=[how[1] for _, _, how in rows],
                refunded_yen=0,
                cancelled=0,
                version=1,
            )

    def guide(self, key_day, until_ms=24 * HOUR):
        rng = self._rng(key_day, 5)
        rows = []
        for _ in range(60 if self.town.sights else 0):
            walk, language = int(rng.integers(1, 2**63)), LANGUAGES[int(rng.integers(len(LANGUAGES)))]
            at = self.start_ms(key_day) + 5 * HOUR + int(rng.integers(8 * HOUR))
            rows.append((0, language, "stored", at, walk, 0, 0))
            for sight in self.town.sights:
                at += int(rng.integers(2, 25)) * MINUTE
                if rng.random() < 0.1:
                    break
                rows.append((sight, language, "opened", at, walk, 0, 0))
                rows.append((sight, language, "listened", at + MINUTE, walk, int(rng.integers(20, 200)), 0))
                if rng.random() < 0.5:
                    rows.append((sight, language, "finished", at + 3 * MINUTE, walk, 0, 0))
                    rows.append((sight, language, "rated", at + 3 * MINUTE, walk, 0, int(rng.integers(2, 6))))
        rows = [row for row in rows if row[3] < self.start_ms(key_day) + until_ms]
        if rows:
            sight, language, kind, at, walk, seconds, rating = map(list, zip(*rows, strict=True))
            self.insert(
                "guide_events",
                len(rows),
                key_day=day_date(key_day),
                event_id=[f"{key_day}-{number}" for number in range(len(rows))],
                sight=[str(one) for one in sight],
                language=language,
                kind=kind,
                at_ms=at,
                estimated_ms=at,
                walk=walk,
                seconds=seconds,
                rating=rating,
                version=1,
            )

    def answer(self, key_day):
        rng = self._rng(key_day, 7)
        transports, remarks = ("car", "bus", "coach"), ("涼しくてよいです。", "Cool in every sense.")
        said = [
            (sheet, *each)
            for sheet in range(30)
            for each in (
                ("transport", transports[int(rng.integers(3))], ""),
                ("satisfaction", str(int(rng.integers(1, 6))), ""),
                ("spending", str(int(rng.integers(1, 40)) * 500), ""),
                ("remarks", "", remarks[int(rng.integers(2))]),
            )
        ]
        sheets, questions, answers, texts = map(list, zip(*said, strict=True))
        self.insert(
            "survey_answers",
            len(said),
            key_day=day_date(key_day),
            sheet_id=[f"{key_day}-{sheet}" for sheet in sheets],
            question=questions,
            answer=answers,
            free_text=texts,
            language="ja",
            at_ms=self.start_ms(key_day) + 9 * HOUR,
            estimated_ms=self.start_ms(key_day) + 9 * HOUR,
            version=1,
        )

    def count(self, key_day, until_ms=24 * HOUR):
        rng = self._rng(key_day, 6)
        for counter in self.town.counters.values():
            starts = range(4 * HOUR, min(until_ms, 14 * HOUR), 5 * MINUTE)
            self.insert(
                "counts",
                len(starts),
                key_day=day_date(key_day),
                counter=counter.counter,
                quantity=counter.counts.value,
                from_ms=[self.start_ms(key_day) + at for at in starts],
                to_ms=[self.start_ms(key_day) + at + 5 * MINUTE for at in starts],
                count=rng.poisson([SHAPE[at // HOUR] / 8 for at in starts]).tolist(),
                version=1,
            )

    def start_ms(self, key_day):
        return self.town.day_bounds_ms(key_day)[0]

    def _busyness(self, key_day):
        weekend = 1.7 if day_date(key_day).weekday() >= 5 else 1.0
        season = 1 + 0.4 * np.sin(2 * np.pi * (key_day % 365 - 80) / 365)
        return weekend * season * self._rng(key_day, 0).uniform(0.85, 1.15)

    def _flow(self, one, other):
        if one == other:
            return 0.0
        near = 3 if (one, other) in self.town.ways or (other, one) in self.town.ways else 1
        return 6 * near * self.weights[self.places.index(one)] * self.weights[self.places.index(other)]

    def _next(self, place, n):
        others = [other for other in self.places if other != place]
        return others[n % len(others)]

    def _rng(self, key_day, purpose):
        return np.random.default_rng([crc32(self.town.town.encode()), key_day, purpose])

    def _insert_cells(self, table, key_day, numbers, **columns):
        """Those with a number; as many devices as that, but for a fifth."""
        there = np.asarray(numbers) > 0
        lists = {
            name: np.asarray(value)[there].tolist() if np.ndim(value) else value
            for name, value in columns.items()
        }
        devices = np.ceil(np.asarray(numbers)[there] * 0.8).astype(int).tolist()
        of_day = {"key_day": day_date(key_day), "generation": 0, "devices": devices, "version": 1}
        self.insert(table, int(there.sum()), **of_day, **lists)

    def insert(self, table, rows, **columns):
        """A value that is no list stands in every row."""
        full = {"town": self.town.town, **columns}
        lists = {name: value if isinstance(value, list) else [value] * rows for name, value in full.items()}
        if self._together is None:
            self.store.insert(table, lists)
            return
        kept = self._together.setdefault(table, {name: [] for name in lists})
        for name, values in lists.items():
            kept[name].extend(values)

    @contextmanager
    def together(self):
        """Within it rows are kept, and each table has one insert at the end: an insert takes its time."""
        self._together = {}
        yield
        kept, self._together = self._together, None
        for table, columns in kept.items():
            self.store.insert(table, columns)


def weeks(store, town, today, *, before=70, until_ms=11 * HOUR + 20 * MINUTE):
    """A town with a history, and a day that runs."""
    rows = TownWeeks(store, town)
    with rows.together():
        rows.history(today - before, today - 1)
        for key_day in range(today - before, today):
            rows.sell(key_day)
            rows.guide(key_day)
            rows.answer(key_day)
            rows.count(key_day)
        rows.running_day(today, until_ms)
        rows.sell(today, until_ms)
        rows.guide(today, until_ms)
        rows.count(today, until_ms)
        rows.days([today], until_ms, complete=0)
    return rows
