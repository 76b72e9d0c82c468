"""`meguri up` with a public URL: visitors come by TLS, everything else stays on its machine."""

import re
import signal
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import trustme
from command_line.processes import Meguri, run
from meguri.engines.ports import free_ports

TOWN = Path(__file__).parents[2] / "infra/towns/mine.yaml"
CA = trustme.CA()


def certificate(folder, until):
    leaf = CA.issue_cert("localhost", not_after=until)
    files = folder / "fullchain.pem", folder / "privkey.pem"
    files[0].write_bytes(b"".join(each.bytes() for each in leaf.cert_chain_pems))
    files[1].write_bytes(leaf.private_key_pem.bytes())
    return ("--tls-cert", files[0], "--tls-key", files[1])


def phone():
    context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    CA.configure_trust(context)
    return httpx.Client(verify=context)


def test_a_phone_reaches_the_guide_over_tls_and_the_office_s_first_link_leads_there(tmp_path):
    (port,) = free_ports(1)
    url = f"https://localhost:{port}"
    files = certificate(tmp_path, datetime.now(UTC) + timedelta(days=10))
    with (
        Meguri("up", tmp_path / "data", "--town", TOWN, "--public-url", url, *files) as meguri,
        phone() as client,
    ):
        addresses = meguri.until_answering()["addresses"]
        assert addresses["guide"] == url
        assert client.get(f"{url}/s/101").status_code == 200
        link = re.search(rf"{re.escape(url)}/office/join/\S+", meguri.output)
        assert client.get(link.group(0)).status_code == 200
        assert addresses["dashboard"].startswith("http://127.0.0.1:")
        assert httpx.get(addresses["dashboard"], follow_redirects=True).status_code == 200
        meguri.until(lambda: "Renew it" in meguri.output)
        assert meguri.end(signal.SIGINT) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--public-url", "http://guide.example"), "over https alone"),
        (("--public-url", "https://guide.example"), "Nobody brings the TLS"),
        (("--public-url", "https://guide.example", "--behind-proxy", "proxy"), "no address or network"),
    ],
)
def test_what_phones_could_not_use_is_refused_before_anything_is_started(tmp_path, arguments, says):
    answer = run("up", "--data", tmp_path / "data", "--port", "0", "--town", TOWN, *arguments)
    assert (answer.returncode, says in answer.stderr) == (1, True)
    assert not (tmp_path / "data").exists()
