"""The guide's own process before the world: TLS, and a plain word where it cannot begin."""

import os
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import trustme
from meguri.engines.ports import free_ports

TOWNS = Path(__file__).parents[2] / "infra/towns"
CA = trustme.CA()


@pytest.fixture
def certificate(tmp_path):
    leaf = CA.issue_cert("localhost", not_after=datetime.now(UTC) + timedelta(days=60))
    certificate, key = tmp_path / "fullchain.pem", tmp_path / "privkey.pem"
    certificate.write_bytes(b"".join(each.bytes() for each in leaf.cert_chain_pems))
    key.write_bytes(leaf.private_key_pem.bytes())
    return {"MEGURI_TLS_CERT": str(certificate), "MEGURI_TLS_KEY": str(key)}


def started(tmp_path, **settings):
    told = {
        "MEGURI_KAFKA": "127.0.0.1:9",  # nobody is there: the pages stand all the same
        "MEGURI_TOWNS": str(TOWNS),
        "MEGURI_GUIDES": str(tmp_path / "guides"),
        **settings,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "meguri_qrguide"],
        env={**os.environ, **told},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_guide_s_process_answers_over_tls_with_the_certificate_it_was_given(tmp_path, certificate):
    (port,) = free_ports(1)
    url = f"https://localhost:{port}"
    context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    CA.configure_trust(context)
    process = started(tmp_path, MEGURI_PORT=str(port), MEGURI_PUBLIC_URL=url, **certificate)
    try:
        with httpx.Client(verify=context) as client:
            assert eventually_answers(client, f"{url}/s/101", process).status_code == 200
    finally:
        process.kill()
        process.communicate()


def eventually_answers(client, address, process):
    for _ in range(600):
        assert process.poll() is None, process.stderr.read()
        try:
            return client.get(address)
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("it does not answer")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"MEGURI_PUBLIC_URL": "http://guide.example"}, "over https alone"),
        ({"MEGURI_PUBLIC_URL": "https://guide.example"}, "MEGURI_TLS_CERT"),
    ],
)
def test_what_phones_could_not_use_is_refused_before_anything_begins(tmp_path, settings, says):
    process = started(tmp_path, **settings)
    _, said = process.communicate(timeout=120)
    assert (process.returncode, says in said, "Traceback" in said) == (1, True, False)
    assert not (tmp_path / "guides").exists()
