"""What the local run says while it works: each step and how long it took."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator


class Narrator:
    """Says steps on a console; in a terminal with a mark that moves meanwhile."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Say what is being done, and when it is done how long it took."""
        began = time.monotonic()
        with self.console.status(f"{doing} ..."):
            yield
        self.say(f"{doing} [dim]({time.monotonic() - began:.1f} s)[/dim]")

    def say(self, sentence: str) -> None:
        """Say a sentence."""
        self.console.print(sentence, soft_wrap=True)
