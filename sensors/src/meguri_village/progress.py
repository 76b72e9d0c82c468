"""How far the village was delivered: one small file, by which a restart goes on where it was."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from meguri_village.whole_files import replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meguri_village.village import Village

_NAME: Final = "progress.json"
_FORMAT: Final = 2


class ProgressError(ValueError):
    """The folder's progress cannot be gone on from; the message says why and what to do."""


@dataclass(frozen=True)
class Progress:
    """Epoch milliseconds throughout."""

    start_ms: int
    """Where the history began."""
    done_ms: int
    """Everything before it was acknowledged."""
    sending_until_ms: int | None = None
    """The end of the stretch that was begun at `done_ms`. Some of it may have arrived: what is sent again has
    to be cut in the same place, or its batches would carry the names of others."""
    sequences: Mapping[str, int] = field(default_factory=dict)
    """Each sensor's next sequence in the key day of `done_ms`, where it is not 0."""


class ProgressFile:
    """The file in which one village's progress stands.

    Args:
        folder: where the village keeps its files.
        village: whose progress it is.
    """

    def __init__(self, folder: Path, village: Village) -> None:
        self._path = folder / _NAME
        self._of: dict[str, object] = {"format": _FORMAT, **village.identity}

    def load(self, start_ms: int) -> Progress:
        """What was saved last; if nothing was, the beginning of a history from `start_ms`.

        Raises:
            ProgressError: the file is damaged, or another village's.
        """
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Progress(start_ms, start_ms)
        try:
            saved = json.loads(text)
            of = {name: saved[name] for name in self._of}
            sending = saved["sending_until_ms"]
            progress = Progress(
                int(saved["start_ms"]),
                int(saved["done_ms"]),
                None if sending is None else int(sending),
                {str(sensor): int(number) for sensor, number in saved["sequences"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProgressError(f"{self._path} is damaged: begin anew with another folder.") from error
        for name, value in self._of.items():
            if of[name] != value:
                raise ProgressError(
                    f"{self._path} is of a village whose {name} is {of[name]}, not {value}: go on with the "
                    "same town file, seed, size and addresses, or begin anew with another folder."
                )
        return progress

    def save(self, progress: Progress) -> None:
        """Replace what was saved.

        Raises:
            OSError: the folder cannot be written.
        """
        saved = {
            **self._of,
            "start_ms": progress.start_ms,
            "done_ms": progress.done_ms,
            "sending_until_ms": progress.sending_until_ms,
            "sequences": dict(progress.sequences),
        }
        replace_file(self._path, json.dumps(saved, indent=1) + "\n")
