"""The folder in which one local run keeps everything: what lies where, and that one process has it."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class DataFolder:
    """Where a local run's data lies. Making one touches nothing; `held` makes the folder."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.kafka = self.path / "kafka"
        self.clickhouse = self.path / "clickhouse"
        self.registry = self.path / "registry.sqlite"
        self.flow = self.path / "flow"
        self.guides = self.path / "guides"
        self.log = self.path / "logs" / "meguri.log"
        self.control_socket = self.path / "control.sock"
        self.village = self.path / "village"
        self.demo_record = self.path / "demo.json"
        self._lock_file = self.path / "lock"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have the folder for this process.

        Raises:
            LocalRunError: another process has it, or it cannot be made.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.log.parent.mkdir(exist_ok=True)
            lock = os.open(self._lock_file, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise LocalRunError(f"The data folder {self.path} cannot be used: {error.strerror}.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode() or "unknown"
            os.close(lock)
            raise LocalRunError(
                f"Meguri already runs on {self.path} (process {holder}). Stop that one with Ctrl-C, or name "
                "another folder with --data."
            ) from None
        try:
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(lock)

    def empty(self) -> None:
        """Delete what runs have stored, for a new beginning; nothing else that lies in the folder."""
        for stored in (self.kafka, self.clickhouse, self.flow, self.village):
            shutil.rmtree(stored, ignore_errors=True)
        self.registry.unlink(missing_ok=True)
        self.demo_record.unlink(missing_ok=True)
