"""The guide before the world: real TLS on a real socket, and whose word about visitors is believed."""

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest
import trustme
from fastapi import FastAPI, Request
from meguri.errors import LocalRunError
from meguri.listeners import listen
from meguri.public_side import Door, look_after_certificate, read_door
from meguri_kit.public_side import PublicSide

CA = trustme.CA()


def write(folder, until):
    leaf = CA.issue_cert("guide.example", "127.0.0.1", not_after=until)
    certificate, key = folder / "fullchain.pem", folder / "privkey.pem"
    certificate.write_bytes(b"".join(each.bytes() for each in leaf.cert_chain_pems))
    key.write_bytes(leaf.private_key_pem.bytes())
    return certificate, key


def days(number):
    return datetime.now(UTC) + timedelta(days=number)


def trusting():
    context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    CA.configure_trust(context)
    return context


@asynccontextmanager
async def serving(public):
    """The services' servers with apps that say who asked; gives their ports."""
    from meguri.services import Servers

    listeners = {name: socket.create_server(("127.0.0.1", 0)) for name in ("guide", "dashboard")}
    apps = {}
    for name in listeners:
        apps[name] = FastAPI()

        @apps[name].get("/")
        def who(request: Request):
            return {"client": request.client.host, "scheme": request.url.scheme}

        apps[name].state.subscribers = SimpleNamespace(close=lambda: None)
    servers = Servers(apps, listeners, public)
    while not servers.started:
        servers.check()
        await asyncio.sleep(0.01)
    try:
        yield {name: each.getsockname()[1] for name, each in listeners.items()}
    finally:
        await servers.stop()


async def ask(address, **headers):
    async with httpx.AsyncClient(verify=trusting()) as client:
        return (await client.get(address, headers=headers)).json()


async def test_with_a_certificate_the_guide_answers_over_tls_and_the_dashboard_stays_as_it_was(tmp_path):
    door = read_door("https://guide.example", *write(tmp_path, days(60)), None, None)
    async with serving(door.public) as ports:
        assert (await ask(f"https://127.0.0.1:{ports['guide']}/"))["scheme"] == "https"
        assert (await ask(f"http://127.0.0.1:{ports['dashboard']}/"))["scheme"] == "http"
        with pytest.raises(httpx.TransportError):
            await ask(f"http://127.0.0.1:{ports['guide']}/")


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [
        ("127.0.0.1", ("203.0.113.9", "https")),
        ("10.0.0.5", ("127.0.0.1", "http")),
        (None, ("127.0.0.1", "http")),
    ],
)
async def test_only_the_proxy_that_was_named_says_where_visitors_come_from(proxies, seen):
    public = read_door(proxies and "https://guide.example", None, None, proxies, None).public
    forwarded = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    async with serving(public) as ports:
        got = await ask(f"http://127.0.0.1:{ports['guide']}/", **forwarded)
    assert (got["client"], got["scheme"]) == seen


@pytest.mark.parametrize(
    ("url", "port", "place"),
    [
        ("https://guide.example", None, ("0.0.0.0", 443)),
        ("https://guide.example:8443", None, ("0.0.0.0", 8443)),
        ("https://guide.example", 8602, ("0.0.0.0", 8602)),
    ],
)
def test_with_a_certificate_the_guide_listens_on_the_public_url_s_port(tmp_path, url, port, place):
    assert read_door(url, *write(tmp_path, days(60)), None, port).elsewhere(8602) == {"guide": place}


def test_behind_a_proxy_or_alone_it_stays_beside_the_other_services():
    assert Door().elsewhere(8602) == {}
    behind = read_door("https://guide.example", None, None, "127.0.0.1", None)
    assert behind.elsewhere(8602) == {"guide": ("127.0.0.1", 8602)}


def test_a_port_of_the_guide_that_cannot_be_had_is_said_with_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = ("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(LocalRunError, match=f"Port {place[1]}, on which visitors.*--guide-port"):
            listen(0, {"guide": place})


def test_what_cannot_be_a_door_is_the_command_line_s_error():
    with pytest.raises(LocalRunError, match="over https alone"):
        read_door("http://guide.example", None, None, None, None)


async def test_while_meguri_runs_it_says_that_the_certificate_is_about_to_end(tmp_path):
    door = read_door("https://guide.example", *write(tmp_path, days(20)), None, None)
    said = []
    running = SimpleNamespace(door=door, narrator=SimpleNamespace(say=said.append))
    task = asyncio.create_task(look_after_certificate(running))
    while not said:
        assert not task.done()
        await asyncio.sleep(0.01)
    task.cancel()
    assert "in 19 days. Renew it" in said[0]


async def test_without_a_certificate_there_is_nothing_to_look_after():
    running = SimpleNamespace(door=Door(PublicSide()))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(look_after_certificate(running), 0.05)
