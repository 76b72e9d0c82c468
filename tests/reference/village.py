"""A town to simulate, and the visits that its detections make when a newcomer folds them."""

from collections import Counter

from meguri_proto.towns import parse_town
from reference.fold import DayRules, visits_of

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
KEY_DAY = 20_411  # a Wednesday


def village_town(gap="30m", lateness="10m"):
    return parse_town(TOWN_FILE.format(gap=gap, lateness=lateness), "village.yaml")


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
