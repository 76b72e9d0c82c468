"""A worker whose order is broken, for the chaos to catch: it writes the snapshot first, and then the rows.

    python -m chaos.broken_flow

Once in a round one dies between the two, as sooner or later one does. Whoever takes over goes on at the
snapshot's offset, and never writes the rows that were still to come.
"""

import os
import signal
import sys

from chaos.play import ORDERLY
from meguri_flow.__main__ import main
from meguri_flow.domain.rows import Rows
from meguri_flow.stream.owned import OwnedPartition
from redis import Redis

_write_in_order = OwnedPartition.write


def _write_snapshot_first(self, checkpoint):
    visits = checkpoint.rows.columns("visits")
    # The row of a visit that only began is lost unseen: that of its end takes its place.
    if visits and ORDERLY in visits["town"] and visits["closed"].any():
        _write_in_order(self, checkpoint._replace(rows=Rows()))
        if Redis.from_url(os.environ["MEGURI_REDIS_URL"]).set("one-has-died", 1, nx=True):
            os.kill(os.getpid(), signal.SIGKILL)
    _write_in_order(self, checkpoint)


if __name__ == "__main__":
    OwnedPartition.write = _write_snapshot_first
    sys.exit(main())
