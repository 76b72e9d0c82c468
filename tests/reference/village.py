"""Towns to simulate, what a newcomer finds in what is heard there, and what Meguri's tables must hold.

`expected(folder, town)` reads the truth that the village wrote and says, table by table, what must be found.
It takes from the truth only what was heard, sold, read and answered; moves, paths and presence it works out
itself, by the definitions.
"""

import csv
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from meguri_proto.towns import parse_town
from reference.fold import BIN_MS, DayRules, Visit, visits_of
from reference.marks import marks_of

TOWN_FILE = """
town: village
name: {{ja: 村, en: Village}}
time_zone: Asia/Tokyo
gap: {gap}
lateness: {lateness}
clock: recording
places:
  station: {{ja: 駅, en: Station}}
  silent: {{ja: 静か, en: Silent}}
  hall: {{ja: 館, en: Hall}}
sensors:
  shop: {{place: station, minimum_rssi: -75}}
  hall-door: {{place: hall, minimum_rssi: -60}}
  parking: {{place: station, minimum_rssi: -70}}
"""
WHOLE_TOWN_FILE = """
town: whole
name: {{ja: 町, en: Whole}}
time_zone: Asia/Tokyo
gap: {gap}
lateness: {lateness}
clock: recording
places:
  car-park: {{ja: 駐車場, en: Car park, kind: parking}}
  stop: {{ja: バス停, en: Bus stop, kind: bus_stop}}
  street: {{ja: 商店街, en: Street, kind: street}}
  mouth: {{ja: 入口, en: Mouth, kind: cave}}
  depth: {{ja: 奥, en: Depth, kind: cave}}
  view: {{ja: 展望台, en: View, kind: sight}}
  kitchen: {{ja: 食堂, en: Kitchen, kind: restaurant}}
  inn: {{ja: 宿, en: Inn, kind: hotel}}
sensors:
  park-gate: {{place: car-park, minimum_rssi: -70}}
  stop-roof: {{place: stop, minimum_rssi: -75}}
  street-lower: {{place: street, minimum_rssi: -72}}
  street-upper: {{place: street, minimum_rssi: -72}}
  mouth-hut: {{place: mouth, minimum_rssi: -74}}
  depth-rail: {{place: depth, minimum_rssi: -78}}
  view-roof: {{place: view, minimum_rssi: -75}}
  kitchen-door: {{place: kitchen, minimum_rssi: -72}}
  inn-lobby: {{place: inn, minimum_rssi: -75}}
shops:
  gifts: {{ja: みやげ, en: Gifts, place: street}}
  meals: {{ja: 食堂, en: Meals, place: kitchen}}
  cafe: {{ja: カフェ, en: Café, place: view}}
  kiosk: {{ja: 売店, en: Kiosk, place: inn}}
counters:
  mouth-gate: {{place: mouth, counts: people}}
sights:
  901: mouth
  902: depth
  903: view
"""
KEY_DAY = 20_411  # a Wednesday
SUNDAY = KEY_DAY + 4
THREE_HOURS = 3 * 3_600_000


def village_town(gap="30m", lateness="10m"):
    return parse_town(TOWN_FILE.format(gap=gap, lateness=lateness), "village.yaml")


def whole_town(gap="30m", lateness="10m"):
    """A town with everything in it that a town may have."""
    return parse_town(WHOLE_TOWN_FILE.format(gap=gap, lateness=lateness), "whole.yaml")


def visits_in(detections, town):
    """How often each visit (place, first, last, receptions) is in (sensor, time_ms, device, rssi)."""
    heard = {}
    for sensor, time_ms, device, rssi in detections:
        if rssi >= town.sensors[sensor].minimum_rssi:
            heard.setdefault((device, town.sensors[sensor].place), []).append(time_ms)
    rules = DayRules(0, 0, town.gap_ms, town.lateness_ms, {})
    return Counter(
        (visit.place, visit.first_ms, visit.last_ms, visit.receptions)
        for (device, place), times in heard.items()
        for visit in visits_of(device, place, times, rules)
    )


@dataclass(frozen=True)
class Expected:
    """What must be found of a village whose phones keep one address each, in the order of each row."""

    visits: list[tuple]
    """(place, first_ms, last_ms, receptions, random)"""
    moves: list[tuple]
    """(from_place, from_first_ms, place, first_ms, ordinal, random)"""
    paths: Counter
    """How often each (key day's date, places joined by '>', random), of all but staff and equipment."""
    presence: dict[tuple[str, int], int]
    """Visits by place and first instant of the five minutes."""
    sales: list[tuple]
    """(shop, source, external_id, version, at_ms, amount_yen, tax_yen, method, brand, refunded_yen,
    cancelled)"""
    guide_events: list[tuple]
    """(event_id, sight, language, kind, at_ms, walk, seconds, rating); the sight as the table has it"""
    answers: list[tuple]
    """(sheet_id, question, answer, free_text, language, at_ms)"""
    counts: list[tuple]
    """(counter, quantity, from_ms, to_ms, count)"""
    losses: Counter
    """Receptions that count and were lost, by cause."""


