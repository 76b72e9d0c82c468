"""Kafka and Redis on this machine, from what the lock files name, as children of this process."""

from meguri.engines.children import Child, Children
from meguri.engines.kafka import Kafka
from meguri.engines.redis import Redis

__all__ = ["Child", "Children", "Kafka", "Redis"]
