"""The flow over real engines: messages that go in, rows that come out, workers as processes of their own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import psutil
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from meguri.engines.ports import HOST, free_ports
from meguri_proto.topics import detections_partition
from prometheus_client.parser import text_string_to_metric_families
from reference.fold import Delivery, Detection, Message, Visit
from reference.log import DAY, KEY_DAY, MINUTE, START, as_record, rules_record

PATIENCE = 90.0


def append(bootstrap, values, town, key_day=KEY_DAY, partitions=4, slice_=0):
    """Append values to the partition of a slice of a town's day."""
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all")
    partition = detections_partition(town, key_day, partitions, slice_)
    for value in values:
        producer.send("detections", value=value, partition=partition)
    producer.flush()
    producer.close()


def eventually(question, expected, failure=None):
    """Ask until the answer is the expected one; else fail with the last answer."""
    deadline = time.monotonic() + PATIENCE
    while (answer := question()) != expected and time.monotonic() < deadline:
        if failure and failure():
            raise failure()
        time.sleep(0.1)
    assert answer == expected


def visits_in(store, town):
    """The closed visits of a town."""
    found = store.select(
        "SELECT place, first_ms, device, last_ms, receptions, arrival FROM visits FINAL "
        "WHERE town = %(town)s AND closed = 1 ORDER BY place, first_ms, device",
        {"town": town},
    )
    return [Visit(**{**row, "arrival": bool(row["arrival"])}) for row in found]


def rows(store, select, town):
    """The rows that a statement finds of a town, as tuples."""
    return [tuple(row.values()) for row in store.select(f"{select} WHERE town = %(t)s", {"t": town})]


def is_complete(store, town):
    return rows(store, "SELECT complete FROM days FINAL", town) == [(1,)]


def walk(devices):
    """Messages of some devices that come, stay and come again."""
    return [
        Message(
            (
                Delivery(
                    "a",
                    1,
                    minute,
                    tuple(
                        Detection(START + minute * MINUTE + device, device)
                        for device in range(1, devices + 1)
                        if (minute + device) % 29 < 12
                    )
                    or (Detection(START + minute * MINUTE, 10**6),),
                ),
            )
        )
        for minute in range(200)
    ]


def values_of(messages, town):
    """The day's rules, the messages, and a tick that closes the day."""
    closing = Message(tick_ms=DAY.end_ms + DAY.lateness_ms)
    return [rules_record(town=town), *(as_record(m, town=town) for m in [*messages, closing])]


def log_end(bootstrap, partition, topic="detections"):
    """The offset after the partition's last message."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap)
    where = TopicPartition(topic, partition)
    end = consumer.end_offsets([where])[where]
    consumer.close()
    return end


def dead_letters(bootstrap):
    """Reason and body of each."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    where = TopicPartition("dead-letters", 0)
    consumer.assign([where])
    end, letters = consumer.end_offsets([where])[where], []
    while consumer.position(where) < end:
        for records in consumer.poll(timeout_ms=1000).values():
            letters += [(dict(record.headers)["reason"], record.value) for record in records]
    consumer.close()
    return letters


class Worker:
    """`python -m meguri_flow` as a process of its own; killed at the block's end if it still runs."""

    command = (sys.executable, "-m", "meguri_flow")

    def __init__(self, kafka, clickhouse_url, redis_url, output):
        (self._metrics_port,) = free_ports(1)
        self._output = output
        with output.open("wb") as stderr:
            self.process = subprocess.Popen(
                self.command,
                env={
                    **os.environ,
                    "MEGURI_KAFKA": kafka,
                    "MEGURI_CLICKHOUSE_URL": clickhouse_url,
                    "MEGURI_REDIS_URL": redis_url,
                    "MEGURI_METRICS_PORT": str(self._metrics_port),
                },
                stdout=stderr,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def log(self):
        """Every line that it wrote, which is JSON."""
        return [json.loads(line) for line in self._output.read_text("utf-8").splitlines()]

    def ended(self):
        """What `eventually` raises where the process ended by itself."""
        if self.process.poll() is None:
            return None
        return AssertionError(f"the worker ended: {self._output.read_text('utf-8')[-3000:]}")

    def metric(self, name):
        """A metric's value by its labels' values; empty before the process serves them."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self._metrics_port}/metrics", timeout=2) as page:
                families = text_string_to_metric_families(page.read().decode())
        except OSError:
            return {}
        samples = (sample for family in families for sample in family.samples)
        return {tuple(each.labels.values()): each.value for each in samples if each.name == name}

    def partitions(self):
        """The partitions that it folds."""
        return {int(partition) for (partition,) in self.metric("meguri_flow_lag_messages")}

    def freeze(self):
        """Stop it as a machine without memory does: it keeps its connections and does nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        """Ask it to end; its exit status."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def kill(self):
        with contextlib.suppress(psutil.NoSuchProcess):
            self.process.kill()
        self.process.wait(PATIENCE)
