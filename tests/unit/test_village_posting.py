"""What the village posts is repeated while a service is away, and given up with a sentence."""

import pytest
from fakes.ingest import SENSOR_TOKEN, FakeIngest
from meguri_sensors.service import UplinkError
from meguri_village.posting import Posted, Poster
from reference.village import whole_town

HEADERS = {"Content-Type": "application/json"}


@pytest.fixture
def ingest():
    with FakeIngest(whole_town()) as ingest:
        yield ingest


def test_what_is_posted_arrives_with_its_token(ingest):
    with Poster("ingest", ingest.url) as poster:
        assert poster.post("/v1/sales?source=till", b"{}", HEADERS, SENSOR_TOKEN + "gifts") == Posted(1, 0)
    ((path, sender, _, body),) = ingest.posts
    assert (path, sender, body) == ("/v1/sales?source=till", "gifts", b"{}")


def test_a_service_that_is_away_is_asked_again_and_not_before_it_asks_to_be(ingest):
    waits = []
    ingest.refusals.extend([(503, {}), (429, {"Retry-After": "7"}), (500, {})])
    with Poster("ingest", ingest.url, sleep=waits.append) as poster:
        assert poster.post("/v1/sales", b"{}", HEADERS, SENSOR_TOKEN + "gifts").accepted == 1
    assert waits[0] < 1
    assert waits[1] >= 7
    assert len(waits) == 3


@pytest.mark.parametrize(
    ("status", "says"), [(503, "within 5 s"), (401, "it answered 401"), (413, "it answered 413")]
)
def test_a_service_that_does_not_take_it_is_given_up_with_a_sentence(ingest, status, says):
    ingest.refusals.extend([(status, {})] * 20)
    poster = Poster("ingest", ingest.url, patience_s=5, sleep=lambda _: None)
    with poster, pytest.raises(UplinkError, match=says) as error:
        poster.post("/v1/sales?source=till", b"{}", HEADERS, "secret")
    assert str(error.value).startswith(f"Ingest at {ingest.url} did not take what was posted to /v1/sales:")
    assert "secret" not in str(error.value)


def test_what_is_not_meguri_is_named():
    with FakeIngest(whole_town()) as ingest:
        ingest.answer_post = lambda *_: (200, {"hello": "world"})
        with Poster("ingest", ingest.url) as poster, pytest.raises(UplinkError, match="is not Meguri"):
            poster.post("/v1/sales", b"{}", HEADERS, SENSOR_TOKEN)


def test_nobody_there_is_said():
    poster = Poster("ingest", "http://127.0.0.1:1", patience_s=1, sleep=lambda _: None)
    with poster, pytest.raises(UplinkError, match="ConnectError"):
        poster.post("/v1/sales", b"{}", HEADERS)


@pytest.mark.parametrize("url", ["localhost", "ftp://here", "http://", "http://[::1"])
def test_an_address_that_is_none_is_named(url):
    with pytest.raises(UplinkError, match="has to be like http://"):
        Poster("ingest", url)
