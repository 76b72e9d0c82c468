"""Who may post, how much, and how often; every refusal is JSON with a sentence."""

import asyncio
import gzip
import zlib

import pytest
from fakes.ingest_world import IngestWorld, until
from meguri_proto.schema.upload_pb2 import Upload


@pytest.fixture
async def ingest(tmp_path):
    world = IngestWorld(tmp_path, max_body_bytes=10_000, max_upload_bytes=50_000, max_batches=3)
    yield world
    await world.close()


def sentence(answer):
    assert set(answer.json()) == {"error"}
    said = answer.json()["error"]
    assert said.endswith(".")
    return said


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer unknown"}, {"Authorization": "Basic dTpw"}, {"Authorization": ""}],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/detections"), ("GET", "/v1/keys"), ("POST", "/v1/ticks")]
)
async def test_without_a_known_token_nothing_is_opened(ingest, method, path, headers):
    answer = await ingest.client.request(method, path, headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="meguri"')
    assert "enrol to get one" in sentence(answer)
    assert (await ingest.metrics())['meguri_ingest_refused_total{cause="token"}'] == 1


OPENED = {
    ("POST", "/v1/detections"): {"sensor", "replayer"},
    ("GET", "/v1/keys"): {"sensor", "replayer"},
    ("GET", "/v1/opt-outs"): {"sensor", "replayer"},
    ("POST", "/v1/ticks"): {"replayer"},
    ("POST", "/v1/sales"): {"till", "replayer"},
    ("POST", "/v1/counts"): {"counter", "sensor", "replayer"},
}


@pytest.mark.parametrize("role", ["sensor", "replayer", "till", "counter"])
@pytest.mark.parametrize(("method", "path"), OPENED)
async def test_a_token_opens_what_its_role_is_for_and_nothing_else(ingest, method, path, role):
    answer = await ingest.client.request(method, path, headers=ingest.authorization("gate", role))
    if role in OPENED[method, path]:
        assert answer.status_code in (200, 400), "opened; an empty body may be no request"
    else:
        assert answer.status_code == 403
        assert f"yours is that of a {role}" in sentence(answer)


async def test_a_token_of_a_town_without_a_file_opens_nothing(ingest):
    answer = await ingest.client.get("/v1/keys", headers=ingest.authorization(town="elsewhere"))
    assert answer.status_code == 403
    assert "elsewhere has no town file" in sentence(answer)


async def test_a_body_may_be_as_long_as_the_limit_and_no_longer(ingest):
    fits = gzip.compress(b"").ljust(10_000, b"\x00")
    assert (await ingest.post_body(fits)).status_code == 400, "read, and found to be no upload"
    answer = await ingest.post_body(fits + b"\x00")
    assert answer.status_code == 413
    assert "10001 bytes; one request may have 10000" in sentence(answer)


async def test_a_body_that_does_not_say_its_length_is_cut_off(ingest):
    async def endless():
        while True:
            yield bytes(1_000)

    answer = await ingest.post_body(endless())
    assert answer.status_code == 413
    assert "more than 10000 bytes" in sentence(answer)


async def test_a_small_body_that_grows_beyond_the_limit_is_not_decompressed_to_its_end(ingest):
    bomb = gzip.compress(bytes(5_000_000))
    assert len(bomb) < 10_000
    answer = await ingest.post_body(bomb, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 413
    assert "more than 50000 bytes once decompressed" in sentence(answer)


async def test_an_upload_may_be_as_large_as_the_limit_once_decompressed(tmp_path):
    ingest = IngestWorld(tmp_path, max_upload_bytes=1_000)
    for length, status in [(1_000, 200), (1_001, 413)]:
        unknown_field = b"\x1a" + bytes([(length - 3) & 0x7F | 0x80, (length - 3) >> 7]) + bytes(length - 3)
        assert len(unknown_field) == length
        assert len(Upload.FromString(unknown_field).batches) == 0
        body = gzip.compress(unknown_field)
        assert (await ingest.post_body(body, headers={"Content-Encoding": "gzip"})).status_code == status
        assert (await ingest.post_body(unknown_field)).status_code == status
    await ingest.close()


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b"", mtime=0)[:-4],
        gzip.compress(b"", mtime=0) + b"more",
        gzip.compress(b"", mtime=0) * 2,
        zlib.compress(b""),
        b"",
    ],
    ids=["cut", "longer", "two", "zlib", "empty"],
)
async def test_gzip_that_is_not_one_whole_member_is_unreadable(ingest, body):
    answer = await ingest.post_body(body, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 400
    assert sentence(answer)


async def test_an_encoding_that_ingest_does_not_read_is_named(ingest):
    answer = await ingest.post_body(b"", headers={"Content-Encoding": "br"})
    assert (answer.status_code, sentence(answer)) == (415, "Content-Encoding is to be gzip or identity.")


async def test_an_upload_with_too_many_batches_is_refused_whole(ingest):
    batches = [ingest.batch([0], sequence=n) for n in range(4)]
    answer = await ingest.post(batches)
    assert answer.status_code == 413
    assert "4 batches; one upload may have 3" in sentence(answer)
    assert ingest.log.records() == []
    assert (await ingest.post(batches[:3])).json()["accepted"] == 3


async def test_more_than_may_wait_is_refused_until_it_is_acknowledged(tmp_path):
    ingest = IngestWorld(tmp_path, max_waiting_detections=10)
    ingest.log.acknowledging.clear()
    on_its_way = asyncio.create_task(ingest.post([ingest.batch(range(10))]))
    await until(lambda: ingest.log.calls)
    waiting = asyncio.create_task(ingest.post([ingest.batch(range(10), sequence=1)]))
    await asyncio.wait([waiting], timeout=0.2)
    refused = await ingest.post([ingest.batch(range(1), sequence=2)])
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    ingest.log.acknowledging.set()
    assert [(await each).status_code for each in (on_its_way, waiting)] == [200, 200]
    assert (await ingest.post([ingest.batch(range(1), sequence=2)])).status_code == 200
    await ingest.close()


async def test_if_redis_is_away_uploads_go_on_and_it_is_counted(tmp_path):
    ingest = IngestWorld(tmp_path, redis_url="redis://127.0.0.1:1/0", sensor_requests_per_minute=1)
    statuses = [(await ingest.post([ingest.batch([0], sequence=n)])).status_code for n in range(3)]
    assert statuses == [200, 200, 200]
    assert (await ingest.metrics())["meguri_ingest_redis_failures_total"] == 3
    await ingest.close()


async def test_a_path_that_does_not_exist_is_answered_in_json(ingest):
    assert (await ingest.client.get("/nowhere")).json() == {"error": "Not Found"}
    assert (await ingest.client.get("/v1/detections")).status_code == 405


async def test_a_failure_of_ingest_itself_says_nothing_of_its_inside(ingest, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("the inside")

    monkeypatch.setattr(ingest.registry, "key_check", fail)
    answer = await ingest.post([ingest.batch([0])])
    assert (answer.status_code, sentence(answer)) == (500, "Ingest failed; its log says where.")


async def test_a_registry_that_does_not_answer_is_a_reason_to_come_again(ingest):
    headers = ingest.authorization()
    with ingest.registry.transaction() as connection:
        connection.exec_driver_sql("DROP TABLE town_times")
    answer = await ingest.client.get("/v1/keys", headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert sentence(answer) == "The registry does not answer; try again in a few seconds."
