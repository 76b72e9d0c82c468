"""Fetch ahead what the first start would fetch, and prepare it: `python -m meguri.fetch_engines`."""

import sys

from meguri.checkout import KAFKA_LOCK
from meguri.engines.jars import ensure_jars
from meguri.engines.kafka import prepare_start
from meguri.errors import LocalRunError


def main() -> None:
    """Fetch Kafka's jars, saying how far it is, and prepare its start."""
    try:
        prepare_start(ensure_jars(KAFKA_LOCK, progress=_say))
    except LocalRunError as error:
        sys.exit(str(error))


def _say(done: int, missing: int) -> None:
    if done == missing or sys.stdout.isatty():
        sys.stdout.write(f"   {done} of {missing} jars" + ("\n" if done == missing else "\r"))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
