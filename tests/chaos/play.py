"""What two small towns deliver in two hours, as scripts for `chaos.player`, and what must be found of it.

Both towns have the same sensors and shops. In `hasty` each delivers for itself, and whenever one of them
hangs much is late: what is found is judged after the last refold. In `orderly` one messenger delivers all of
it in the order of time, so nothing is ever late or folded again: what is found is judged as the workers left
it, so that no refold hides a row that they lost or wrote twice. Their key days lie in different partitions.
"""

import base64
import io
import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from chaos.faults import PLAY_S
from meguri_proto.columns import Kind, read_columns
from meguri_proto.schema.upload_pb2 import Upload
from meguri_proto.towns import parse_town
from meguri_sensors.batches import Batcher
from meguri_sensors.capture_file import CaptureFile
from meguri_sensors.day_keys import DayKey
from meguri_sensors.listening import Counts, listen
from meguri_village.days import Day
from meguri_village.outlets import Keys, Outlets
from meguri_village.posting import Posted
from meguri_village.truth import write_truth
from meguri_village.village import Village
from reference.fold import DayRules, Delivery, Detection, Message, fold
from reference.village import SUNDAY, expected

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
_FROM_MS = 7 * HOUR_MS
"""After the key day's start: from 11:00 on."""
SPAN_MS = 2 * HOUR_MS
_DELIVERY_MS = 2 * MINUTE_MS
"""What a sensor heard and what tills told in so long goes together."""
_SIZE = 0.4
TOWN_FILE = """
town: {name}
name: {{ja: 町, en: Town}}
time_zone: Asia/Tokyo
gap: 5m
lateness: {lateness}
clock: recording
places:
  station: {{ja: 道の駅, en: Roadside station, kind: roadside_station}}
  hall: {{ja: 館, en: Hall, kind: sight}}
  kitchen: {{ja: 食堂, en: Kitchen, kind: restaurant}}
sensors:
  sensor-station: {{place: station, minimum_rssi: -75}}
  sensor-hall: {{place: hall, minimum_rssi: -75}}
  sensor-kitchen: {{place: kitchen, minimum_rssi: -72}}
shops:
  market: {{ja: 市場, en: Market, place: station}}
  gifts: {{ja: みやげ, en: Gifts, place: hall}}
  meals: {{ja: 食堂, en: Meals, place: kitchen}}
  stand: {{ja: 売店, en: Stand, place: station}}
"""
HASTY, ORDERLY = "hasty", "orderly"
LATENESS = {HASTY: "1m", ORDERLY: "5m"}
"""In the orderly town longer than what a sensor heard waits for its upload."""
KEY_DAYS = {HASTY: SUNDAY, ORDERLY: SUNDAY + 7}


@dataclass(frozen=True)
class Post:
    """One request of a player, `at_s` seconds after the play's beginning."""

    at_s: float
    path: str
    headers: dict[str, str]
    token: str | None
    body: bytes

    def line(self):
        """As it stands in a script."""
        return json.dumps({**self.__dict__, "body": base64.b64encode(self.body).decode()}) + "\n"


class Truth(NamedTuple):
    """The rows that must be found of a town, each as often as it is there."""

    visits: Counter
    """(place, first_ms, device, last_ms, receptions, arrival, random)"""
    moves: Counter
    """(device, first_ms, place, from_first_ms, from_place, ordinal, random)"""
    sales: Counter
    """As `reference.village.Expected.sales`."""


