"""A guide from its content folder."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

from meguri_qrguide.content.folder import list_files, read_text
from meguri_qrguide.content.guide import Guide, Media, Picture, Sight, Sound, Survey, Text, Video
from meguri_qrguide.content.guide_file import GuideFile, parse_guide_file
from meguri_qrguide.content.inspecting import NotWhatItSaysError, read_media
from meguri_qrguide.content.layout import FileKind, Placed
from meguri_qrguide.content.markdown import render
from meguri_qrguide.content.problems import ContentError, Problem
from meguri_qrguide.content.sound_files import parse_sound_facts
from meguri_qrguide.content.survey_file import parse_survey_file
from meguri_qrguide.content.text_files import TextFile, parse_text_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

_PICTURES = (FileKind.AVIF, FileKind.WEBP, FileKind.JPEG)
"""The smallest format first."""
_NO_QUESTIONS = Survey(1, ())
_R = TypeVar("_R")


def read_guide(folder: Path) -> Guide:
    """The guide that the folder holds.

    Raises:
        ContentError: with everything that is wrong, by file and line.
    """
    placed = list_files(folder)
    own = next((each for each in placed if each.kind is FileKind.GUIDE), None)
    if own is None:
        raise ContentError([Problem("guide.yaml", None, "The guide's own file is missing.")])
    return _Reading(folder, parse_guide_file(read_text(folder, own))).guide(placed)


class _Reading:
    """One reading of a folder. Problems are collected, so that all of them are told at once."""

    def __init__(self, folder: Path, own: GuideFile) -> None:
        self._folder = folder
        self._own = own
        self._problems: list[Problem] = []

    def guide(self, placed: Iterable[Placed]) -> Guide:
        own = self._own
        of_guide = {each.kind: each for each in placed if not each.sight}
        of_sights: dict[int, list[Placed]] = defaultdict(list)
        for each in placed:
            if each.sight:
                of_sights[each.sight].append(each)
            if each.language and each.language not in own.languages:
                self._refuse(each, f"{each.language} is not among the languages of guide.yaml.")
        for number in of_sights.keys() - set(own.sights):
            self._refuse(of_sights[number][0], f"{number} is not among the sights of guide.yaml.")
        sights = [self._sight(number, of_sights[number]) for number in own.sights]
        survey = self._survey(of_guide.get(FileKind.SURVEY))
        drawing = self._map(of_guide.get(FileKind.MAP))
        if self._problems:
            raise ContentError(self._problems)
        return Guide(
            town=own.town,
            languages=own.languages,
            source=own.source,
            titles=own.titles,
            sights=tuple(sights),
            survey=survey,
            notice=own.notice,
            coupon=own.coupon,
            wifi=own.wifi,
            map=drawing,
        )

    def _survey(self, placed: Placed | None) -> Survey:
        if placed is None:
            return _NO_QUESTIONS
        languages, source = self._own.languages, self._own.source
        found = self._parsed(placed, lambda text, _: parse_survey_file(text, languages, source))
        return found or _NO_QUESTIONS

    def _map(self, placed: Placed | None) -> Media | None:
        if (placed is None) == (self._own.map is None):
            return self._media(placed)
        said = "names no map, though there is" if placed else "names a map, but there is no file"
        self._problems.append(Problem("guide.yaml", None, f"It {said} map.svg."))
        return None

    def _sight(self, number: int, placed: list[Placed]) -> Sight:
        of_kind = {kind: [each for each in placed if each.kind is kind] for kind in FileKind}
        texts = {each.language: self._parsed(each, parse_text_file) for each in of_kind[FileKind.TEXT]}
        read = {language: text for language, text in texts.items() if text is not None}
        source = self._own.source
        if source not in texts:
            sentence = f"The text of the sight {number} in {source}, the source language, is missing."
            self._problems.append(Problem(f"sights/{number}/{source}.md", None, sentence))
        video = self._media(next(iter(of_kind[FileKind.VIDEO]), None))
        subtitles = {each.language: self._media(each) for each in of_kind[FileKind.SUBTITLES]}
        if subtitles and video is None:
            self._refuse(of_kind[FileKind.SUBTITLES][0], "These are subtitles of no video.mp4.")
        return Sight(
            number=number,
            texts={
                each: self._text(number, each, read[each]) for each in self._own.languages if each in read
            },
            pictures=self._pictures(number, read, [each for kind in _PICTURES for each in of_kind[kind]]),
            sounds=self._sounds(of_kind[FileKind.SOUND], of_kind[FileKind.SOUND_FACTS]),
            video=Video(video, {name: each for name, each in subtitles.items() if each}) if video else None,
        )

    def _text(self, number: int, language: str, file: TextFile) -> Text:
        path = f"sights/{number}/{language}.md"
        html = ""
        try:
            html = render(file.body, path, file.body_line, self._own.sights)
        except ContentError as error:
            self._problems += error.problems
        if language == self._own.source and file.translated_from:
            sentence = "The source language is not translated: take translated_from away."
            self._problems.append(Problem(path, None, sentence))
        return Text(file.title, file.lead, html, file.next_hint, file.digest, file.translated_from)

    def _pictures(
        self, number: int, texts: Mapping[str, TextFile], placed: list[Placed]
    ) -> tuple[Picture, ...]:
        """The pictures in the order in which the source text names them, then by name."""
        files: dict[str, list[Media | None]] = defaultdict(list)
        for each in placed:
            files[each.name].append(self._media(each))
        for language, text in texts.items():
            for name in text.alt.keys() - files.keys():
                sentence = (
                    f"There is no picture {name} beside the text: expected {name}.webp or .avif or .jpg."
                )
                self._problems.append(Problem(f"sights/{number}/{language}.md", None, sentence))
        source = texts.get(self._own.source)
        named = [name for name in source.alt if name in files] if source else []
        order = [*named, *sorted(files.keys() - set(named))]
        alt = {
            name: {language: text.alt[name] for language, text in texts.items() if name in text.alt}
            for name in order
        }
        return tuple(Picture(name, alt[name], tuple(filter(None, files[name]))) for name in order)

    def _sounds(self, placed: list[Placed], placed_facts: list[Placed]) -> dict[str, Sound]:
        facts = {each.language: each for each in placed_facts}
        found = {}
        for each in placed:
            media = self._media(each)
            if each.language not in facts:
                self._refuse(each, f"Beside it a file sound.{each.language}.yaml is to say how it was made.")
                continue
            said = self._parsed(facts.pop(each.language), parse_sound_facts)
            if media and said:
                found[each.language] = Sound(media, said.seconds, said.made_by.value, said.says)
        for without in facts.values():
            self._refuse(without, f"There is no sound.{without.language}.m4a beside it.")
        return found

    def _media(self, placed: Placed | None) -> Media | None:
        if placed is None:
            return None
        try:
            return read_media(self._folder, placed.path, placed.kind)
        except NotWhatItSaysError as error:
            self._refuse(placed, str(error))
            return None

    def _parsed(self, placed: Placed, parse: Callable[[str, str], _R]) -> _R | None:
        try:
            return parse(read_text(self._folder, placed), str(placed.path))
        except ContentError as error:
            self._problems += error.problems
            return None

    def _refuse(self, placed: Placed, sentence: str) -> None:
        self._problems.append(Problem(str(placed.path), None, sentence))
