"""However often the village is killed, and whenever: in the end Meguri has the same."""

import json
from dataclasses import replace

import pytest
from fakes.ingest import REPLAYER_TOKEN, SENSOR_TOKEN, FakeIngest
from hypothesis import given, settings
from hypothesis import strategies as st
from meguri_sensors.uplink import Uplink
from meguri_village.filling import Filling
from meguri_village.habits import Habits
from meguri_village.outlets import Keys, Outlets
from meguri_village.posting import Poster
from meguri_village.village import Village
from reference.village import KEY_DAY, whole_town

MINUTE, HOUR = 60_000, 3_600_000
TOWN = whole_town()
# With a clock that is off, so that a day is delivered in many pieces.
HABITS = replace(Habits(), passing_cars=5, clock_off_per_mille=1_000)
VILLAGE = Village(TOWN, seed=3, size=0.3, habits=HABITS)
# Over a day's start, so that keys, boots and files change on the way; it is live when many are there.
START = TOWN.day_bounds_ms(KEY_DAY)[0] + 14 * HOUR
UNTIL = START + 18 * HOUR
NEVER = (10**9, False)


class CrashError(Exception):
    """The village is gone in this instant."""


class Mortal:
    """Counts requests of all kinds and crashes at the n-th, before or after it was taken."""

    crash_at = NEVER
    requests = 0

    @classmethod
    def request(cls, send):
        cls.requests += 1
        number, (at, is_after) = cls.requests, cls.crash_at
        if number == at and not is_after:
            raise CrashError
        answer = send()
        if number == at:
            raise CrashError
        return answer


class MortalUplink(Uplink):
    def upload(self, batches, **options):
        batches = list(batches)
        return Mortal.request(lambda: super(MortalUplink, self).upload(batches, **options))

    def tick(self, town_time_ms):
        Mortal.request(lambda: super(MortalUplink, self).tick(town_time_ms))


class MortalPoster(Poster):
    def post(self, *arguments):
        return Mortal.request(lambda: super(MortalPoster, self).post(*arguments))


def filled(ingest, folder, clock):
    """The village delivered until its end or its crash; whether it reached its end."""

    def wait(seconds):
        clock["now_ms"] += round(seconds * 1_000)

    tokens = {name: SENSOR_TOKEN + name for name in (*TOWN.shops, *TOWN.counters)}
    keys = Keys(REPLAYER_TOKEN, tokens, tokens, dict.fromkeys(TOWN.shops, "key"))
    try:
        with (
            MortalUplink(ingest.url, REPLAYER_TOKEN) as uplink,
            MortalPoster("ingest", ingest.url) as service,
        ):
            outlets = Outlets(TOWN, keys, service, service)
            filling = Filling(VILLAGE, uplink, outlets, folder, START, UNTIL)
            filling.run(lambda: clock["now_ms"], wait, lambda _: None)
    except CrashError:
        wait(25)
        return False
    return True


def written(folder):
    """The folder's files; how many batches it took depends on the wall clock, so without their number."""
    files = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    progress = json.loads(files.pop("progress.json"))
    assert progress.pop("sequences")
    return {**files, "progress": progress}


def told(ingest):
    """Every sale (id, version), count, use and answer that arrived, whatever it came in and however often."""
    found = set()
    for path, _, _, body in ingest.posts:
        if body.startswith(b"{"):
            posted = json.loads(body)
            found |= {
                (kind, json.dumps(item, sort_keys=True))
                for kind in ("sales", "counts", "events", "answers")
                for item in posted.get(kind, [])
            }
            payment = posted.get("data", {}).get("object", {}).get("payment")
            if payment and payment["status"] != "APPROVED":
                found.add(("square", payment["id"]))
        elif "source=square" in path:
            found |= {("square", line.split(",")[0]) for line in body.decode("utf-8-sig").splitlines()[1:]}
        else:
            found |= {(path, line) for line in body.splitlines()}
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    Mortal.crash_at = NEVER
    with FakeIngest(TOWN) as ingest:
        assert filled(ingest, folder, {"now_ms": UNTIL})
        assert {kind for kind, _ in told(ingest)} >= {"square", "sales", "counts", "events"}
        return sorted(ingest.detections()), told(ingest), written(folder)


@settings(max_examples=8)
@given(crashes=st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=4))
def test_a_village_killed_at_any_request_delivers_the_same_in_the_end(crashes, undisturbed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    # What is history and what is live is cut in other places when the wall clock has gone on.
    clock = {"now_ms": UNTIL - 2 * MINUTE - 1_234}
    with FakeIngest(TOWN) as ingest:
        for crash in [*crashes, NEVER]:
            Mortal.crash_at, Mortal.requests = crash, 0
            if filled(ingest, folder, clock):
                break
        assert ingest.renamed == []
        assert (sorted(ingest.detections()), told(ingest), written(folder)) == undisturbed
