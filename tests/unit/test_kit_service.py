"""What every service's process has: logs as JSON lines, requests counted by route, its settings."""

import io
import json
import logging

import httpx
import pytest
from fastapi import FastAPI
from meguri_kit.logging import configure
from meguri_kit.metrics import instrument, metrics_app
from meguri_kit.settings import ProcessSettings, read_towns
from meguri_proto.towns import TownFileError
from prometheus_client import CollectorRegistry, Counter
from pydantic import ValidationError

TOWN = """
town: {name}
name: {{ja: 村, en: Village}}
time_zone: Asia/Tokyo
places: {{hall: {{ja: 館, en: Hall}}}}
sensors: {{gate: {{place: hall, minimum_rssi: -75}}}}
"""


@pytest.fixture
def logged():
    """Configures logging onto a stream; everything is as before afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    yield lambda: configure("INFO", stream) or stream
    root.handlers[:], root.level = before


def test_a_record_is_one_line_of_json(logged):
    stream = logged()
    logging.getLogger("a.b").warning("%d 件\nin two lines", 3)
    (line,) = stream.getvalue().splitlines()
    record = json.loads(line)
    assert record.pop("at").endswith("+00:00")
    assert record == {"level": "warning", "logger": "a.b", "message": "3 件\nin two lines"}


def test_fields_of_the_closed_list_are_in_the_line_and_others_are_not(logged):
    stream = logged()
    logging.getLogger("meguri").info("taken over", extra={"partition": 3, "offset": 7, "address": "02:00"})
    line = json.loads(stream.getvalue())
    assert (line["partition"], line["offset"]) == (3, 7)
    assert "address" not in line


def test_a_traceback_is_in_the_line(logged):
    stream = logged()
    try:
        int("no")
    except ValueError:
        logging.getLogger("a").exception("failed")
    (line,) = stream.getvalue().splitlines()
    assert "ValueError: invalid literal" in json.loads(line)["traceback"]


def test_access_logs_are_off(logged):
    stream = logged()
    logging.getLogger("uvicorn.access").error("192.0.2.7 GET /")
    logging.getLogger("httpx").info("GET https://example.org/?token=1")
    assert stream.getvalue() == ""


def client_of(app):
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://example")


@pytest.fixture
def counted():
    """A client of an app whose requests are counted."""
    app = FastAPI()
    instrument(app, CollectorRegistry(), "meguri_example")

    @app.get("/towns/{town}")
    def town(town: str) -> str:
        if town == "bad":
            raise RuntimeError("bad")
        return town

    return client_of(app)


async def test_requests_are_counted_under_their_routes_template(counted):
    await counted.get("/towns/a")
    await counted.get("/towns/b")
    await counted.get("/towns/bad")
    text = (await counted.get("/metrics")).text
    sample = 'meguri_example_http_requests_total{method="GET",route="/towns/{town}",status='
    assert f'{sample}"200"}} 2.0' in text
    assert f'{sample}"500"}} 1.0' in text
    assert 'meguri_example_http_request_seconds_count{route="/towns/{town}"} 2.0' in text


async def test_paths_and_methods_that_are_made_up_become_one_label(counted):
    await counted.get("/wp-login.php")
    await counted.get("/.env")
    await counted.request("BREW", "/towns/a")
    text = (await counted.get("/metrics")).text
    assert 'requests_total{method="GET",route="unmatched",status="404"} 2.0' in text
    assert "wp-login" not in text
    assert "BREW" not in text


async def test_two_apps_of_one_process_count_apart():
    for _ in range(2):
        app = FastAPI()
        instrument(app, CollectorRegistry(), "meguri_example")
        client = client_of(app)
        await client.get("/nowhere")
        assert 'route="unmatched",status="404"} 1.0' in (await client.get("/metrics")).text


async def test_what_no_other_app_serves_of_a_process_stands_at_the_root():
    Counter("meguri_example_of_the_process", "Of a test.").inc(3)
    client = client_of(metrics_app())
    for path in ("/", "/metrics"):
        assert "meguri_example_of_the_process_total 3.0" in (await client.get(path)).text


def test_a_process_is_told_by_the_environment_where_the_others_are(monkeypatch, tmp_path):
    monkeypatch.setenv("MEGURI_KAFKA", "kafka:9092")
    with pytest.raises(ValidationError, match="towns"):
        ProcessSettings()
    monkeypatch.setenv("MEGURI_TOWNS", str(tmp_path))
    settings = ProcessSettings()
    assert (settings.kafka, settings.redis_url, settings.towns) == ("kafka:9092", None, tmp_path)


def test_towns_are_read_by_name(tmp_path):
    (tmp_path / "b.yaml").write_text(TOWN.format(name="b"), "utf-8")
    (tmp_path / "a.yaml").write_text(TOWN.format(name="a"), "utf-8")
    (tmp_path / "notes.txt").write_text("no town", "utf-8")
    assert list(read_towns(tmp_path)) == ["a", "b"]


def test_no_town_or_the_same_town_twice_is_an_error(tmp_path):
    with pytest.raises(TownFileError, match="holds no town file"):
        read_towns(tmp_path)
    (tmp_path / "one.yaml").write_text(TOWN.format(name="a"), "utf-8")
    (tmp_path / "two.yaml").write_text(TOWN.format(name="a"), "utf-8")
    with pytest.raises(TownFileError, match=r"two\.yaml, line 1: a is the name of another"):
        read_towns(tmp_path)
