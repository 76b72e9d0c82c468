"""The agent on an interface of the kernel and against the real ingest: heard, delivered, and nothing else."""

import json
import os
import signal
import subprocess
import sys
import time
from threading import Event, Thread

import pytest
from fakes.air import RADIOTAP, Air
from fakes.live_ingest import TOWN, live_ingest
from meguri_proto.pseudonyms import pseudonym
from meguri_sensors import agent as agent_module
from meguri_sensors.__main__ import main
from meguri_sensors.agent import Agent
from meguri_sensors.agent_status import read_status
from meguri_sensors.delivering import Delivering
from meguri_sensors.spool import Spool
from meguri_sensors.uplink import Uplink
from reference.captures import SIGNAL, probe_request, radiotap

MAKERS = [bytes([0, 0x11, 0x22, 0x33, 0x44, number]) for number in range(20)]
RANDOM = bytes.fromhex("0a1122334455")
OPTED_OUT = bytes.fromhex("00aabbccddee")


def now_ms():
    return time.time_ns() // 1_000_000


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def packet(address, number=0):
    return radiotap({SIGNAL: -50}) + probe_request(address, sequence_number=number)


@pytest.fixture
def air():
    with Air.opened(RADIOTAP) as air:
        yield air


@pytest.fixture
def ingest(tmp_path):
    with live_ingest(tmp_path, now_ms()) as ingest:
        yield ingest


