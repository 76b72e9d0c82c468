"""After a replay, a village and bodies with people in them, nobody can be found in what Meguri keeps."""

import base64
import hmac
import json
import subprocess
import sys
from datetime import UTC, datetime

import httpx
import pytest
import redis
from command_line.processes import PATIENCE, Meguri, execute, rows, run
from meguri.control import ask
from meguri.data_folder import DataFolder
from meguri_kit.registry import Registry
from meguri_proto.pseudonyms import opt_out_mark
from meguri_proto.towns import parse_town
from meguri_village.days import Day
from meguri_village.village import Village
from raw_identifiers.search import Addresses, Names
from reference.captures import receptions
from reference.village import WHOLE_TOWN_FILE

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
VILLAGE_TOWN = WHOLE_TOWN_FILE.format(gap="30m", lateness="10m")
SEED, SIZE = 3, 0.3
START, UNTIL = (datetime(2026, 4, 1, hour, tzinfo=UTC) for hour in (1, 3))
SQUARE_KEY = "the-signature-key-of-a-subscription"
PERSONAL = {
    "hanako.yamada@mail.example",
    "Hanako Yamada",
    "4111111111111111",
    "203.0.113.77",
    "sq-customer-J7KQ2",
    "https://receipts.example/r/hanako",
}
MAIL, NAME, CARD, IP, CUSTOMER, RECEIPT = (
    next(each for each in PERSONAL if part in each) for part in ("@", " Y", "411", "203", "J7K", "https")
)


def milliseconds(moment):
    return int(moment.timestamp() * 1000)


@pytest.fixture(scope="module")
def lab_capture(shared_data):
    return shared_data / "wifi" / "lab-2024-03-14-sensor2.pcap"


@pytest.fixture(scope="module")
def heard(lab_capture):
    """Every record that goes in: the lab's and the village's."""
    town = parse_town(VILLAGE_TOWN, "whole.yaml")
    day = Day(Village(town, SEED, SIZE, "field"), town.key_day_at(milliseconds(START)))
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
def people():
    return Names(PERSONAL)


@pytest.fixture(scope="module")
def kept(lab_capture, tmp_path_factory):
    """The data folder after the run, and what Redis held at its end, then with something planted."""
    folder = tmp_path_factory.mktemp("kept")
    data = folder / "data"
    files = {"lab": folder / "lab.yaml", "whole": folder / "whole.yaml"}
    files["lab"].write_text(LAB_TOWN)
    files["whole"].write_text(VILLAGE_TOWN)
    with Meguri("up", data, *(word for file in files.values() for word in ("--town", file))) as meguri:
        status = meguri.until_answering()
        opted_out = run("opt-out", "--town", "lab", "--data", data, input=maker_address(lab_capture).hex(":"))
        assert opted_out.returncode == 0, opted_out.stderr
        replayed = run("replay", lab_capture, "--town", "lab", "--sensor", "sensor2", "--data", data)
        assert replayed.returncode == 0, replayed.stderr
        tokens = enrolled(data, files["whole"])
        live_the_village(data, files["whole"], status["addresses"], tokens)
        deliver_people(status["addresses"], tokens)
        ask(DataFolder(data).control_socket, {"op": "fold"})
        with redis.Redis.from_url(status["redis"]) as client:
            in_redis = values_in_redis(client)
            client.hset("planted", "address", lab_address(lab_capture).hex(":"))
            planted = values_in_redis(client)
        assert meguri.end() == 0
    return data, in_redis, planted


def maker_address(lab_capture):
    """One that a maker assigned, of which there is one at most."""
    heard = (each.address for each in receptions(lab_capture.read_bytes()))
    return next(address for address in heard if not address[0] & 0b11)


def lab_address(lab_capture):
    return receptions(lab_capture.read_bytes())[0].address


def values_in_redis(client):
    """Every key and its value as Redis writes it out, not compressed."""
    client.config_set("rdbcompression", "no")
    return b"\n".join(part for key in client.scan_iter() for part in (key, client.dump(key)))


