"""Putting pictures, sounds and videos into a draft, and taking them out."""

from __future__ import annotations

import re
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from meguri_qrguide.content.layout import NAME
from meguri_qrguide.content.sound_files import MadeBy, SoundFacts
from meguri_qrguide.content.text_files import parse_text_file
from meguri_qrguide.office.drafts import WORK_PREFIX
from meguri_qrguide.office.pictures import phone_pictures
from meguri_qrguide.office.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from meguri_qrguide.content.text_files import TextFile
    from meguri_qrguide.office.drafts import Draft, Staged
    from meguri_qrguide.office.transcoding import Transcoder
    from meguri_qrguide.office.voices import Voices

    Progress = Callable[[float], None]

PICTURE_SUFFIXES = ("avif", "webp", "jpg")
_NOT_PICTURES = ("sound", "video")


class SightMedia:
    """The pictures, sounds and video of a sight of a draft. Blocking; every method may raise ContentError.

    Args:
        draft: of the guide.
        number: of the sight.
    """

    def __init__(self, draft: Draft, number: int) -> None:
        self._draft = draft
        self._number = number
        self._folder = f"sights/{number}"

    def put_picture(self, name: str, alt: Mapping[str, str], uploaded: IO[bytes], progress: Progress) -> None:
        """Add a picture, or put another in its place.

        Args:
            name: see `picture_name`.
            alt: alternative texts by language; those of languages without a text are left out.
            uploaded: the file.
            progress: told how far it is.

        Raises:
            RefusedError: it is no picture.
        """
        made = phone_pictures(uploaded, progress)
        with self._draft.change() as staged:
            self._remove_picture_files(staged, name)
            for suffix, content in made.items():
                staged.write(f"{self._folder}/{name}.{suffix}", content)
            write_alt(staged, self._number, name, alt)

    def remove_picture(self, name: str) -> None:
        """Take a picture and its alternative texts out."""
        with self._draft.change() as staged:
            self._remove_picture_files(staged, name)
            texts = [path.stem for path in staged.folder.glob(f"{self._folder}/*.md")]
            write_alt(staged, self._number, name, dict.fromkeys(texts, ""))

    def put_sound(
        self, language: str, uploaded: IO[bytes], transcoder: Transcoder, progress: Progress
    ) -> None:
        """Add a recording of the text in a language, or put another in its place.

        Raises:
            RefusedError: it is no sound, or the machine cannot make of it what phones play.
        """
        says = self._text(language).digest
        with self._work_folder() as folder:
            made = folder / "sound.m4a"
            seconds = transcoder.sound(uploaded, made, progress)
            with self._draft.change() as staged:
                staged.move_in(made, f"{self._folder}/sound.{language}.m4a")
                facts = SoundFacts(MadeBy.RECORDING, seconds, says)
                staged.write(f"{self._folder}/sound.{language}.yaml", facts.written())

    def speak_sound(self, language: str, voices: Voices) -> None:
        """Let the machine speak the text, until somebody does it better.

        Raises:
            RefusedError: it has no voice for the language.
        """
        text = self._text(language)
        made = voices.spoken(text, language)
        if made is None:
            raise RefusedError("refused_no_voice")
        sound, seconds = made
        with self._draft.change() as staged:
            staged.write(f"{self._folder}/sound.{language}.m4a", sound)
            facts = SoundFacts(MadeBy.ENGINE, seconds, text.digest)
            staged.write(f"{self._folder}/sound.{language}.yaml", facts.written())

    def remove_sound(self, language: str) -> None:
        """Take a sound out."""
        with self._draft.change() as staged:
            staged.remove(f"{self._folder}/sound.{language}.m4a")
            staged.remove(f"{self._folder}/sound.{language}.yaml")

    def put_video(self, uploaded: IO[bytes], transcoder: Transcoder, progress: Progress) -> None:
        """Add a video, or put another in its place; subtitles stay.

        Raises:
            RefusedError: it is no video, or the machine cannot make of it what phones play.
        """
        with self._work_folder() as folder:
            made = folder / "video.mp4"
            transcoder.video(uploaded, made, progress)
            with self._draft.change() as staged:
                staged.move_in(made, f"{self._folder}/video.mp4")

    def put_subtitles(self, language: str, uploaded: IO[bytes]) -> None:
        """Add subtitles to the video."""
        with self._draft.change() as staged:
            staged.write(f"{self._folder}/video.{language}.vtt", uploaded.read())

    def remove_video(self) -> None:
        """Take the video out, with its subtitles."""
        with self._draft.change() as staged:
            for path in staged.folder.glob(f"{self._folder}/video.*"):
                path.unlink()

    def _text(self, language: str) -> TextFile:
        text = self._draft.text(f"{self._folder}/{language}.md")
        if text is None:
            raise RefusedError("refused_no_text")
        return parse_text_file(text, "")

    def _remove_picture_files(self, staged: Staged, name: str) -> None:
        for suffix in PICTURE_SUFFIXES:
            staged.remove(f"{self._folder}/{name}.{suffix}")

    @contextmanager
    def _work_folder(self) -> Iterator[Path]:
        """On the draft's disk, so that what is made there can be moved in."""
        with tempfile.TemporaryDirectory(dir=self._draft.folder.parent, prefix=WORK_PREFIX) as folder:
            yield Path(folder)


def write_alt(staged: Staged, number: int, name: str, alt: Mapping[str, str]) -> None:
    """Write a picture's alternative texts into the sight's texts; an empty one takes it out."""
    for language, words in alt.items():
        path = staged.folder / f"sights/{number}/{language}.md"
        if path.exists():
            text = parse_text_file(path.read_text("utf-8"), path.name)
            said = {**text.alt, name: " ".join(words.split())}
            written = replace(text, alt={each: words for each, words in said.items() if words}).written()
            staged.write(f"sights/{number}/{language}.md", written)


def picture_name(typed: str, file_name: str, taken: set[str]) -> str:
    """A name for a picture: the typed one, else what the uploaded file was called, else a number.

    Raises:
        RefusedError: the typed one cannot be a name.
    """
    if typed:
        if not re.fullmatch(NAME, typed) or typed in _NOT_PICTURES:
            raise RefusedError("refused_picture_name")
        return typed
    plain = re.sub(r"[^a-z0-9]+", "-", Path(file_name).stem.lower()).strip("-")[:40].strip("-")
    if plain and plain not in taken and plain not in _NOT_PICTURES:
        return plain
    return next(f"picture-{n}" for n in range(1, 1_000) if f"picture-{n}" not in taken)
