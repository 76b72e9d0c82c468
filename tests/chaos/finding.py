"""What Meguri found of a round's towns, how far it is, and where that is not the truth."""

from collections import Counter

from chaos.play import Truth
from kafka import KafkaAdminClient, OffsetSpec, TopicPartition
from kafka.errors import KafkaError
from meguri_kit.clickhouse.server import ServerStore
from meguri_kit.clickhouse.store import StoreUnavailableError
from meguri_proto.topics import topics

ONE_TO_ONE_GROUP = "meguri-flow"
FOLD_GROUP = "meguri-flow-fold"
OF_A_GENERATION = "FINAL WHERE town = %(town)s AND generation = %(generation)s"
VISITS = f"SELECT place, first_ms, device, last_ms, receptions, arrival, random FROM visits {OF_A_GENERATION}"
MOVES = (
    f"SELECT device, first_ms, place, from_first_ms, from_place, ordinal, random FROM moves {OF_A_GENERATION}"
)
SALES = (
    "SELECT shop, source, external_id, version, at_ms, amount_yen, tax_yen, method, brand, refunded_yen, "
    "cancelled FROM sales FINAL WHERE town = %(town)s"
)
COMPLETE = f"SELECT 1 AS one FROM days {OF_A_GENERATION} AND complete = 1"
# What a refold has folded in is late no more; what came twice did so in every generation.
DELIVERED = "SELECT sum(late) AS late, max(duplicates) AS duplicates FROM days FINAL WHERE town = %(town)s"


class Findings:
    """The tables and topics of one round.

    Args:
        bootstrap: Kafka's address.
        clickhouse_url: of the round's database.
    """

    def __init__(self, bootstrap, clickhouse_url):
        self._bootstrap = bootstrap
        self._store = ServerStore(clickhouse_url)

    def close(self):
        """Let go of the store."""
        self._store.close()

    def of(self, town, generation):
        """The rows found of a town, each as often as it is there."""
        folded = {"town": town, "generation": generation}
        return Truth(self._rows(VISITS, folded), self._rows(MOVES, folded), self._rows(SALES, {"town": town}))

    def is_complete(self, town, generation):
        """Whether the town's day has closed and everything of it is written in this generation."""
        try:
            return bool(self._store.select(COMPLETE, {"town": town, "generation": generation}))
        except StoreUnavailableError:
            return False

    def late_and_duplicates(self, town):
        """How many detections of a town were late when they came, and how many had come before."""
        (row,) = self._store.select(DELIVERED, {"town": town})
        return row["late"], row["duplicates"]

    def _rows(self, sql, params):
        return Counter(tuple(row.values()) for row in self._store.select(sql, params))

    def sales_are_written(self):
        """Whether all sales that are in the log are acknowledged as written."""
        admin = KafkaAdminClient(bootstrap_servers=self._bootstrap)
        try:
            ends = _ends(admin, "sales")
            committed = admin.list_group_offsets(ONE_TO_ONE_GROUP).get(ONE_TO_ONE_GROUP, {})
        finally:
            admin.close()
        return all(each in committed and committed[each].offset >= end for each, end in ends.items() if end)

    def dead_letters(self):
        """How many there are."""
        admin = KafkaAdminClient(bootstrap_servers=self._bootstrap)
        try:
            return sum(_ends(admin, "dead-letters").values())
        finally:
            admin.close()


def _ends(admin, topic):
    latest = {
        TopicPartition(topic, number): OffsetSpec.LATEST for number in range(topics()[topic].partitions)
    }
    return {each: found.offset for each, found in admin.list_partition_offsets(latest).items()}


def workers_of_the_fold(bootstrap):
    """How many workers of the flow have shared the partitions of detections among them."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        group = admin.describe_groups([FOLD_GROUP])[FOLD_GROUP]
        return len(group["members"]) if group["group_state"] == "Stable" else 0
    except KafkaError:  # nobody has asked for the group yet
        return 0
    finally:
        admin.close()


def differences(truth, found):
    """By table, how many rows are lost and how many are there that must not be, with an example of each."""
    said = {}
    for table, expected, there in zip(Truth._fields, truth, found, strict=True):
        lost, added = expected - there, there - expected
        if lost or added:
            said[table] = {
                "lost": lost.total(),
                "added": added.total(),
                "examples": [*map(str, sorted(lost)[:2]), *map(str, sorted(added)[:2])],
            }
    return said