def enrolled(data, town_file):
    """Tokens of everybody who delivers in the village."""
    town = parse_town(town_file.read_text(), "whole.yaml")
    sensor, square = next(iter(town.sensors)), next(iter(town.shops))

    def enrol(role, name, **more):
        request = {"op": "enrol", "town": town.town, "role": role, "name": name, **more}
        return ask(DataFolder(data).control_socket, request)["token"]

    return {
        "replayer": enrol("replayer", sensor),
        "tills": {
            shop: enrol("till", shop, **({"square_key": SQUARE_KEY} if shop == square else {}))
            for shop in town.shops
        },
        "counters": {counter: enrol("counter", counter) for counter in town.counters},
        "square": {square: SQUARE_KEY},
    }


def live_the_village(data, town_file, addresses, tokens):
    """Deliver the village's hours, as the demo does."""
    options = {
        "town": town_file,
        "ingest": addresses["ingest"],
        "guide": addresses["guide"],
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
        input=json.dumps(tokens) + "\n",
        text=True,
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )


def deliver_people(addresses, tokens):
    """Post what tills and phones may send with people in it: beside what is taken, and in what is not."""
    (square,) = tokens["square"]
    sales, events = f"{addresses['ingest']}/v1/sales", f"{addresses['guide']}/v1/events"
    webhook = f"{addresses['ingest']}/v1/webhooks/square/whole/{square}"
    till = {"Authorization": f"Bearer {tokens['tills']['meals']}"}
    sale = {"external_id": "kept-sale", "at": "2026-04-01T10:30", "amount_yen": 990, "method": "cash"}
    rows = f"external_id,at,amount_yen,method,note\nr1,2026-04-01T10:31,500,{CARD},{NAME}\n"
    event = {"event_id": "kept-event", "sight": 901, "language": "ja", "kind": "opened"}
    at_ms = milliseconds(START)
    answer = {"town": "whole", "sheet_id": "s", "question": "by", "answer": NAME, "language": "ja"}
    with httpx.Client(headers={"X-Forwarded-For": IP, "User-Agent": MAIL}, timeout=30) as client:
        body = json.dumps(square_payment()).encode()
        for signature, status in ((square_signature(webhook, body), 200), ("bm9uZQ==", None)):
            headers = {"x-square-hmacsha256-signature": signature, "Content-Type": "application/json"}
            answered = client.post(webhook, content=body, headers=headers)
            assert status is None or answered.status_code == status, answered.text
            assert (status is None) == answered.is_client_error
        answers = [
            client.post(sales, json={"sales": [{**sale, "card": CARD, "customer": MAIL}]}, headers=till),
            client.post(sales, json={"sales": [{**sale, "brand": MAIL}]}, headers=till),
            client.post(sales, content=rows, headers={**till, "Content-Type": "text/csv"}),
            client.post(sales, json={"sales": [{**sale, "at": "2036-04-01T10:30"}]}, headers=till),
            client.post(
                events,
                json={
                    "events": [{**event, "at_ms": at_ms, "name": NAME}, {**event, "event_id": MAIL}],
                    "answers": [{**answer, "at_ms": at_ms}],
                },
            ),
            client.post(events, json={MAIL: NAME}),
        ]
    assert [each.status_code for each in answers] == [200, 422, 422, 422, 200, 400]
    shown = "".join(each.text for each in answers)
    assert not [each for each in PERSONAL if each in shown]


def square_payment():
    card = {"card_brand": "VISA", "last_4": CARD[-4:], "bin": CARD[:6], "cardholder_name": NAME}
    payment = {
        "id": "keptPayment",
        "created_at": "2026-04-01T01:30:00.000Z",
        "updated_at": "2026-04-01T01:30:00.000Z",
        "amount_money": {"amount": 1200, "currency": "JPY"},
        "status": "COMPLETED",
        "source_type": "CARD",
        "card_details": {"card": {**card, "fingerprint": f"sq-1-{CARD}"}},
        "buyer_email_address": MAIL,
        "customer_id": CUSTOMER,
        "receipt_url": RECEIPT,
        "note": NAME,
    }
    return {
        "merchant_id": "M",
        "type": "payment.updated",
        "event_id": "kept-webhook",
        "created_at": "2026-04-01T01:30:01Z",
        "data": {"type": "payment", "id": "keptPayment", "object": {"payment": payment}},
    }


