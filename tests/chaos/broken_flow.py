"""A worker whose order is broken, for the chaos to catch: the snapshot first, the visits a moment later.

    python -m chaos.broken_flow

Whoever takes over goes on at the snapshot's offset, and never writes the visits that were still to come.
"""

import sys
import time

from meguri_flow.__main__ import main
from meguri_flow.domain.rows import Rows
from meguri_flow.stream.owned import OwnedPartition

_MOMENT_S = 25.0
"""Nearly all of the time: whenever the worker is killed, something is still to come."""
_write_in_order = OwnedPartition.write


def _write_snapshot_first(self, checkpoint):
    if checkpoint.rows.columns("visits"):
        _write_in_order(self, checkpoint._replace(rows=Rows()))
        time.sleep(_MOMENT_S)
    _write_in_order(self, checkpoint)


if __name__ == "__main__":
    OwnedPartition.write = _write_snapshot_first
    sys.exit(main())
