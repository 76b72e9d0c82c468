"""After a replay and a village, no address and no network name is anywhere in what Meguri keeps."""

import base64
import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
import redis
from command_line.processes import PATIENCE, Meguri, execute, rows, run
from meguri.control import ask
from meguri.data_folder import DataFolder
from meguri_proto.towns import parse_town
from meguri_village.days import Day
from meguri_village.people import Village
from raw_identifiers.search import Addresses, Names
from reference.captures import receptions
from reference.village import TOWN_FILE as VILLAGE_TOWN

LAB_TOWN = """
town: lab
name: {ja: 研究室, en: Laboratory}
time_zone: Europe/Prague
clock: recording
places:
  room: {ja: 部屋, en: Room}
sensors:
  sensor2: {place: room, minimum_rssi: -100}
"""
SEED, SIZE = 3, 0.2
START, UNTIL = (datetime(2026, 4, 1, hour, tzinfo=UTC) for hour in (1, 3))


def milliseconds(moment):
    return int(moment.timestamp() * 1000)


@pytest.fixture(scope="module")
def lab_capture(shared_data):
    return shared_data / "wifi" / "lab-2024-03-14-sensor2.pcap"


@pytest.fixture(scope="module")
def heard(lab_capture):
    """Every record that goes in: the lab's and the village's."""
    town = parse_town(VILLAGE_TOWN.format(gap="30m", lateness="10m"), "village.yaml")
    day = Day(Village(town, SEED, SIZE), town.key_day_at(milliseconds(START)))
    captures = [day.capture(sensor, milliseconds(START), milliseconds(UNTIL)) for sensor in town.sensors]
    return [each for data in (lab_capture.read_bytes(), *captures) for each in receptions(data)]


@pytest.fixture(scope="module")
def addresses(heard):
    return Addresses({each.address for each in heard})


@pytest.fixture(scope="module")
def network_names(heard):
    found = {content for each in heard for number, content in each.elements if number == 0}
    return {content.decode() for content in found if content.strip(b"\0")}


@pytest.fixture(scope="module")
def names(network_names):
    return Names(network_names)


@pytest.fixture(scope="module")
def kept(lab_capture, tmp_path_factory):
    """The data folder after the run, and what Redis held at its end."""
    folder = tmp_path_factory.mktemp("kept")
    data = folder / "data"
    towns = {"lab": LAB_TOWN, "village": VILLAGE_TOWN.format(gap="30m", lateness="10m")}
    for name, text in towns.items():
        (folder / f"{name}.yaml").write_text(text)
    files = [word for name in towns for word in ("--town", folder / f"{name}.yaml")]
    with Meguri("up", data, *files) as meguri:
        status = meguri.until_answering()
        replayed = run("replay", lab_capture, "--town", "lab", "--sensor", "sensor2", "--data", data)
        assert replayed.returncode == 0, replayed.stderr
        live_the_village(data, folder / "village.yaml", status["addresses"]["ingest"])
        with redis.Redis.from_url(status["redis"]) as client:
            in_redis = values_in_redis(client)
            client.hset("planted", "address", lab_address(lab_capture).hex(":"))
            planted = values_in_redis(client)
        assert meguri.end() == 0
    return data, in_redis, planted


def lab_address(lab_capture):
    return receptions(lab_capture.read_bytes())[0].address


def values_in_redis(client):
    """Every key and its value as Redis writes it out, not compressed."""
    client.config_set("rdbcompression", "no")
    return b"\n".join(part for key in client.scan_iter() for part in (key, client.dump(key)))


def live_the_village(data, town_file, ingest):
    """Deliver the village's hours, as the demo does."""
    socket = DataFolder(data).control_socket
    who = {"op": "enrol", "town": "village", "role": "replayer"}
    town = parse_town(town_file.read_text(), "village.yaml")
    tokens = {sensor: ask(socket, {**who, "sensor": sensor})["token"] for sensor in town.sensors}
    options = {
        "town": town_file,
        "ingest": ingest,
        "data": data / "village",
        "start": milliseconds(START),
        "until": milliseconds(UNTIL),
        "seed": SEED,
        "size": SIZE,
    }
    subprocess.run(
        [
            sys.executable,
            "-m",
            "meguri_village",
            *(str(word) for name, value in options.items() for word in (f"--{name}", value)),
        ],
        input=json.dumps({"sensors": tokens, "replayer": next(iter(tokens.values()))}) + "\n",
        text=True,
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    ask(socket, {"op": "fold"})


def values_in_clickhouse(data):
    """Every value of every table as bytes: the files of its parts are compressed."""
    columns = "SELECT table, name, type FROM system.columns WHERE database = 'meguri' ORDER BY table, name"
    found = {}
    (listed,) = rows(data, columns)
    texts = [(table, name) for table, name, kind in listed if kind == "String"]
    numbers = [(table, name) for table, name, kind in listed if kind in ("UInt64", "Int64")]
    selects = [f"SELECT DISTINCT `{name}` FROM `{table}`" for table, name in texts]
    selects += [
        f"SELECT DISTINCT hex(reinterpretAsString(`{name}`)) FROM `{table}`" for table, name in numbers
    ]
    for (table, name), values in zip([*texts, *numbers], rows(data, *selects), strict=True):
        found[table, name] = "\n".join(value for (value,) in values).encode()
    bodies = found["snapshots", "body"].split()
    found["snapshots", "body decoded"] = b"".join(base64.b64decode(each) for each in bodies)
    return found


def test_there_is_something_to_be_found(heard, network_names):
    assert len({each.address for each in heard}) > 2_500
    assert len(network_names) > 5


def test_no_file_of_the_run_holds_one(kept, addresses, names):
    data, *_ = kept
    files = [path for path in data.rglob("*") if path.is_file()]
    assert {"kafka", "clickhouse", "logs", "village"} <= {path.relative_to(data).parts[0] for path in files}
    found = {}
    for path in files:
        content = path.read_bytes()
        if hits := addresses.in_bytes(content) | names.in_bytes(content):
            found[str(path.relative_to(data))] = hits
    assert found == {}


def test_a_pseudonym_is_found_where_an_address_would_be(kept):
    """Kafka's records are not compressed, so searching its files says something."""
    data, *_ = kept
    ((device,),) = rows(data, "SELECT device FROM visits WHERE town = 'lab' ORDER BY first_ms LIMIT 1")[0]
    segments = [path.read_bytes() for path in (data / "kafka").glob("detections-*/*.log")]
    assert any(int(device).to_bytes(8, "little") in segment for segment in segments)


def test_no_value_in_clickhouse_holds_one(kept, addresses, names):
    data, *_ = kept
    values = values_in_clickhouse(data)
    assert len(values["visits", "device"]) > 10_000
    assert len(values["snapshots", "body decoded"]) > 1_000
    found = {
        column: hits
        for column, content in values.items()
        if (hits := addresses.in_bytes(content) | names.in_bytes(content))
    }
    assert found == {}


def test_an_address_planted_in_clickhouse_is_found(kept, lab_capture, addresses):
    data, *_ = kept
    address = lab_address(lab_capture)
    execute(data, f"INSERT INTO days (town, key_day) VALUES ('{address.hex()}', '2024-03-14')")
    assert addresses.in_bytes(values_in_clickhouse(data)["days", "town"])


def test_redis_holds_none_but_the_one_that_was_planted(kept, addresses, names):
    _, in_redis, planted = kept
    assert b"live:" in in_redis
    assert addresses.in_bytes(in_redis) | names.in_bytes(in_redis) == set()
    assert addresses.in_bytes(planted)
