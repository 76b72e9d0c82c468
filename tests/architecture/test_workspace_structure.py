"""The structure is what the design says; each rule is seen to fail on an example that breaks it."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from architecture import rules
from architecture.rules import ROOT, Module

MODULES = rules.modules()
PYPROJECTS = {
    child.name: path
    for pattern in ("*/pyproject.toml", "services/*/pyproject.toml", "infra/*/pyproject.toml")
    for path in ROOT.glob(pattern)
    for child in (path.parent / "src").iterdir()
}


def module(name, source):
    return Module(name, Path("example.py"), source)


RULES = {
    "members import only whom they may": (
        rules.forbidden_members,
        module("meguri_flow.app", "from meguri_dashboard import app"),
    ),
    "the domain and the contract know no clock, disk, net or log": (
        rules.impurities,
        module("meguri_flow.domain.fold", "import time"),
    ),
    "the domain opens no file": (rules.impurities, module("meguri_flow.domain.fold", "open('x')")),
    "the domain reads no wall clock": (
        rules.impurities,
        module("meguri_flow.domain.fold", "from datetime import datetime\nx = datetime.now()"),
    ),
    "the domain imports the standard library, numpy, numba and the contract": (
        rules.strangers_of_the_domain,
        module("meguri_flow.domain.fold", "from meguri_kit.log import Log"),
    ),
    "faust is imported in flow/stream alone": (
        rules.importers_of_faust,
        module("meguri_flow.app", "import faust"),
    ),
    "names say something": (rules.empty_names, module("meguri_kit.utils", "")),
    "a module is about one thing": (rules.too_long, module("meguri_kit.long", "\n" * 501)),
}


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_rule(rule):
    check, broken = RULES[rule]
    assert check(broken), "the example breaks the rule and the check must say so"
    assert [problem for each in MODULES for problem in check(each)] == []


def test_members_declare_what_they_import():
    broken = module("meguri_proto.x", "import sqlalchemy")
    assert rules.undeclared_packages(broken, PYPROJECTS["meguri_proto"])
    problems = [p for each in MODULES for p in rules.undeclared_packages(each, PYPROJECTS[each.package])]
    assert problems == []


def test_importing_any_module_connects_to_nothing_and_starts_no_thread():
    names = [each.name for each in MODULES if each.is_importable]
    program = f"""
import importlib, sys, threading
def refuse(event, arguments):
    if event in ("socket.connect", "socket.bind"):
        raise SystemExit(f"importing {{name}} did {{event}}")
before = threading.active_count()
for name in {names!r}:
    if name == {names[0]!r}:
        sys.addaudithook(refuse)
    importlib.import_module(name)
    if threading.active_count() > before:
        raise SystemExit(f"importing {{name}} started a thread")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr[-2000:]) == (0, "")


@pytest.mark.parametrize("package", sorted(PYPROJECTS))
def test_a_member_imports_with_nothing_but_what_it_declares(package):
    distribution = tomllib.loads(PYPROJECTS[package].read_text("utf-8"))["project"]["name"]
    names = [each.name for each in MODULES if each.package == package and each.is_importable]
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
    isolated = [uv, "run", "--quiet", "--isolated", "--locked", "--no-dev", "--package", distribution]
    program = f"import importlib\nfor name in {names!r}: importlib.import_module(name)"
    done = subprocess.run(
        [*isolated, "python", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr[-2000:]) == (0, "")


def test_every_package_says_what_it_is():
    for each in MODULES:
        if each.path.name == "__init__.py":
            assert each.source.startswith('"""'), f"{each.name} has no docstring"