def square_signature(url, body):
    return base64.b64encode(hmac.digest(SQUARE_KEY.encode(), url.encode() + body, "sha256")).decode()


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
    assert len(network_names) > 2


def test_no_file_of_the_run_holds_one(kept, addresses, names, people):
    data, *_ = kept
    files = [path for path in data.rglob("*") if path.is_file()]
    assert {"kafka", "clickhouse", "logs", "village"} <= {path.relative_to(data).parts[0] for path in files}
    found = {}
    for path in files:
        content = path.read_bytes()
        if hits := addresses.in_bytes(content) | names.in_bytes(content) | people.in_bytes(content):
            found[str(path.relative_to(data))] = hits
    assert found == {}


def test_a_pseudonym_is_found_where_an_address_would_be(kept):
    """Kafka's records are not compressed, so searching its files says something."""
    data, *_ = kept
    ((device,),) = rows(data, "SELECT device FROM visits WHERE town = 'lab' ORDER BY first_ms LIMIT 1")[0]
    segments = [path.read_bytes() for path in (data / "kafka").glob("detections-*/*.log")]
    assert any(int(device).to_bytes(8, "little") in segment for segment in segments)


def test_what_was_taken_beside_people_is_found_where_they_would_be(kept):
    """The files of the topics that hold sales, guide events and dead letters are searched as they are."""
    data, *_ = kept
    kept_of = {
        topic: b"".join(path.read_bytes() for path in (data / "kafka").glob(f"{topic}-*/*.log"))
        for topic in ("sales", "guide-events", "dead-letters")
    }
    assert b"kept-sale" in kept_of["sales"]
    assert b"keptPayment" in kept_of["sales"]
    assert b"kept-event" in kept_of["guide-events"]
    for reason in (b"bad_field", b"bad_signature", b"clock_ahead", b"unreadable"):
        assert reason in kept_of["dead-letters"]
    found = rows(
        data, "SELECT external_id FROM sales FINAL WHERE startsWith(external_id, 'kept') ORDER BY ALL"
    )[0]
    assert found == [["kept-sale"], ["keptPayment"]]


def test_the_opt_out_list_holds_what_stands_for_an_address(kept, lab_capture):
    data, *_ = kept
    registry = Registry(f"sqlite:///{data}/registry.sqlite")
    key, marks = registry.opt_out_key("lab"), registry.opt_out_marks("lab")
    registry.close()
    assert marks == [opt_out_mark(key, maker_address(lab_capture))]


def test_no_value_in_clickhouse_holds_one(kept, addresses, names, people):
    data, *_ = kept
    values = values_in_clickhouse(data)
    assert len(values["visits", "device"]) > 10_000
    assert len(values["snapshots", "body decoded"]) > 1_000
    found = {
        column: hits
        for column, content in values.items()
        if (hits := addresses.in_bytes(content) | names.in_bytes(content) | people.in_bytes(content))
    }
    assert found == {}


def test_an_address_planted_in_clickhouse_is_found(kept, lab_capture, addresses):
    data, *_ = kept
    address = lab_address(lab_capture)
    execute(data, f"INSERT INTO days (town, key_day) VALUES ('{address.hex()}', '2024-03-14')")
    assert addresses.in_bytes(values_in_clickhouse(data)["days", "town"])


def test_redis_holds_none_but_the_one_that_was_planted(kept, addresses, names, people):
    _, in_redis, planted = kept
    assert b"live:" in in_redis
    assert addresses.in_bytes(in_redis) | names.in_bytes(in_redis) | people.in_bytes(in_redis) == set()
    assert addresses.in_bytes(planted)
