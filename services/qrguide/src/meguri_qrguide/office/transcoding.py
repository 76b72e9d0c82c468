"""Uploaded sound and video as phones play them, by ffmpeg where the machine has it."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from meguri_qrguide.content.boxes import BoxError
from meguri_qrguide.content.inspecting import NotWhatItSaysError, check
from meguri_qrguide.content.layout import FileKind
from meguri_qrguide.content.mp4 import read_mp4
from meguri_qrguide.office.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LOUDNESS = "I=-16:TP=-1.5:LRA=11"
"""Integrated loudness in LUFS, true peak and range (EBU R 128): level with other speech on phones."""
LONGEST_S = 1_800
"""Of work on one file."""
_MEASURED = {
    "measured_I": "input_i",
    "measured_TP": "input_tp",
    "measured_LRA": "input_lra",
    "measured_thresh": "input_thresh",
    "offset": "target_offset",
}
_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")
_PROGRESS = re.compile(r"out_time_us=(\d+)")


@dataclass(frozen=True)
class _Form:
    """What an upload can be, told by its first bytes."""

    demuxer: str
    """ffmpeg's, named to it: left to guess, it would follow playlists to other files and addresses."""
    is_mp4: bool = False


def _form_of(head: bytes) -> _Form | None:
    if head[4:8] == b"ftyp":
        return _Form("mov", is_mp4=True)
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return _Form("wav")
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return _Form("aiff")
    if head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] and head[1] & 0xE6 == 0xE2):  # noqa: PLR2004
        return _Form("mp3")
    by_mark = {b"OggS": "ogg", b"fLaC": "flac", b"\x1a\x45\xdf\xa3": "matroska"}
    demuxer = by_mark.get(head[:4])
    return _Form(demuxer) if demuxer else None


class Transcoder:
    """Makes them.

    Args:
        ffmpeg: the program; None: the one on the search path, if there is one.
    """

    def __init__(self, ffmpeg: str | None = None) -> None:
        self._ffmpeg = ffmpeg or shutil.which("ffmpeg")

    @property
    def is_there(self) -> bool:
        """Whether other formats than the phones' own can be taken."""
        return self._ffmpeg is not None

    def sound(self, uploaded: IO[bytes], made: Path, progress: Callable[[float], None]) -> float:
        """Write the sound as AAC, mono, with speech's usual loudness; how many seconds it has.

        Without ffmpeg an M4A file with AAC is taken as it is.

        Raises:
            RefusedError: it is no sound, cannot be read, or there is no ffmpeg and it is no such M4A file.
        """
        form = _form(uploaded)
        if self._ffmpeg is None:
            return _taken(uploaded, made, FileKind.SOUND, form)
        with tempfile.TemporaryDirectory() as folder:
            source = _copied(uploaded, Path(folder))
            only_sound = ["-vn", "-sn", "-dn", "-map", "0:a:0"]
            mono = "aformat=channel_layouts=mono"
            measuring = ["-af", f"{mono},loudnorm={LOUDNESS}:print_format=json", "-f", "null", "-"]
            said = self._run(form, source, [*only_sound, *measuring], lambda share: progress(share / 2))
            encoding = [
                *("-af", f"{mono},loudnorm={LOUDNESS}:{_measured(said)}:linear=true"),
                *("-ar", "44100", "-ac", "1", "-c:a", "aac", "-b:a", "48k"),
                *_plain_mp4(),
                str(made),
            ]
            self._run(form, source, [*only_sound, *encoding], lambda share: progress(0.5 + share / 2))
        return _seconds(made, FileKind.SOUND)

    def video(self, uploaded: IO[bytes], made: Path, progress: Callable[[float], None]) -> float:
        """Write the video as H.264 and AAC in MP4, at most 720 lines; how many seconds it has.

        Without ffmpeg an MP4 file with these is taken as it is.

        Raises:
            RefusedError: as `sound`.
        """
        form = _form(uploaded)
        if self._ffmpeg is None:
            return _taken(uploaded, made, FileKind.VIDEO, form)
        with tempfile.TemporaryDirectory() as folder:
            source = _copied(uploaded, Path(folder))
            smaller = "scale='if(gt(iw,ih),-2,min(720,iw))':'if(gt(iw,ih),min(720,ih),-2)'"
            encoding = [
                *("-map", "0:v:0", "-map", "0:a:0?", "-sn", "-dn"),
                *("-vf", f"{smaller},scale=trunc(iw/2)*2:trunc(ih/2)*2,format=yuv420p"),
                *("-c:v", "libx264", "-preset", "medium", "-crf", "26", "-maxrate", "1500k"),
                *("-bufsize", "3000k", "-r", "30"),
                *("-af", f"loudnorm={LOUDNESS}", "-ar", "44100", "-ac", "2", "-c:a", "aac", "-b:a", "96k"),
                *_plain_mp4(),
                str(made),
            ]
            self._run(form, source, encoding, progress)
        return _seconds(made, FileKind.VIDEO)

    def _run(
        self, form: _Form, source: Path, arguments: Sequence[str], progress: Callable[[float], None]
    ) -> str:
        """What ffmpeg wrote to its standard error."""
        command = [
            *(str(self._ffmpeg), "-nostdin", "-hide_banner", "-nostats", "-y", "-progress", "pipe:1"),
            *("-protocol_whitelist", "file,pipe", "-f", form.demuxer, "-i", str(source)),
            *arguments,
        ]
        told = source.with_name("told")
        with told.open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603  our own arguments, and a file named by us
                command, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        ending = threading.Timer(LONGEST_S, process.kill)
        ending.start()
        try:
            whole_us = 0
            for line in process.stdout or ():
                if found := _PROGRESS.match(line):
                    whole_us = whole_us or _duration_us(told)
                    progress(min(1.0, int(found[1]) / whole_us) if whole_us else 0.0)
            status = process.wait()
            took_too_long = ending.finished.is_set()
        finally:
            process.kill()
            process.wait()
            ending.cancel()
        if took_too_long:
            raise RefusedError("refused_takes_too_long")
        if status:
            raise RefusedError("refused_media_unreadable")
        return told.read_text("utf-8", "replace")


