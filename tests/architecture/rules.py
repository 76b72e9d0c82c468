"""The rules of the workspace's structure as checks: each returns what breaks it, as sentences."""

import ast
import re
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PURE = ("meguri_flow.domain", "meguri_proto")
IMPURE = {"time", "logging", "socket", "subprocess", "os", "pathlib", "threading", "random"}
IMPURE_CALLS = ("open", "print", "input")
IMPURE_METHODS = (".now", ".today", ".utcnow", ".read_bytes")
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
MAY_IMPORT = {
    "meguri_proto": set(),
    "meguri_sensors": {"meguri_proto"},
    "meguri_village": {"meguri_proto", "meguri_sensors"},
    "meguri_kit": {"meguri_proto"},
    "meguri_ingest": {"meguri_proto", "meguri_kit"},
    "meguri_flow": {"meguri_proto", "meguri_kit"},
    "meguri_qrguide": {"meguri_proto", "meguri_kit"},
    "meguri_dashboard": {"meguri_proto", "meguri_kit"},
}
"""What each package of the workspace may import of the others; `meguri` (the local run) may import all."""


DISTRIBUTIONS = packages_distributions()


@dataclass(frozen=True)
class Module:
    """One source file and the module that it is."""

    name: str
    path: Path
    source: str

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    @property
    def is_importable(self) -> bool:
        """Whether it is there to be imported: not a program, nor what Alembic runs by itself."""
        return self.path.name not in ("__main__.py", "env.py")


def modules() -> list[Module]:
    """Every module of every member, generated ones left out."""
    found = []
    for source_root in sorted([*ROOT.glob("*/src"), *ROOT.glob("services/*/src"), *ROOT.glob("infra/*/src")]):
        for path in sorted(source_root.rglob("*.py")):
            parts = path.relative_to(source_root).with_suffix("").parts
            if not path.name.endswith("_pb2.py"):
                name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
                found.append(Module(name, path, path.read_text("utf-8")))
    return found


def imported(source: str) -> set[str]:
    """Full names of the modules that a source imports anywhere, `from a import b` as a and a.b."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def forbidden_members(module: Module) -> list[str]:
    """Imports of a workspace package that this one may not know."""
    allowed = MAY_IMPORT.get(module.package)
    if allowed is None:
        return []
    others = {name.partition(".")[0] for name in imported(module.source)}
    known = {*MAY_IMPORT, "meguri"} - {module.package}
    return [
        f"{module.name} imports {other}; it may import {', '.join(sorted(allowed)) or 'no other member'}"
        for other in sorted((others & known) - allowed)
    ]


def undeclared_packages(module: Module, pyproject: Path) -> list[str]:
    """Imports of distributions that the member's pyproject does not declare."""
    declared = {
        _normal(re.split(r"[\s;<>=~!\[(]", requirement, maxsplit=1)[0])
        for requirement in tomllib.loads(pyproject.read_text("utf-8"))["project"]["dependencies"]
    }
    problems = []
    tops = {name.partition(".")[0] for name in imported(module.source)}
    for top in sorted(tops - set(sys.stdlib_module_names)):
        if top.startswith("meguri"):
            continue
        providers = {_normal(name) for name in DISTRIBUTIONS.get(top, [top])}
        if not providers & declared:
            problems.append(
                f"{module.name} imports {top} ({', '.join(sorted(providers))}), which {pyproject} lacks"
            )
    return problems


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def impurities(module: Module) -> list[str]:
    """What a pure module uses that knows the clock, the disk, the net or the log."""
    if not module.name.startswith(PURE):
        return []
    problems = [f"{module.name} imports {name}" for name in sorted(imported(module.source) & IMPURE)]
    for node in ast.walk(ast.parse(module.source)):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in IMPURE_CALLS or called.endswith(IMPURE_METHODS):
                problems.append(f"{module.name} line {node.lineno} calls {called}")
    return problems


def strangers_of_the_domain(module: Module) -> list[str]:
    """Imports of the fold's domain beyond the standard library, numpy, numba and the contract."""
    if not module.name.startswith("meguri_flow.domain"):
        return []
    allowed = {*sys.stdlib_module_names, "numpy", "numba", "meguri_proto"}
    return [
        f"{module.name} imports {name}"
        for name in sorted(imported(module.source))
        if name.partition(".")[0] not in allowed and not name.startswith("meguri_flow.domain")
    ]


def importers_of_faust(module: Module) -> list[str]:
    """Imports of faust outside the one folder that may know it."""
    if module.name.startswith("meguri_flow.stream"):
        return []
    faust = sorted(name for name in imported(module.source) if name.partition(".")[0] == "faust")
    return [f"{module.name} imports {name}" for name in faust]


def empty_names(module: Module) -> list[str]:
    """Module and folder names that say nothing."""
    return [f"{module.name} is called {part}" for part in module.name.split(".") if part in EMPTY_NAMES]


def too_long(module: Module) -> list[str]:
    """Modules that cannot be about one thing any more."""
    lines = module.source.count("\n")
    return [f"{module.name} has {lines} lines"] if lines > 500 else []
