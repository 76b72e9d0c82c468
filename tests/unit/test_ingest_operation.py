"""What operates ingest: health, readiness, metrics, the description of its API, its own process."""

import os
import subprocess
import sys

import pytest
from fakes.ingest_world import IngestWorld
from meguri.checkout import ROOT
from meguri_ingest.__main__ import Process
from meguri_ingest.sales import COLUMNS
from meguri_ingest.settings import Settings
from meguri_kit.registry import RegistryError
from meguri_proto.payments import PaymentMethod
from pydantic_core import PydanticUndefined

README = ROOT / "services/ingest/README.md"
MIB = 1024 * 1024


@pytest.fixture
async def ingest(tmp_path):
    world = IngestWorld(tmp_path)
    yield world
    await world.close()


async def test_the_process_lives_whatever_is_missing(ingest):
    ingest.log.available = False
    answer = await ingest.client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_it_is_ready_while_kafka_and_the_registry_answer(ingest):
    answer = await ingest.client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True})


async def test_it_is_not_ready_without_kafka_or_the_registry_and_names_them(ingest, monkeypatch):
    ingest.log.available = False
    answer = await ingest.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "error": "Ingest cannot take uploads: Kafka did not answer.",
        "missing": ["Kafka"],
    }

    def fail():
        raise RegistryError("no")

    monkeypatch.setattr(ingest.registry, "check", fail)
    answer = await ingest.client.get("/readyz")
    assert answer.json()["missing"] == ["Kafka", "registry"]


async def test_every_metric_has_the_services_prefix_and_a_sentence(ingest):
    lines = (await ingest.client.get("/metrics")).text.splitlines()
    helps = dict(line.removeprefix("# HELP ").split(" ", 1) for line in lines if line.startswith("# HELP "))
    assert len(helps) > 10
    for name, sentence in helps.items():
        assert name.startswith("meguri_ingest_")
        assert sentence.endswith("."), name


async def test_requests_are_counted_by_route(ingest):
    await ingest.post([ingest.batch([0])])
    sample = 'meguri_ingest_http_requests_total{method="POST",route="/v1/detections",status="200"}'
    assert (await ingest.metrics())[sample] == 1


async def test_the_description_names_every_answer_and_loads_nothing_from_elsewhere(ingest):
    paths = (await ingest.client.get("/openapi.json")).json()["paths"]
    assert set(paths) == {
        *("/v1/detections", "/v1/keys", "/v1/opt-outs", "/v1/ticks", "/v1/sales", "/v1/counts"),
        *("/v1/webhooks/square/{town}/{shop}", "/healthz", "/readyz"),
    }
    upload = paths["/v1/detections"]["post"]
    assert set(upload["responses"]) == {"200", "400", "401", "403", "413", "415", "422", "429", "503"}
    assert "application/x-protobuf" in upload["requestBody"]["content"]
    sales = paths["/v1/sales"]["post"]["requestBody"]["content"]
    assert set(sales) == {"application/json", "text/csv"}
    fields = sales["application/json"]["schema"]["properties"]["sales"]["items"]["properties"]
    assert set(fields) == set(COLUMNS)
    assert set(fields["method"]["enum"]) == set(PaymentMethod)
    assert (await ingest.client.get("/docs")).status_code == 404
    assert (await ingest.client.get("/redoc")).status_code == 404


def run(tmp_path, **variables):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MEGURI_")}
    return subprocess.run(
        [sys.executable, "-m", "meguri_ingest"],
        env={**clean, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=tmp_path,
    )


def test_a_process_without_settings_names_what_is_missing(tmp_path):
    ended = run(tmp_path)
    assert ended.returncode == 1
    assert ended.stderr == (
        "Ingest cannot start: set these environment variables as described: "
        "MEGURI_KAFKA, MEGURI_TOWNS, MEGURI_REGISTRY_URL\n"
    )


def test_a_process_without_towns_says_so(tmp_path):
    ended = run(
        tmp_path,
        MEGURI_KAFKA="127.0.0.1:1",
        MEGURI_TOWNS=str(tmp_path),
        MEGURI_REGISTRY_URL=f"sqlite:///{tmp_path}/r.db",
    )
    assert ended.returncode == 1
    assert ended.stderr == f"Ingest cannot start: {tmp_path} holds no town file (*.yaml)\n"


def documented():
    """What the readme's table has beside each variable."""
    rows = [line.split("|")[1:3] for line in README.read_text("utf-8").splitlines() if line.startswith("| `")]
    found = {}
    for names, defaults in rows:
        each_default = defaults.strip().split(", ") if ", " in names else [defaults.strip()]
        found.update(zip((name.strip(" `") for name in names.split(",")), each_default, strict=True))
    return found


def as_written(default):
    """A default as the readme writes it."""
    if default is PydanticUndefined:
        return ""
    return f"{default // MIB} MiB" if isinstance(default, int) and default >= MIB else str(default)


def test_the_readme_names_every_setting_and_its_default():
    settings = {
        **{f"MEGURI_{name.upper()}": field.default for name, field in Process.model_fields.items()},
        **{f"MEGURI_INGEST_{name.upper()}": field.default for name, field in Settings.model_fields.items()},
    }
    written = {name: as_written(default) for name, default in settings.items()}
    written |= {"MEGURI_REDIS_URL": "none", "MEGURI_INGEST_PUBLIC_URL": "each request's own"}
    assert documented() == written
