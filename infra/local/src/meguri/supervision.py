"""Watching a run: whatever ends by itself ends the whole, with a sentence."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from meguri.data_folder import DataFolder
    from meguri.running import Running

CHECK_SECONDS = 0.25
LEAST_FREE_BYTES = 256 << 20
"""Of the data folder's disk: with less the run ends, before a write fails half-way."""


async def supervise(running: Running) -> None:
    """Return never; raise as soon as a part ended by itself or the disk is nearly full.

    Raises:
        LocalRunError: which part, why as far as known, and what to do.
    """
    while True:
        for child in running.children.running:
            if child.watched and child.ended:
                raise LocalRunError(child.failure())
        running.servers.check()
        failed = running.services.flow.failed
        if failed is not None:
            raise LocalRunError(
                f"The flow ended: {str(failed).rstrip('.') or type(failed).__name__}. More stands in "
                f"{running.folder.log}."
            )
        check_disk(running.folder)
        await asyncio.sleep(CHECK_SECONDS)


def check_disk(folder: DataFolder) -> None:
    """See that there is room.

    Raises:
        LocalRunError: there is too little.
    """
    free = shutil.disk_usage(folder.path).free
    if free < LEAST_FREE_BYTES:
        raise LocalRunError(
            f"The disk that holds {folder.path} is full: {free >> 20} MB are left of the "
            f"{LEAST_FREE_BYTES >> 20} MB needed. Make room, or name a folder on another disk with --data."
        )
