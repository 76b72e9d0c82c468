"""Where the files of a checkout lie that the local run needs beside its own code."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
KAFKA_LOCK = ROOT / "infra" / "kafka" / "jgo.lock.toml"
DEMO_TOWNS = {name: ROOT / "infra" / "towns" / f"{name}.yaml" for name in ("minamiyamashiro", "mine")}
"""Town files of the demo by the town's name."""
