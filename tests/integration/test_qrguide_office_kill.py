"""A killed office: whatever it was at, the draft is one whole guide, and no waste stays."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from fakes.office import FIRST, OfficeWorld
from meguri_qrguide.content.reading import read_guide
from meguri_qrguide.content.text_files import parse_text_file
from meguri_qrguide.office.drafts import Draft

TESTS = Path(__file__).parents[1]
SAVING = """
import sys
from pathlib import Path
from fakes.office import FIRST
from dataclasses import replace
from meguri_qrguide.office.drafts import Draft

draft = Draft(Path(sys.argv[1]))
print("ready", flush=True)
number = 0
while True:
    number += 1
    text = replace(FIRST, body=f"{number}").written()
    with draft.change() as staged:
        staged.write("sights/101/ja.md", text)
        staged.write("sights/102/ja.md", text)
"""
SPEAKING = """
import io, sys
from pathlib import Path
from meguri_qrguide.office.drafts import Draft
from meguri_qrguide.office.media_files import SightMedia
from meguri_qrguide.office.transcoding import Transcoder

sound = io.BytesIO(b"OggS" + bytes(40))
print("ready", flush=True)
SightMedia(Draft(Path(sys.argv[1])), 101).put_sound("ja", sound, Transcoder(sys.argv[2]), print)
"""


def begun(program, *arguments):
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        start_new_session=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def killed(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def test_a_kill_while_saving_leaves_the_texts_of_one_save(tmp_path):
    world = OfficeWorld(tmp_path)
    chance = random.Random(6)
    seen = set()
    for _ in range(10):
        process = begun(SAVING, world.draft)
        time.sleep(chance.uniform(0.02, 0.3))
        killed(process)
        draft = Draft(world.draft)
        assert draft.guide == read_guide(world.draft)
        texts = [draft.text(f"sights/{number}/ja.md") for number in (101, 102)]
        assert texts[0] == texts[1] or parse_text_file(texts[0], "") == FIRST
        seen.add(texts[0])
    assert len(seen) > 1, "something was saved in between"
    world.close()


def test_a_kill_while_a_sound_is_made_leaves_the_draft_as_it_was_and_no_waste(tmp_path):
    world = OfficeWorld(tmp_path)
    endless = tmp_path / "ffmpeg"
    endless.write_text("#!/bin/sh\necho out_time_us=1\nsleep 60\n")
    endless.chmod(0o755)
    before = read_guide(world.draft)
    process = begun(SPEAKING, world.draft, endless)
    assert process.stdout.readline(), "ffmpeg is at work"
    assert [path for path in world.draft.parent.iterdir() if path.name.startswith(".work-")]
    killed(process)
    assert Draft(world.draft).guide == before
    assert not [path for path in world.draft.parent.iterdir() if path.name.startswith(".work-")]
    world.close()
