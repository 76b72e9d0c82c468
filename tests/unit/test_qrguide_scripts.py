"""The scripts of the visitors' pages, by Node's own test runner: storing, answering, the outbox, codes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from meguri_qrguide import assets

TESTS = sorted((assets.PACKAGE.parents[1] / "assets" / "tests").glob("*.test.js"))


@pytest.fixture(scope="module")
def node():
    assets.build()
    return shutil.which("node", path=str(Path(sys.executable).parent))


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name)
def test_the_scripts_do_what_their_tests_say(node, file):
    environment = {**os.environ, "WORKER": str(assets.VENDOR / "worker.js")}
    command = [node, "--test", "--test-reporter=spec", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_tests_of_the_scripts():
    assert len(TESTS) >= 4
