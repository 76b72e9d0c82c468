"""Kafka and Redis on this machine, as children of a process that may be killed at any moment."""

import hashlib
import http.server
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from command_line.processes import PATIENCE, eventually_gone, living
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from meguri.checkout import KAFKA_LOCK
from meguri.consumer_groups import remove_members
from meguri.engines import Children, Kafka, jars
from meguri.engines.jars import ensure_jars
from meguri.engines.kafka import prepare_start
from meguri.errors import LocalRunError


def test_kafka_answers_as_one_broker(kafka_bootstrap):
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    assert len(admin.describe_cluster()["brokers"]) == 1
    admin.close()


def test_kafka_starts_where_what_was_prepared_is_damaged(tmp_path, monkeypatch):
    fetched = ensure_jars(KAFKA_LOCK)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache = jars.cache_folder()
    cache.mkdir(parents=True)
    for jar in fetched:
        (cache / jar.name).symlink_to(jar)
    prepare_start(ensure_jars(KAFKA_LOCK))
    (prepared,) = cache.glob("*.aot")
    assert prepared.stat().st_size > 10_000_000
    with prepared.open("r+b") as damaged:
        damaged.truncate(prepared.stat().st_size // 2)
    kafka = Kafka(tmp_path / "kafka", Children(tmp_path))
    kafka.start()
    kafka.wait_ready()
    kafka.stop()


def test_what_kafka_acknowledged_is_there_after_a_kill(tmp_path):
    kafka = Kafka(tmp_path / "kafka", Children(tmp_path))
    kafka.start()
    kafka.wait_ready()
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics({"kept": {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, acks="all")
    producer.send("kept", b"before the kill").get(PATIENCE)
    producer.close()
    kafka.child.process.kill()
    kafka.child.process.wait()
    assert kafka.child.failure().startswith("Kafka was ended by signal 9.")

    kafka.start()
    kafka.wait_ready()
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest")
    consumer.assign([TopicPartition("kept", 0)])
    assert next(consumer).value == b"before the kill"
    consumer.close()
    kafka.stop()
    assert not (tmp_path / "children.json").exists()


def test_members_of_the_run_before_are_removed_from_their_groups(kafka_bootstrap):
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    admin.create_topics({"read": {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    admin.close()
    assert remove_members(kafka_bootstrap) == 0
    left = KafkaConsumer("read", bootstrap_servers=kafka_bootstrap, group_id="left-behind")
    deadline = time.monotonic() + PATIENCE
    while not left.assignment() and time.monotonic() < deadline:
        left.poll(100)
    assert remove_members(kafka_bootstrap) == 1
    assert remove_members(kafka_bootstrap) == 0
    left.close(autocommit=False)


PARENT = """
import sys, time
from pathlib import Path
from meguri.consumer_groups import remove_members
from meguri.engines import Children
child = Children(Path(sys.argv[1])).start("sleeper", ["/bin/sh", "-c", "echo there; exec sleep 1000"])
while "there" not in child.log_tail():
    time.sleep(0.01)
print(child.process.pid, flush=True)
time.sleep(1000)
"""


@pytest.fixture
def parent(tmp_path):
    """A process with a child, and the child's id."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    pid = int(process.stdout.readline())
    yield process, pid
    process.kill()
    process.wait()
    for left in living([pid]):
        os.kill(left, signal.SIGKILL)
    process.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part of it is Linux's")
def test_a_child_ends_with_a_parent_that_is_killed(parent):
    process, pid = parent
    assert living([pid]) == [pid]
    process.kill()
    assert eventually_gone([pid])


def test_what_a_killed_run_left_is_ended_at_the_next_start(tmp_path):
    children = Children(tmp_path)
    left = children.start("sleeper", ["/bin/sleep", "1000"])
    assert Children(tmp_path).end_leftovers() == ["sleeper"]
    assert not living([left.process.pid])
    assert Children(tmp_path).end_leftovers() == []


def test_an_id_that_another_process_has_by_now_is_left_alone(tmp_path, monkeypatch):
    children = Children(tmp_path)
    other = children.start("sleeper", ["/bin/sleep", "1000"])
    started = psutil.Process(other.process.pid).create_time()
    record = tmp_path / "children.json"
    record.write_text(record.read_text().replace(f"{started}", f"{started - 3600}"))
    assert Children(tmp_path).end_leftovers() == []
    assert living([other.process.pid])
    children.stop(other)


def test_a_child_that_does_not_end_when_asked_is_ended(tmp_path):
    stubborn = tmp_path / "stubborn.sh"
    stubborn.write_text("#!/bin/sh\ntrap '' TERM\necho ready\nwhile :; do sleep 0.05; done\n")
    stubborn.chmod(0o755)
    children = Children(tmp_path)
    child = children.start("stubborn", ["/bin/sh", stubborn])
    while "ready" not in child.log_tail():
        assert not child.ended
    children.stop(child, timeout=0.2)
    assert child.process.returncode == -signal.SIGKILL


def test_a_child_that_met_a_full_disk_says_so(tmp_path):
    children = Children(tmp_path)
    child = children.start(
        "writer", ["/bin/sh", "-c", "echo java.io.IOException: No space left on device; exit 3"]
    )
    child.process.wait(PATIENCE)
    assert child.failure() == "Writer ended because the disk is full. Make room and start again."


JARS = {"org/example/one/1.0/one-1.0.jar": b"the first jar", "org/example/two/2.0/two-2.0.jar": b"the second"}


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A Maven repository with two jars, which jgo is told to ask first; what it serves can be changed."""
    folder = tmp_path / "repository"
    for name, content in JARS.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(content)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=folder)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = tmp_path / "jgo.conf"
    settings.write_text(f"[repositories]\ncentral = http://127.0.0.1:{server.server_port}\n")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
    yield folder
    server.shutdown()
    server.server_close()


@pytest.fixture
def lock(tmp_path):
    path = tmp_path / "jgo.lock.toml"
    path.write_text(
        "".join(
            f'[[dependencies]]\ngroupId = "org.example"\nartifactId = "{artifact}"\nversion = "{version}"\n'
            f'packaging = "jar"\nsha256 = "{hashlib.sha256(JARS[name]).hexdigest()}"\n'
            for name in JARS
            for artifact, version in [name.split("/")[2:4]]
        )
    )
    return path


def test_jars_are_fetched_once(repository, lock, tmp_path):
    told = []
    found = ensure_jars(lock, tmp_path / "cache", lambda done, missing: told.append((done, missing)))
    assert [path.read_bytes() for path in found] == list(JARS.values())
    assert told == [(1, 2), (2, 2)]
    shutil.rmtree(repository)
    assert ensure_jars(lock, tmp_path / "cache") == found


def test_a_jar_that_was_damaged_in_the_cache_is_fetched_again(repository, lock, tmp_path):
    first, _ = ensure_jars(lock, tmp_path / "cache")
    first.write_bytes(b"half")
    ensure_jars(lock, tmp_path / "cache")
    assert first.read_bytes() == b"the first jar"


def test_a_broken_download_is_said_in_a_sentence_and_leaves_no_half_jar(repository, lock, tmp_path):
    (repository / "org/example/two/2.0/two-2.0.jar").write_bytes(b"the sec")
    with pytest.raises(LocalRunError, match=r"two-2.0.jar arrived damaged: .* Run the command again."):
        ensure_jars(lock, tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] in ([], ["one-1.0.jar"])

    (repository / "org/example/two/2.0/two-2.0.jar").unlink()
    with pytest.raises(LocalRunError, match=r"two-2.0.jar could not be fetched .* Check the connection"):
        ensure_jars(lock, tmp_path / "cache")

    (repository / "org/example/two/2.0/two-2.0.jar").write_bytes(b"the second")
    assert len(ensure_jars(lock, tmp_path / "cache")) == 2


def test_a_full_disk_while_fetching_is_not_called_a_broken_download(repository, lock, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(jars.Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        ensure_jars(lock, tmp_path / "cache")
