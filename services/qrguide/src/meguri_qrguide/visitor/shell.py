"""Styles, scripts and the sign of the visitors' pages: what every page needs beside its text."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meguri_kit.pages.static_files import TOKENS

from meguri_qrguide import assets

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATIC = Path(assets.PACKAGE) / "static"
_DARK = re.compile(r"@media \(prefers-color-scheme: dark\) \{\n(.*?\n  \}\n)\}", re.DOTALL)


@dataclass(frozen=True)
class ShellFile:
    """One file."""

    name: str
    type: str
    content: bytes

    @property
    def address(self) -> str:
        """Another content has another address."""
        return f"/static/visitor/{self.name}?v={hashlib.sha256(self.content).hexdigest()[:12]}"


@dataclass(frozen=True)
class Shell:
    """The files by name, and the service worker, which has an address of its own."""

    files: Mapping[str, ShellFile]
    worker: bytes

    def address(self, name: str) -> str:
        """Of a file, as pages name it."""
        return self.files[name].address


def read_shell() -> Shell:
    """From the package's files.

    Raises:
        NpmBuildError: the scripts have not been built.
    """
    scripts = assets.read_scripts()
    tokens = TOKENS.read_text("utf-8")
    styles = (_STATIC / "guide.css").read_text("utf-8")
    found = [
        ShellFile("guide.css", "text/css", f"{tokens}\n{styles}".encode()),
        ShellFile("dark.css", "text/css", dark_tokens(tokens).encode()),
        ShellFile("mark.svg", "image/svg+xml", (_STATIC / "mark.svg").read_bytes()),
        ShellFile("guide.js", "text/javascript", scripts["guide.js"]),
        ShellFile("scanner.js", "text/javascript", scripts["scanner.js"]),
    ]
    return Shell({file.name: file for file in found}, scripts["worker.js"])


def dark_tokens(tokens: str) -> str:
    """The tokens' dark colours for every screen, whatever it prefers: a page that is read in the dark."""
    dark = _DARK.search(tokens)
    if dark is None:
        raise ValueError("the design tokens have no dark colours")
    return f"@media screen {{\n  :root {{ color-scheme: dark; }}\n{dark[1]}}}\n"
