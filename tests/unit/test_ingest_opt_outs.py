"""The opt-out list as a sensor gets it."""

import base64

import pytest
from fakes.ingest_world import IngestWorld
from meguri_proto.pseudonyms import opt_out_mark

ADDRESS = bytes.fromhex("3c22fb010203")


@pytest.fixture
async def ingest(tmp_path):
    world = IngestWorld(tmp_path)
    yield world
    await world.close()


async def test_a_town_without_opt_outs_has_a_key_and_no_marks(ingest):
    answer = await ingest.client.get("/v1/opt-outs", headers=ingest.authorization())
    assert answer.status_code == 200
    assert base64.b64decode(answer.json()["key"]) == ingest.registry.opt_out_key("village")
    assert answer.json()["marks"] == []
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_sensor_finds_an_address_on_the_list_by_the_mark_that_it_makes_itself(ingest):
    mark = opt_out_mark(ingest.registry.opt_out_key("village"), ADDRESS)
    ingest.registry.opt_out("village", mark)
    ingest.registry.opt_out("elsewhere", bytes(16))
    answer = (await ingest.client.get("/v1/opt-outs", headers=ingest.authorization())).json()
    made = opt_out_mark(base64.b64decode(answer["key"]), ADDRESS)
    assert [base64.b64decode(each) for each in answer["marks"]] == [made]
