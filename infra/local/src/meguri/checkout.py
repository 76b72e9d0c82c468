"""Where the files of a checkout lie that the local run needs beside its own code."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
KAFKA_LOCK = ROOT / "infra" / "kafka" / "jgo.lock.toml"
DEMO_TOWN = ROOT / "infra" / "towns" / "minamiyamashiro.yaml"