class Running:
    """An agent in this process."""

    def __init__(self, air, ingest, folder):
        self.stopping = Event()
        self.uplink = Uplink(ingest.url, ingest.token, patience_s=1, sleep=self._sleep)
        self.spool = Spool(folder, 10**8)
        self.delivering = Delivering(self.uplink, self.spool, now_ms)
        self.status_file = folder / "status.json"
        self.agent = Agent(air.name, self.spool, self.delivering, self.status_file, self.stopping)
        self._thread = Thread(target=self.agent.run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self._thread.join()
        self.spool.close()
        self.uplink.close()

    def hears(self):
        """Wait until keys and opt-outs are here, and what is sent from now on is heard with them."""
        until(lambda: self.delivering.opt_outs)
        time.sleep(0.5)

    def _sleep(self, seconds):
        if self.stopping.wait(min(seconds, 0.1)):
            raise InterruptedError


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(agent_module, "LISTEN_S", 0.2)
    monkeypatch.setattr(agent_module, "LOOK_AGAIN_S", 0.2)


def pseudonyms(ingest, addresses):
    key = ingest.key(TOWN.key_day_at(now_ms()))
    return sorted(pseudonym(key, address) for address in addresses)


def test_what_is_heard_is_delivered_and_who_opted_out_is_not(air, ingest, tmp_path):
    ingest.opt_out(OPTED_OUT)
    with Running(air, ingest, tmp_path / "spool") as running:
        running.hears()
        air.send(*(packet(each) for each in (*MAKERS, RANDOM, OPTED_OUT)))
        until(lambda: len(ingest.devices()) >= 21)
        time.sleep(0.5)
        assert sorted(ingest.devices()) == pseudonyms(ingest, [*MAKERS, RANDOM])
        until(lambda: read_status(running.status_file).accepted == 21)
    status = read_status(running.status_file)
    assert (status.probe_requests, status.opted_out_frames, status.kernel_drops) == (21, 1, 0)
    assert (status.spool["waiting"], status.trouble, status.problem(now_ms())) == (0, None, None)
    assert not list((tmp_path / "spool").glob("*.batches"))


def test_an_outage_is_survived_with_a_restart_in_it(air, ingest, tmp_path):
    folder = tmp_path / "spool"
    with Running(air, ingest, folder) as running:
        running.hears()
        ingest.log.available = False
        air.send(*(packet(each) for each in MAKERS))
        until(lambda: running.spool.figures.waiting == 20)
        until(lambda: running.delivering.trouble)
        until(lambda: read_status(running.status_file).problem(now_ms()))
        assert "503" in read_status(running.status_file).trouble
    ingest.log.available = True
    with Running(air, ingest, folder) as running:
        until(lambda: running.delivering.accepted == 20)
    assert sorted(ingest.devices()) == pseudonyms(ingest, MAKERS)


def test_what_the_spool_gave_up_is_logged_with_how_much_it_was(air, ingest, tmp_path, caplog):
    with Running(air, ingest, tmp_path / "spool") as running:
        running.hears()
        ingest.log.available = False
        running.spool._bound_bytes = 1
        for number in range(3):
            air.send(packet(MAKERS[number]))
            until(lambda: running.spool.figures.waiting + running.spool.figures.dropped > number)  # noqa: B023
        until(lambda: any("gave up" in each.message and each.detections for each in caplog.records))


def test_an_interface_that_goes_down_is_listened_to_again_when_it_is_up(air, ingest, tmp_path):
    with Running(air, ingest, tmp_path / "spool") as running:
        running.hears()
        air.send(packet(MAKERS[0]))
        air.put(up=False)
        until(lambda: "it is down" in (read_status(running.status_file).trouble or ""))
        air.put(up=True)
        until(lambda: read_status(running.status_file).trouble is None)
        air.send(packet(MAKERS[1]))
        until(lambda: len(ingest.devices()) == 2)


def test_without_the_opt_out_list_nothing_is_heard(air, ingest, tmp_path):
    token, ingest.token = ingest.token, "unknown"
    with Running(air, ingest, tmp_path / "spool") as running:
        until(lambda: running.delivering.trouble)
        until(running.status_file.exists)
        air.send(*(packet(each) for each in MAKERS))
        until(lambda: sum(read_status(running.status_file).undeliverable.values()) == 20)
        assert "401" in read_status(running.status_file).trouble
    assert read_status(running.status_file).undeliverable == {"not_handed_out": 20}
    assert token not in running.status_file.read_text()


def command(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "meguri_sensors", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_process_listens_until_a_signal_and_what_it_heard_is_delivered_or_kept(air, ingest, tmp_path):
    folder, token = tmp_path / "spool", tmp_path / "token"
    token.write_text(ingest.token + "\n")
    settings = {
        "MEGURI_SENSOR_INTERFACE": air.name,
        "MEGURI_SENSOR_INGEST": ingest.url,
        "MEGURI_SENSOR_SPOOL": str(folder),
        "MEGURI_SENSOR_TOKEN_FILE": str(token),
    }
    running = command(**settings)
    logged = ""
    while "are here" not in logged:
        logged += running.stderr.readline()
    time.sleep(1)
    air.send(*(packet(each) for each in MAKERS))
    time.sleep(0.5)
    running.send_signal(signal.SIGTERM)
    logged += running.communicate(timeout=30)[1]
    assert running.returncode == 0
    said = command("--status", "--json", **settings).communicate(timeout=30)[0]
    assert (json.loads(said)["problem"], json.loads(said)["probe_requests"]) == (None, 20)
    assert len(ingest.devices()) + json.loads(said)["spool"]["waiting"] == 20
    for line in logged.splitlines():
        assert set(json.loads(line)) <= {"at", "level", "message", "interface", "detections"}
    secrets = [each.hex() for each in MAKERS] + [ingest.token, "00:11:22"]
    on_disk = b"".join(path.read_bytes() for path in folder.iterdir())
    for secret in secrets:
        assert secret not in logged + said
        assert secret.encode() not in on_disk
    assert not any(each in on_disk for each in MAKERS)


COMPLETE = {"--interface": "lo", "--ingest": "http://h", "--spool": "S", "--token-file": "T"}


@pytest.mark.parametrize(
    ("settings", "code", "says"),
    [
        ({"--interface": None}, 2, "Say --interface, or set MEGURI_SENSOR_INTERFACE"),
        ({"--ingest": None}, 2, "Say --ingest"),
        ({"--spool": None}, 2, "Say --spool"),
        ({"--token-file": None}, 2, "There is no token in MEGURI_SENSOR_TOKEN"),
        ({"--token-file": "no"}, 2, "The token file no cannot be read"),
        ({"--token-file": "empty"}, 2, "There is no token in the token file empty"),
        ({"--spool-mb": "7"}, 2, "--spool-mb is to be a number from 8"),
        ({"--spool-mb": "much"}, 2, "--spool-mb is to be a number from 8"),
        ({"--ingest": "h"}, 1, "has to be like http"),
        ({}, 1, "The interface lo is not in monitor mode"),
    ],
)
def test_what_is_missing_or_wrong_is_said_in_a_sentence(settings, code, says, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("MEGURI_SENSOR_TOKEN", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "T").write_text("a-token")
    (tmp_path / "empty").write_text("")
    given = [part for name, value in {**COMPLETE, **settings}.items() if value for part in (name, value)]
    assert main(given) == code
    assert says in capsys.readouterr().err


def test_a_status_that_is_not_there_or_old_is_said(tmp_path, capsys):
    assert main(["--status"]) == 2
    assert main(["--status", "--spool", str(tmp_path)]) == 1
    assert "no agent has run here yet" in capsys.readouterr().err
    (tmp_path / "status.json").write_text("{}")
    assert main(["--status", "--status-file", str(tmp_path / "status.json")]) == 1
    assert "cannot be read" in capsys.readouterr().err
