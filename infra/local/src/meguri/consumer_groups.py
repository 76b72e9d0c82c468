"""Consumer groups of a Kafka that has just been started, whose clients have all ended with the run before."""

from __future__ import annotations

import logging

from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove
from kafka.errors import KafkaError

logger = logging.getLogger(__name__)


def remove_members(bootstrap: str) -> int:
    """Remove the members of every group: a killed run's keep their partitions for 6 s. How many there were.

    What it cannot do is only slower: Kafka removes them when their sessions run out.
    """
    removed = 0
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    except KafkaError:
        return removed
    try:
        for group in admin.list_groups():
            described = admin.describe_groups([group["group_id"]])[group["group_id"]]
            members = [MemberToRemove(member["member_id"]) for member in described["members"]]
            admin.remove_group_members(group["group_id"], members)
            removed += len(members)
    except KafkaError as error:
        logger.info("members of the run before are left to their sessions: %s", error)
    finally:
        admin.close()
    return removed
