"""Kafka and Redis on this machine."""

from kafka import KafkaAdminClient


def test_kafka_answers_as_one_broker(kafka_bootstrap):
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    assert len(admin.describe_cluster()["brokers"]) == 1
    admin.close()
