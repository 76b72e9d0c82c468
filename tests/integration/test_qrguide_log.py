"""The guide's openings in a real Kafka, and without one."""

import socket
import time
from dataclasses import replace

from fakes.guide import GUIDE, PublishedGuides
from fakes.town_day import TOWN
from fastapi.testclient import TestClient
from kafka import KafkaConsumer, TopicPartition
from meguri_kit.log import LogProducer, create_topics
from meguri_proto.schema.guide_pb2 import GuideEvent
from meguri_qrguide.app import create_app

TOWNS = {TOWN.town: replace(TOWN, sights={1: "hall"})}


def test_an_opening_without_javascript_stands_in_the_topic_before_the_guide_has_closed(
    kafka_bootstrap, tmp_path
):
    create_topics(kafka_bootstrap)
    log = LogProducer(kafka_bootstrap)
    with TestClient(create_app(towns=TOWNS, log=log, guides=PublishedGuides(tmp_path, GUIDE))) as client:
        assert client.get("/v1/opened/en/1.gif").status_code == 200
    log.close()
    consumer = KafkaConsumer(bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest")
    consumer.assign([TopicPartition("guide-events", 0)])
    deadline = time.monotonic() + 20
    found = []
    while not found and time.monotonic() < deadline:
        found = [record for records in consumer.poll(500).values() for record in records]
    consumer.close()
    (record,) = found
    event = GuideEvent.FromString(record.value)
    assert (event.sight, event.language) == ("1", "en")
    assert record.key == TOWN.town.encode()


def test_without_kafka_a_visitor_does_not_wait(tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        log = LogProducer(f"127.0.0.1:{nobody.getsockname()[1]}", timeout_s=2)
        app = create_app(towns=TOWNS, log=log, guides=PublishedGuides(tmp_path, GUIDE))
        client = TestClient(app)
        for _ in range(20):
            assert client.get("/s/1").status_code == 200
            assert client.get("/v1/opened/en/1.gif").status_code == 200
        log.close()
