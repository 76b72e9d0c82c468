"""A town with a till, a counter and a guide: who delivers is enrolled, what is delivered is waited for."""

import json
import time

import httpx
import pytest
from command_line.processes import Meguri, rows, run
from meguri.control import ask
from meguri.data_folder import DataFolder

TOWN = """
town: valley
name: {ja: 谷, en: Valley}
time_zone: Asia/Tokyo
places:
  hall: {ja: 茶の館, en: Hall}
sensors:
  gate: {place: hall, minimum_rssi: -75}
shops:
  market: {ja: 市場, en: Market, place: hall}
counters:
  turnstile: {place: hall, counts: people}
sights:
  1: hall
"""
TABLES = {
    "sales": "SELECT shop, source, external_id, amount_yen FROM sales FINAL",
    "counts": "SELECT counter, quantity, count FROM counts FINAL",
    "guide_events": "SELECT event_id, sight, kind FROM guide_events FINAL",
    "survey_answers": "SELECT sheet_id, question, answer FROM survey_answers FINAL",
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """What the commands answered, how far the flow said it is after the wait, and the tables at the end."""
    folder = tmp_path_factory.mktemp("valley")
    file, data = folder / "valley.yaml", folder / "data"
    file.write_text(TOWN, "utf-8")

    def enrol(*arguments, **options):
        return run("enrol", "--town", "valley", "--data", data, *arguments, **options)

    with Meguri("up", data, "--town", file) as meguri:
        addresses = meguri.until_answering()["addresses"]
        answers = {
            "till": enrol("--till", "market"),
            "counter": enrol("--counter", "turnstile", "--json"),
            "square": enrol("--till", "market", "--square-key", input="a-signature-key\n"),
            "no key": enrol("--till", "market", "--square-key", input=""),
            "no shop": enrol("--till", "elsewhere"),
            "no counter": enrol("--counter", "gate"),
            "two": enrol("--till", "market", "--sensor", "gate"),
            "none": enrol(),
            "key of a sensor": enrol("--sensor", "gate", "--square-key"),
        }
        deliver(addresses, answers["till"].stdout.strip(), json.loads(answers["counter"].stdout)["token"])
        ask(DataFolder(data).control_socket, {"op": "fold"})
        status = meguri.status()
        shown = run("status", "--data", data)
        meguri.kill()
    return answers, status, shown, dict(zip(TABLES, rows(data, *TABLES.values()), strict=True))


def deliver(addresses, till, counter):
    now_ms = int(time.time() * 1000)
    sale = {"external_id": "a1", "at": "2026-04-01T10:00", "amount_yen": 550, "method": "cash"}
    count = {"from_ms": now_ms - 600_000, "to_ms": now_ms - 300_000, "count": 7}
    event = {"event_id": "e1", "sight": 1, "language": "en", "kind": "finished", "at_ms": now_ms}
    answer = {"town": "valley", "sheet_id": "s1", "question": "by", "answer": "bus", "language": "en"}
    for address, token, body in (
        (f"{addresses['ingest']}/v1/sales", till, {"sales": [sale]}),
        (f"{addresses['ingest']}/v1/counts", counter, {"counts": [count]}),
        (
            f"{addresses['guide']}/v1/events",
            "",
            {"events": [event], "answers": [{**answer, "at_ms": now_ms}]},
        ),
    ):
        reply = httpx.post(address, json=body, headers={"Authorization": f"Bearer {token}"} if token else {})
        assert reply.status_code == 200, reply.text


def test_after_the_wait_everything_that_was_delivered_is_in_its_table(lived):
    *_, tables = lived
    assert tables == {
        "sales": [["market", "till", "a1", 550]],
        "counts": [["turnstile", "people", 7]],
        "guide_events": [["e1", "1", "finished"]],
        "survey_answers": [["s1", "by", "bus"]],
    }


def test_the_status_tells_how_far_each_topic_is(lived):
    _, status, shown, _ = lived
    topics = {each["topic"]: each for each in status["flow"]["topics"]}
    assert topics.keys() == {"sales", "counts", "guide-events", "survey-answers"}
    assert all((each["end"], each["written"], each["lag"]) == (1, 1, 0) for each in topics.values())
    assert "survey-answers" in shown.stdout
    assert "valley" in shown.stdout


def test_a_square_key_comes_on_standard_input_and_the_address_for_square_is_told(lived):
    answers, *_ = lived
    assert answers["square"].returncode == 0
    assert answers["square"].stderr.strip().endswith("/v1/webhooks/square/valley/market")
    assert "a-signature-key" not in answers["square"].stdout + answers["square"].stderr
    assert answers["no key"].returncode == 1
    assert "no signature key on standard input" in answers["no key"].stderr


def test_a_shop_or_counter_that_the_town_has_not_is_said_with_those_that_it_has(lived):
    answers, *_ = lived
    assert "valley has no shop elsewhere; it has: market." in answers["no shop"].stderr
    assert "valley has no counter gate; it has: turnstile." in answers["no counter"].stderr
    assert {answers[name].returncode for name in ("no shop", "no counter")} == {1}


def test_a_name_of_neither_or_of_two_is_wrong_use(lived):
    answers, *_ = lived
    assert {answers[name].returncode for name in ("two", "none", "key of a sensor")} == {2}