class PlayedTown:
    """One town of a round.

    Args:
        name: `HASTY` or `ORDERLY`.
        seed: of the village.
        registry: enrols who delivers, and holds the key of the day.
        ingest_url: which signatures of webhooks name.

    Attributes:
        file: the town file.
        scripts: the posts of each sensor, by its name, and those of the tills together, as `tills`.
        closing: the tick that closes the key day and all of its visits, once everything is delivered.
    """

    def __init__(self, name, seed, registry, ingest_url):
        self.name = name
        self.file = TOWN_FILE.format(name=name, lateness=LATENESS[name])
        self._town = parse_town(self.file, f"{name}.yaml")
        self._day = Day(Village(self._town, seed, _SIZE, "stable"), KEY_DAYS[name])
        self._from_ms = self._day.start_ms + _FROM_MS
        self._until_ms = self._from_ms + SPAN_MS
        self._registry = registry
        self._ticker = registry.enrol(name, "ticker", "replayer")
        self._batches = {sensor: self._heard(sensor) for sensor in self._town.sensors}
        self.scripts = {sensor: self._uploads(sensor) for sensor in self._town.sensors}
        self.scripts["tills"] = self._sales(ingest_url)
        closed_ms = self._day.end_ms + self._town.lateness_ms + 1
        self.closing = replace(self._tick(closed_ms), at_s=0.0)

    def truth(self, folder):
        """What must be found; the empty folder takes files of the village's truth."""
        rules = DayRules(
            start_ms=self._day.start_ms,
            end_ms=self._day.end_ms,
            gap_ms=self._town.gap_ms,
            lateness_ms=self._day.end_ms,  # nothing is late
            sensors={each.sensor: (each.place, each.minimum_rssi) for each in self._town.sensors.values()},
        )
        found = fold([Message(tuple(_delivery(batch) for batch in self._all_batches()))], rules)
        write_truth(self._day, self._from_ms, self._until_ms, folder)
        return Truth(
            Counter(
                (
                    visit.place,
                    visit.first_ms,
                    visit.device,
                    visit.last_ms,
                    visit.receptions,
                    int(visit.arrival),
                    int(visit.random),
                )
                for visit in found.visits
            ),
            Counter(
                (
                    move.device,
                    move.first_ms,
                    move.place,
                    move.from_first_ms,
                    move.from_place,
                    move.ordinal,
                    int(move.random),
                )
                for move in found.moves
            ),
            Counter(expected(folder, self._town).sales),
        )

    def _all_batches(self):
        return (batch for batches in self._batches.values() for batch in batches)

    def _heard(self, sensor):
        """What a sensor heard, in batches that every life of it names the same."""
        key = DayKey(
            self._day.key_day,
            self._day.start_ms,
            self._day.end_ms,
            self._registry.day_key(self.name, self._day.key_day),
        )
        capture = CaptureFile(io.BytesIO(self._day.capture(sensor, self._from_ms, self._until_ms)))
        batcher = Batcher(boot=1, span_ms=MINUTE_MS)
        batches = list(listen(capture.packets(), lambda _: key, batcher, Counts()))
        for batch in batches:
            batch.sensor = sensor
        # A sensor whose clock is ahead has its last ones after the play's end.
        return [batch for batch in batches if self._from_ms <= _last_ms(batch) < self._until_ms]

    def _uploads(self, sensor):
        token = self._registry.enrol(self.name, sensor, "replayer")
        posts = [self._tick(self._from_ms)]
        for until_ms in self._deliveries_ms():
            from_ms = until_ms - _DELIVERY_MS
            heard = [each for each in self._batches[sensor] if from_ms <= _last_ms(each) < until_ms]
            body = Upload(batches=heard, recording=True, town_time_ms=until_ms).SerializeToString()
            headers = {"Content-Type": "application/x-protobuf"}
            posts.append(Post(self._at_s(until_ms), "/v1/detections", headers, token, body))
        return posts

    def _sales(self, ingest_url):
        name, shops = self.name, self._town.shops
        keys = Keys(
            self._ticker,
            {shop: self._registry.enrol(name, shop, "till") for shop in shops},
            {},
            {"market": "key"},
        )
        self._registry.connect_webhook(name, "market", "square", keys.square["market"])
        posts = []
        for until_ms in self._deliveries_ms():
            from_ms = until_ms - _DELIVERY_MS
            told = [each for each in self._day.tellings if from_ms <= each.told_ms < until_ms]
            notes = _Notes(ingest_url, self._at_s(until_ms))
            outlets = Outlets(self._town, keys, notes, notes)
            for shop in shops:
                if of_shop := [each for each in told if each.sale.shop == shop]:
                    outlets.sales(of_shop, is_live=True)
            posts += [self._tick(until_ms), *notes.posts]
        return posts

    def _deliveries_ms(self):
        """When what happened since the last time is delivered, in town time."""
        return range(self._from_ms + _DELIVERY_MS, self._until_ms + 1, _DELIVERY_MS)

    def _tick(self, town_time_ms):
        body = json.dumps({"town_time_ms": town_time_ms}).encode()
        headers = {"Content-Type": "application/json"}
        return Post(self._at_s(town_time_ms), "/v1/ticks", headers, self._ticker, body)

    def _at_s(self, town_time_ms):
        return (town_time_ms - self._from_ms) / SPAN_MS * PLAY_S


class _Notes:
    """Stands where a `Poster` stands, and notes what it is to post."""

    def __init__(self, url, at_s):
        self.url = url
        self.posts = []
        self._at_s = at_s

    def post(self, path, content, headers, token=None):
        self.posts.append(Post(self._at_s, path, dict(headers), token, content))
        return Posted(0, 0)


def _last_ms(batch):
    return batch.base_time_ms + int(read_columns(batch, batch.count)["time_offset_ms"].max())


def _delivery(batch):
    """A batch as the reference reads it."""
    columns = read_columns(batch, batch.count)
    times = columns["time_offset_ms"].astype(np.int64) + batch.base_time_ms
    is_random = columns["kind"] == Kind.PROBE_REQUEST_RANDOM
    detections = zip(
        times.tolist(), columns["device"].tolist(), columns["rssi"].tolist(), is_random.tolist(), strict=True
    )
    return Delivery(batch.sensor, batch.boot, batch.sequence, tuple(Detection(*each) for each in detections))