def _form(uploaded: IO[bytes]) -> _Form:
    uploaded.seek(0)
    form = _form_of(uploaded.read(16))
    uploaded.seek(0)
    if form is None:
        raise RefusedError("refused_media")
    return form


def _copied(uploaded: IO[bytes], folder: Path) -> Path:
    source = folder / "uploaded"
    with source.open("wb") as file:
        shutil.copyfileobj(uploaded, file)
    return source


def _taken(uploaded: IO[bytes], made: Path, kind: FileKind, form: _Form) -> float:
    if not form.is_mp4:
        raise RefusedError("refused_without_ffmpeg")
    with made.open("wb") as file:
        shutil.copyfileobj(uploaded, file)
    return _seconds(made, kind)


def _seconds(made: Path, kind: FileKind) -> float:
    """The length of a file that is what phones play, and no larger than a guide may have it."""
    size = made.stat().st_size
    most = kind.value.most_bytes
    if size > most:
        raise RefusedError("refused_media_bytes", most=most // 1_000_000)
    try:
        with made.open("rb") as file:
            check(file, size, kind)
            return read_mp4(file, size).seconds
    except (NotWhatItSaysError, BoxError) as error:
        raise RefusedError("refused_media_tracks", found=error) from None


def _measured(told: str) -> str:
    """What the first pass of loudnorm found, as options of the second."""
    start, end = told.rfind("{"), told.rfind("}")
    try:
        found = json.loads(told[start : end + 1])
        values = {name: float(found[field]) for name, field in _MEASURED.items()}
    except (ValueError, KeyError):
        raise RefusedError("refused_media_unreadable") from None
    if not all(math.isfinite(value) for value in values.values()):
        raise RefusedError("refused_silence")
    return ":".join(f"{name}={value}" for name, value in values.items())


def _plain_mp4() -> tuple[str, ...]:
    """The index first, so that it plays while it comes; nothing of the recording's place or device."""
    return ("-map_metadata", "-1", "-map_chapters", "-1", "-movflags", "+faststart", "-f", "mp4")


def _duration_us(told: Path) -> int:
    found = _DURATION.search(told.read_text("utf-8", "replace"))
    if found is None:
        return 0
    hours, minutes, seconds = found.groups()
    return int((int(hours) * 3_600 + int(minutes) * 60 + float(seconds)) * 1e6)
