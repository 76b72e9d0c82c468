"""Uploads through the ffmpeg of the machine: what phones get of what people have."""

import io
import math
import re
import shutil
import struct
import subprocess
import wave

import pytest
from fakes.office import OfficeWorld
from meguri_qrguide.content.inspecting import check
from meguri_qrguide.content.layout import FileKind
from meguri_qrguide.content.reading import read_guide
from meguri_qrguide.office.refusals import RefusedError
from meguri_qrguide.office.transcoding import Transcoder

FFMPEG = shutil.which("ffmpeg")
SIGHT = "/office/guides/mine/sights/101"
pytestmark = pytest.mark.skipif(FFMPEG is None, reason="needs ffmpeg: apt-get install ffmpeg")


def nothing(_share):
    pass


def tone(seconds=4.0, loud=0.05, hertz=48_000):
    """A WAV file in stereo that swells as speech does."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(2)
        written.setsampwidth(2)
        written.setframerate(hertz)
        frames = bytearray()
        for n in range(int(seconds * hertz)):
            swell = 0.6 + 0.4 * math.sin(2 * math.pi * 3 * n / hertz)
            value = int(32_767 * loud * swell * math.sin(2 * math.pi * 300 * n / hertz))
            frames += struct.pack("<hh", value, value)
        written.writeframes(bytes(frames))
    return file.getvalue()


def made_by_ffmpeg(folder, name, *arguments, content=None):
    source = folder / "source.wav"
    source.write_bytes(content or tone())
    target = folder / name
    subprocess.run([FFMPEG, "-v", "error", "-y", *arguments, str(target)], check=True, cwd=folder)
    return target.read_bytes()


def loudness(path):
    said = subprocess.run(
        [FFMPEG, "-nostats", "-i", str(path), "-af", "ebur128", "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1])


def told(path):
    return subprocess.run([FFMPEG, "-i", str(path)], capture_output=True, text=True, check=False).stderr


def begins_at_once(path):
    """Whether the index stands before the data, so that a player need not fetch the file's end first."""
    content = path.read_bytes()
    return content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("loud", [0.02, 0.9], ids=["whispered", "shouted"])
def test_a_sound_becomes_mono_aac_of_even_loudness(tmp_path, loud):
    made = tmp_path / "made.m4a"
    seconds = Transcoder().sound(io.BytesIO(tone(6.0, loud)), made, nothing)
    assert seconds == pytest.approx(6.0, abs=0.1)
    assert re.search(r"Audio: aac \(LC\).*44100 Hz, mono", told(made))
    assert loudness(made) == pytest.approx(-16.0, abs=1.0)
    assert begins_at_once(made)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("a.mp3", ("-c:a", "libmp3lame")),
        ("a.ogg", ("-c:a", "libvorbis")),
        ("a.flac", ("-c:a", "flac")),
        ("a.m4a", ("-c:a", "aac")),
        ("a.webm", ("-c:a", "libopus")),
        ("a.aiff", ()),
    ],
)
def test_every_usual_kind_of_sound_is_taken(tmp_path, name, arguments):
    content = made_by_ffmpeg(tmp_path, name, "-i", "source.wav", *arguments)
    made = tmp_path / "made.m4a"
    assert Transcoder().sound(io.BytesIO(content), made, nothing) == pytest.approx(4.0, abs=0.2)
    with made.open("rb") as file:
        check(file, made.stat().st_size, FileKind.SOUND)


def test_what_a_recorder_wrote_into_a_sound_is_gone(tmp_path):
    content = made_by_ffmpeg(
        tmp_path,
        "a.m4a",
        "-i",
        "source.wav",
        "-metadata",
        "title=Hanako at home",
        "-metadata",
        "location=+35",
    )
    made = tmp_path / "made.m4a"
    Transcoder().sound(io.BytesIO(content), made, nothing)
    assert b"Hanako" in content
    assert b"Hanako" not in made.read_bytes()


def test_silence_and_a_damaged_sound_are_refused(tmp_path):
    made = tmp_path / "made.m4a"
    with pytest.raises(RefusedError, match="refused_silence"):
        Transcoder().sound(io.BytesIO(tone(2.0, 0.0)), made, nothing)
    with pytest.raises(RefusedError, match="refused_media_unreadable"):
        Transcoder().sound(io.BytesIO(b"OggS" + bytes(200)), made, nothing)


def test_a_playlist_that_calls_itself_a_sound_reaches_no_other_file(tmp_path):
    secret = tmp_path / "secret.wav"
    secret.write_bytes(tone(1.0))
    for content in (f"#EXTM3U\n{secret}\n", f"ffconcat version 1.0\nfile {secret}\n"):
        with pytest.raises(RefusedError, match="refused_media"):
            Transcoder().sound(io.BytesIO(content.encode()), tmp_path / "made.m4a", nothing)


@pytest.mark.parametrize(
    ("size", "expected"), [("1920x1080", "1280x720"), ("1080x1920", "720x1280"), ("320x241", "320x240")]
)
def test_a_video_becomes_mp4_of_at_most_720_lines(tmp_path, size, expected):
    picture = ("-f", "lavfi", "-i", f"testsrc=size={size}:rate=25:duration=2")
    content = made_by_ffmpeg(
        tmp_path, "a.mkv", *picture, "-i", "source.wav", "-shortest", "-c:v", "mpeg4", "-c:a", "flac"
    )
    made = tmp_path / "made.mp4"
    shares = []
    assert Transcoder().video(io.BytesIO(content), made, shares.append) == pytest.approx(2.0, abs=0.3)
    said = told(made)
    assert re.search(rf"Video: h264.*yuv420p.*{expected}", said)
    assert "Audio: aac" in said
    with made.open("rb") as file:
        check(file, made.stat().st_size, FileKind.VIDEO)
    assert begins_at_once(made)
    assert shares
    assert all(0 <= share <= 1 for share in shares)


def test_a_video_without_sound_stays_without(tmp_path):
    picture = ("-f", "lavfi", "-i", "testsrc=size=320x240:rate=25:duration=1")
    content = made_by_ffmpeg(tmp_path, "a.mov", *picture, "-c:v", "mpeg4")
    made = tmp_path / "made.mp4"
    Transcoder().video(io.BytesIO(content), made, nothing)
    assert "Audio:" not in told(made)
    with made.open("rb") as file:
        check(file, made.stat().st_size, FileKind.VIDEO)


def test_a_sound_goes_from_the_form_into_the_draft(tmp_path):
    world = OfficeWorld(tmp_path)
    browser = world.signed_in()
    begun = browser.post(f"{SIGHT}/sounds/ja", of=SIGHT, files={"file": ("voice.wav", tone())})
    assert browser.finished(begun).headers["location"] == f"{SIGHT}?said=saved"
    found = read_guide(world.draft).sights[0].sounds["ja"]
    assert found.seconds == pytest.approx(4.0, abs=0.1)
    assert not [path for path in world.draft.parent.iterdir() if path.name.startswith(".work-")]
    world.close()
