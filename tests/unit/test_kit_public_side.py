"""The public side of a service: which settings go together, where it listens, and what is refused how."""

from datetime import UTC, datetime, timedelta

import pytest
import trustme
from meguri_kit.public_side import PublicSideError, read_public_side

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://guide.example"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    leaf = trustme.CA().issue_cert(
        "guide.example", not_before=NOW - timedelta(1), not_after=NOW + timedelta(60)
    )
    certificate, key = folder / "fullchain.pem", folder / "privkey.pem"
    certificate.write_bytes(b"".join(each.bytes() for each in leaf.cert_chain_pems))
    key.write_bytes(leaf.private_key_pem.bytes())
    return certificate, key


def side(url=None, files=(None, None), proxies=None):
    return read_public_side(url=url, certificate=files[0], key=files[1], proxies=proxies, now=NOW)


def test_without_settings_a_service_answers_its_machine_alone():
    alone = side()
    assert (alone.origin, alone.host, alone.proxies, alone.ssl_context_factory) == (
        None,
        "127.0.0.1",
        "",
        None,
    )


def test_with_a_certificate_it_brings_the_tls_and_listens_for_everybody(files):
    public = side(URL, files)
    assert (public.origin, public.host, public.proxies) == (URL, "0.0.0.0", "")
    assert public.ssl_context_factory(None, None) is public.certificate.context


@pytest.mark.parametrize(
    ("proxies", "host", "believed"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("127.0.0.1, ::1", "127.0.0.1", "127.0.0.1,::1"),
        ("10.0.0.5", "0.0.0.0", "10.0.0.5"),
        ("127.0.0.1,10.0.0.0/8", "0.0.0.0", "127.0.0.1,10.0.0.0/8"),
    ],
)
def test_behind_a_proxy_it_listens_where_the_proxy_comes_from(proxies, host, believed):
    public = side(URL, proxies=proxies)
    assert (public.origin, public.host, public.proxies) == (URL, host, believed)
    assert public.ssl_context_factory is None


def test_a_proxy_is_believed_even_where_nobody_says_the_public_url():
    public = side(proxies="127.0.0.1")
    assert (public.origin, public.proxies) == (None, "127.0.0.1")


def test_on_this_machine_a_public_url_needs_no_tls():
    assert side("http://localhost:8602").host == "127.0.0.1"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"url": URL}, "Nobody brings the TLS of https://guide.example.*--tls-cert.*--behind-proxy"),
        ({"url": "http://guide.example", "proxies": "127.0.0.1"}, "is http: phones"),
        ({"url": URL, "files": "certificate"}, "go together"),
        ({"url": URL, "files": "key"}, "go together"),
        ({"url": URL, "files": "both", "proxies": "127.0.0.1"}, "name one of the two"),
        ({"files": "both"}, "--public-url https://"),
        ({"url": "http://localhost:8602", "files": "both"}, "public URL is https, not http://localhost"),
        ({"url": "https://other.example", "files": "both"}, "is for guide.example, not for other.example"),
        ({"url": URL, "proxies": "the-proxy"}, "the-proxy is no address or network, such as 127.0.0.1"),
    ],
)
def test_what_does_not_go_together_is_refused_with_what_to_do(files, settings, says):
    named = {"certificate": (files[0], None), "key": (None, files[1]), "both": files, None: (None, None)}
    chosen = named[settings.get("files")]
    with pytest.raises(PublicSideError, match=says):
        side(settings.get("url"), chosen, settings.get("proxies"))
