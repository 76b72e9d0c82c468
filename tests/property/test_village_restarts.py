"""However often the village is killed, and whenever: in the end Meguri has the same."""

import json

import pytest
from fakes.ingest import REPLAYER_TOKEN, SENSOR_TOKEN, FakeIngest
from hypothesis import given, settings
from hypothesis import strategies as st
from meguri_sensors.uplink import Uplink
from meguri_village.filling import Filling
from meguri_village.people import Village
from reference.village import KEY_DAY, village_town

MINUTE = 60_000
TOWN = village_town()
VILLAGE = Village(TOWN, seed=3, size=0.3)
# Around a day's start, so that keys, boots and files change on the way.
START = TOWN.day_bounds_ms(KEY_DAY)[1] - 35 * MINUTE
UNTIL = START + 70 * MINUTE
NEVER = (10**9, False)


class CrashError(Exception):
    """The village is gone in this instant."""


class MortalUplink(Uplink):
    """Crashes at its n-th request, before or after ingest has taken it."""

    crash_at = NEVER
    requests = 0

    def upload(self, batches, *, recording):
        batches = list(batches)
        return self._mortal(lambda: super(MortalUplink, self).upload(batches, recording=recording))

    def tick(self, town_time_ms):
        self._mortal(lambda: super(MortalUplink, self).tick(town_time_ms))

    def _mortal(self, request):
        MortalUplink.requests += 1
        number, (at, is_after) = MortalUplink.requests, MortalUplink.crash_at
        if number == at and not is_after:
            raise CrashError
        answer = request()
        if number == at:
            raise CrashError
        return answer


def filled(ingest, folder, uplinks, clock):
    """The village delivered until its end or its crash; whether it reached its end."""

    def wait(seconds):
        clock["now_ms"] += round(seconds * 1_000)

    try:
        filling = Filling(VILLAGE, uplinks, folder, START, UNTIL)
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


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    with FakeIngest(TOWN) as ingest:
        assert filled(ingest, folder, uplinks_of(ingest), {"now_ms": UNTIL})
        return sorted(ingest.detections()), written(folder)


def uplinks_of(ingest):
    return {
        sensor: MortalUplink(ingest.url, SENSOR_TOKEN + sensor, REPLAYER_TOKEN) for sensor in TOWN.sensors
    }


@settings(max_examples=15)
@given(crashes=st.lists(st.tuples(st.integers(1, 25), st.booleans()), max_size=4))
def test_a_village_killed_at_any_request_delivers_the_same_in_the_end(crashes, undisturbed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    # What is history and what is live is cut in other places when the wall clock has gone on.
    clock = {"now_ms": UNTIL - 2 * MINUTE - 1_234}
    with FakeIngest(TOWN) as ingest:
        uplinks = uplinks_of(ingest)
        for crash in [*crashes, NEVER]:
            MortalUplink.crash_at, MortalUplink.requests = crash, 0
            if filled(ingest, folder, uplinks, clock):
                break
        assert ingest.renamed == []
        assert (sorted(ingest.detections()), written(folder)) == undisturbed
