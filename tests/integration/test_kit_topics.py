"""Topics in Kafka are what their files say."""

from dataclasses import replace

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource
from meguri_kit.log import TopicError, create_topics
from meguri_proto.topics import topics


@pytest.fixture(scope="module")
def made(kafka_bootstrap):
    """What the first call said it made."""
    return create_topics(kafka_bootstrap)


def configs(bootstrap):
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    found = admin.describe_configs([ConfigResource("topic", name) for name in topics()], config_filter="all")
    admin.close()
    return {
        name: {key: each[key]["value"] for key in ("retention.ms", "segment.ms", "cleanup.policy")}
        for name, each in found["topic"].items()
    }


def declared_configs():
    return {
        topic.name: {
            "retention.ms": str(topic.retention_hours * 3_600_000),
            "segment.ms": str(topic.segment_hours * 3_600_000),
            "cleanup.policy": "delete",
        }
        for topic in topics().values()
    }


def test_missing_topics_are_made_as_their_files_say(kafka_bootstrap, made):
    assert made == sorted(topics())
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    found = {each["name"]: len(each["partitions"]) for each in admin.describe_topics(list(topics()))}
    admin.close()
    assert found == {topic.name: topic.partitions for topic in topics().values()}
    assert configs(kafka_bootstrap) == declared_configs()


def test_a_second_call_makes_nothing(kafka_bootstrap, made):
    assert create_topics(kafka_bootstrap) == []


def test_a_topic_with_another_retention_is_given_its_files(kafka_bootstrap, made):
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    admin.alter_configs([ConfigResource("topic", "detections", {"retention.ms": "1000"})])
    admin.close()
    assert configs(kafka_bootstrap) != declared_configs()
    create_topics(kafka_bootstrap)
    assert configs(kafka_bootstrap) == declared_configs()


def test_a_topic_with_another_number_of_partitions_is_an_error_with_a_sentence(kafka_bootstrap, made):
    eight = {"detections": replace(topics()["detections"], partitions=8)}
    with pytest.raises(
        TopicError, match="holds the topic detections with 4 partitions where its file says 8"
    ):
        create_topics(kafka_bootstrap, declared=eight)


def test_more_copies_than_brokers_is_an_error(kafka_bootstrap, made):
    other = {"other": replace(topics()["detections"], name="other")}
    with pytest.raises(TopicError, match="InvalidReplicationFactorError"):
        create_topics(kafka_bootstrap, declared=other, replication=3)


def test_without_kafka_it_says_so(made):
    with pytest.raises(TopicError, match=r"does not answer within 0\.2 s; is it running"):
        create_topics("127.0.0.1:1", timeout_s=0.2)
