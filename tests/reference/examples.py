"""The frozen examples and rejects of the contract, found by their folders and never registered."""

import importlib.util
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROTO = Path(__file__).resolve().parents[2] / "proto"


@dataclass(frozen=True)
class Example:
    """A JSON file of `proto/examples` or `proto/rejects`, and the bytes beside it."""

    path: Path

    @property
    def folder(self):
        return self.path.parent.name

    @property
    def says(self):
        return json.loads(self.path.read_text("utf-8"))

    @property
    def body(self):
        return self.path.with_suffix(script("freeze").suffix(self.folder)).read_bytes()

    def __str__(self):
        return f"{self.path.parent.name}/{self.path.stem}"


def examples(*folders):
    """What is accepted, of all folders or of those named."""
    return _found("examples", folders)


def rejects(*folders):
    """What is rejected, of all folders or of those named."""
    return _found("rejects", folders)


def _found(kind, folders):
    found = [Example(path) for path in sorted((PROTO / kind).glob("*/*.json"))]
    return [example for example in found if not folders or example.folder in folders]


@cache
def script(name):
    """A script of `proto/`, as a module."""
    spec = importlib.util.spec_from_file_location(f"proto_{name}", PROTO / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