def truth_rows(folder, name):
    """The rows of one kind of truth, of all days: (date, row) each."""
    found = []
    for path in sorted(folder.glob(f"{name}-[0-9]*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found += [(path.stem.removeprefix(f"{name}-"), row) for row in csv.DictReader(file)]
    return found


def expected(folder, town):
    """What Meguri's tables must hold, by the truth in a village's folder (its days each a whole file)."""
    visits = [
        (date, row["visitor"], row["place"], *(int(row[name]) for name in _VISIT_NUMBERS))
        for date, row in truth_rows(folder, "found-visits")
    ]
    longest_ms = max(THREE_HOURS, town.gap_ms)
    marked = _marked(visits, town)
    moves, _ = _moves(visits, longest_ms)
    _, paths = _moves([visit for visit in visits if visit[:2] not in marked], longest_ms)
    presence = Counter()
    for _, _, place, first_ms, last_ms, *_ in visits:
        start_ms, _ = town.day_bounds_ms(town.key_day_at(first_ms))
        bins = range((first_ms - start_ms) // BIN_MS, (last_ms - start_ms) // BIN_MS + 1)
        presence.update((place, start_ms + number * BIN_MS) for number in bins)
    return Expected(
        sorted((place, first, last, count, random) for _, _, place, first, last, count, random in visits),
        sorted(moves),
        paths,
        dict(presence),
        _numbered(folder, "sales", _SALE, _SALE_NUMBERS),
        _numbered(folder, "guide-events", _USE, ("at_ms", "walk", "seconds", "rating")),
        _numbered(folder, "answers", _ANSWER, ("at_ms",)),
        _numbered(folder, "counts", _COUNT, ("from_ms", "to_ms", "count")),
        Counter(row["cause"] for _, row in truth_rows(folder, "losses")),
    )


_VISIT_NUMBERS = ("first_ms", "last_ms", "receptions", "random")
_SALE = (
    *("shop", "source", "external_id", "version", "at_ms", "amount_yen", "tax_yen", "method", "brand"),
    *("refunded_yen", "cancelled"),
)
_SALE_NUMBERS = ("version", "at_ms", "amount_yen", "tax_yen", "refunded_yen", "cancelled")
_USE = ("event_id", "sight", "language", "kind", "at_ms", "walk", "seconds", "rating")
_ANSWER = ("sheet_id", "question", "answer", "free_text", "language", "at_ms")
_COUNT = ("counter", "quantity", "from_ms", "to_ms", "count")


def _marked(visits, town):
    """(date, visitor) of staff and equipment."""
    of_day = {}
    for date, visitor, place, first_ms, last_ms, count, _ in visits:
        start_ms, _ = town.day_bounds_ms(town.key_day_at(first_ms))
        of_day.setdefault((date, start_ms), []).append(Visit(place, first_ms, visitor, last_ms, count, True))
    return {
        (date, visitor)
        for (date, start_ms), its in of_day.items()
        for visitor, _ in marks_of(its, start_ms, town.staff_ms, town.equipment_ms)
    }


def _moves(visits, longest_ms):
    """Moves, and how often each path: unbroken chains of moves of one visitor on one day."""
    of_device = {}
    for date, visitor, place, first_ms, last_ms, _, random in visits:
        of_device.setdefault((date, visitor, random), []).append((first_ms, place, last_ms))
    moves, paths = [], Counter()
    for (date, _, random), its in of_device.items():
        chain = []
        for (before_first, before, before_last), (first, place, _) in pairwise(sorted(its)):
            if first - before_last > longest_ms:
                paths[date, ">".join(chain), random] += bool(chain)
                chain = []
                continue
            chain = [*(chain or [before]), place]
            moves.append((before, before_first, place, first, len(chain) - 1, random))
        paths[date, ">".join(chain), random] += bool(chain)
    return moves, +paths


def _numbered(folder, name, columns, numbers):
    rows = (row for _, row in truth_rows(folder, name))
    return sorted(
        tuple(
            (int(row[column], 16 if column == "walk" else 10) if column in numbers else row[column])
            for column in columns
        )
        for row in rows
    )
