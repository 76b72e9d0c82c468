"""The local run as a whole: what it says and does when it is stopped, or when a part of it fails."""

import json
import signal
import socket
import time
import urllib.request

import psutil
import pytest
from command_line.processes import Meguri, eventually_gone, run

# Few people, whose village lives on: no test sees its end.
SMALL = ("--days", "1", "--size", "0.1")


@pytest.fixture
def demo(tmp_path):
    with Meguri("demo", tmp_path / "data", *SMALL) as meguri:
        yield meguri


@pytest.fixture
def demo_of_one_town(tmp_path):
    with Meguri("demo", tmp_path / "data", "--town", "mine", *SMALL) as meguri:
        yield meguri


def test_it_says_where_it_answers_and_ctrl_c_ends_all_of_it(demo):
    status = demo.until_answering()
    children = demo.children()
    assert children.keys() == {"kafka", "redis", "village-minamiyamashiro", "village-mine"}
    for service, address in status["addresses"].items():
        assert address in demo.output, service

    second = run("demo", "--data", demo.data, "--port", "0")
    assert second.returncode == 1
    assert f"Meguri already runs on {demo.data} (process {demo.process.pid})" in second.stderr

    shown = run("status", "--data", demo.data)
    assert shown.returncode == 0
    assert status["addresses"]["ingest"] in shown.stdout
    for said in ("minamiyamashiro", "mine", "guide-events", "survey-answers"):
        assert said in shown.stdout

    inspected = run("flow", "inspect", "--data", demo.data)
    assert inspected.returncode == 0
    for said in ("minamiyamashiro", "mine", "watermark", "open devices"):
        assert said in inspected.stdout
    partitions = json.loads(run("flow", "inspect", "--json", "--data", demo.data).stdout)["partitions"]
    assert [each["partition"] for each in partitions] == [0, 1, 2, 3]
    with urllib.request.urlopen(status["addresses"]["flow"]) as page:
        assert 'meguri_flow_lag_messages{partition="0"}' in page.read().decode()

    assert demo.end(signal.SIGINT) == 0
    assert eventually_gone(children.values())
    assert not (demo.data / "children.json").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [("kafka", "Kafka"), ("redis", "Redis"), ("village-mine", "The village of Mine Akiyoshido")],
)
def test_a_killed_child_ends_all_of_it_with_a_sentence(demo_of_one_town, name, said):
    demo = demo_of_one_town
    demo.until(lambda: name in demo.children())
    children = demo.children()
    psutil.Process(children[name]).kill()
    assert demo.wait() == 1
    assert f"{said} was ended by signal 9." in demo.output
    assert "Traceback" not in demo.output
    assert eventually_gone(children.values())


def test_a_taken_port_is_named_before_anything_is_started(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = run("demo", "--data", tmp_path / "data", "--port", port)
    assert answer.returncode == 1
    assert f"Port {port}, on which the dashboard is to answer, cannot be used" in answer.stderr
    assert "--port" in answer.stderr
    assert not (tmp_path / "data" / "kafka").exists()


def test_a_demo_of_another_seed_is_not_mixed_into_the_one_that_is_there(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    there = {"start_ms": int(time.time() * 1000), "until_ms": None, "seed": 1, "size": 1.0}
    (data / "demo.json").write_text(json.dumps({"mine": {**there, "days": 60, "addresses": "field"}}))
    answer = run("demo", "--data", data, "--port", "0", "--seed", "2")
    assert answer.returncode == 1
    assert "holds a demo of mine whose seed is 1, not 2" in answer.stderr


def test_wrong_use_is_status_2():
    assert run("demo", "--exit-when-filled").returncode == 2
    assert run("demo", "--days", "0").returncode == 2
    assert run("stays").returncode == 2


def test_a_town_file_with_an_error_is_named_with_its_line(tmp_path):
    town = tmp_path / "town.yaml"
    town.write_text("town: somewhere\nname: {ja: x, en: x}\n")
    answer = run("up", "--town", town, "--data", tmp_path / "data", "--port", "0")
    assert answer.returncode == 1
    assert f"{town}, line 1" in answer.stderr
