"""Topics in Kafka are what their files say."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource
from meguri_kit.log import (
    LogProducer,
    LogUnavailableError,
    TopicError,
    await_topics,
    create_topics,
    delete_appended_before,
    delete_below,
    partition_count,
)
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
        TopicError, match="holds the topic detections with 4 partitions where 8 are declared"
    ) as raised:
        create_topics(kafka_bootstrap, declared=eight)
    assert "set MEGURI_SHARDS to 1, or start with an empty Kafka" in str(raised.value)
    two = {"counts": replace(topics()["counts"], partitions=2)}
    with pytest.raises(TopicError, match="set the file of the topic back to 1"):
        create_topics(kafka_bootstrap, declared=two)


def test_so_many_shards_are_so_many_fours_of_partitions_of_the_folded_topic_alone(kafka_bootstrap, made):
    with pytest.raises(TopicError, match="with 4 partitions where 12 are declared"):
        create_topics(kafka_bootstrap, shards=3)
    assert {name: topic.partitions for name, topic in topics(3).items()} == {
        name: 12 if name == "detections" else topic.partitions for name, topic in topics().items()
    }


def test_who_reads_topics_waits_until_somebody_has_made_them(kafka_bootstrap, monkeypatch):
    declared = topics()
    monkeypatch.setattr(
        "meguri_kit.log.topics.topics",
        lambda: {**declared, "later": replace(declared["counts"], name="later")},
    )
    create_topics(kafka_bootstrap, declared=declared)
    with pytest.raises(TopicError, match="Kafka has no topic later after 2 s; ingest makes the topics"):
        await_topics(kafka_bootstrap, timeout_s=2)
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(await_topics, kafka_bootstrap)
        create_topics(kafka_bootstrap, declared={"later": replace(declared["counts"], name="later")})
        waiting.result()


def test_more_copies_than_brokers_is_an_error(kafka_bootstrap, made):
    other = {"other": replace(topics()["detections"], name="other")}
    with pytest.raises(TopicError, match="InvalidReplicationFactorError"):
        create_topics(kafka_bootstrap, declared=other, replication=3)


def test_without_kafka_it_says_so(made):
    with pytest.raises(TopicError, match=r"does not answer within 0\.2 s; is it running"):
        create_topics("127.0.0.1:1", timeout_s=0.2)


async def test_records_below_an_offset_are_deleted_and_deleting_again_changes_nothing(kafka_bootstrap, made):
    log = LogProducer(kafka_bootstrap)
    for _ in range(4):
        await log.append("detections", b"x", partition=1)
    log.close()
    for offset in (3, 3, 2):
        delete_below(kafka_bootstrap, "detections", {1: offset, 2: 0})
        assert span(kafka_bootstrap, 1) == (3, 4)
    assert span(kafka_bootstrap, 2) == (0, 0)


def span(bootstrap, partition, topic="detections"):
    """The first and the next offset of a partition."""
    here = TopicPartition(topic, partition)
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
    first, following = consumer.beginning_offsets([here])[here], consumer.end_offsets([here])[here]
    consumer.close()
    return first, following


def test_deleting_what_is_not_there_yet_is_refused(kafka_bootstrap, made):
    with pytest.raises(ValueError, match=r"detections ends before one of the offsets \{3: 1\}"):
        delete_below(kafka_bootstrap, "detections", {3: 1})
    with pytest.raises(ValueError, match="hold a negative one"):
        delete_below(kafka_bootstrap, "detections", {1: -1})


def test_deleting_without_kafka_may_be_tried_again():
    with pytest.raises(LogUnavailableError, match="did not delete records of detections in time"):
        delete_below("127.0.0.1:1", "detections", {0: 0}, timeout_s=0.2)


def test_records_appended_before_a_time_are_deleted_partition_by_partition(kafka_bootstrap, made):
    producer = KafkaProducer(bootstrap_servers=kafka_bootstrap)
    between = int(time.time() * 1000)
    for topic, time_ms in (("survey-answers", between - 1), ("sales", between - 1), ("sales", between)):
        producer.send(topic, b"x", partition=0, timestamp_ms=time_ms)
    producer.close()
    for topic, left in (("sales", (1, 2)), ("survey-answers", (1, 1))):
        for time_ms in (between, between - 60_000):
            delete_appended_before(kafka_bootstrap, topic, {0: time_ms})
            assert span(kafka_bootstrap, 0, topic) == left


def test_a_topic_says_how_many_partitions_it_has(kafka_bootstrap, made):
    assert partition_count(kafka_bootstrap, "detections") == topics()["detections"].partitions
    assert partition_count(kafka_bootstrap, "nosuch") == 0


def test_asking_for_partitions_without_kafka_may_be_tried_again():
    with pytest.raises(LogUnavailableError, match="Kafka does not answer"):
        partition_count("127.0.0.1:1", "detections", timeout_s=0.2)
