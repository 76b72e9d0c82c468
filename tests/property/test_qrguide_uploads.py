"""Whatever is uploaded as a part of a guide is taken or refused with a sentence; nothing else happens."""

import io
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from fakes.guide_folder import GUIDE, MAP, SURVEY, TEXTS, picture, sound, tree, video, write_guide
from hypothesis import given
from hypothesis import strategies as st
from meguri_qrguide.content.archive import export_zip, import_zip
from meguri_qrguide.content.guide_file import parse_guide_file
from meguri_qrguide.content.inspecting import NotWhatItSaysError, check
from meguri_qrguide.content.layout import FileKind
from meguri_qrguide.content.problems import ContentError
from meguri_qrguide.content.sound_files import parse_sound_facts
from meguri_qrguide.content.survey_file import parse_survey_file
from meguri_qrguide.content.text_files import parse_text_file

FILES = {
    FileKind.WEBP: picture("WEBP"),
    FileKind.AVIF: picture("AVIF"),
    FileKind.JPEG: picture("JPEG"),
    FileKind.SOUND: sound(),
    FileKind.VIDEO: video(),
    FileKind.SUBTITLES: b"WEBVTT\n\n00:00 --> 00:01\nx\n",
    FileKind.MAP: MAP.encode(),
}
PARSERS = {
    "a guide": (GUIDE, parse_guide_file),
    "a survey": (SURVEY, lambda text: parse_survey_file(text, ("ja", "en"), "ja")),
    "a text": (TEXTS["sights/101/ja.md"], lambda text: parse_text_file(text, "ja.md")),
    "facts": ("made_by: recording\nseconds: 2\n", lambda text: parse_sound_facts(text, "sound.ja.yaml")),
}
with TemporaryDirectory() as _folder:
    ZIP = export_zip(write_guide(Path(_folder))).read()


@st.composite
def damaged(draw, whole):
    """The file with a few pieces replaced, taken away, or put in."""
    content = whole
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(content)))
        length = draw(st.sampled_from([0, 1, 1, 4, 50]))
        piece = draw(st.binary(max_size=9) if isinstance(whole, bytes) else st.text(max_size=9))
        content = content[:at] + piece + content[at + length :]
    return content


@given(st.sampled_from(list(FILES)).flatmap(lambda kind: st.tuples(st.just(kind), damaged(FILES[kind]))))
def test_a_medium_is_taken_or_refused_with_a_sentence(upload):
    kind, content = upload
    said = "."
    try:
        check(io.BytesIO(content), len(content), kind)
    except NotWhatItSaysError as error:
        said = str(error)
    assert said.endswith(".")


@given(
    st.sampled_from(list(PARSERS)).flatmap(lambda name: st.tuples(st.just(name), damaged(PARSERS[name][0])))
)
def test_a_text_file_is_taken_or_refused_by_line(upload):
    name, content = upload
    problems = ()
    try:
        PARSERS[name][1](content)
    except ContentError as error:
        problems = error.problems
    assert all(each.line and each.sentence.endswith(".") for each in problems)


@given(damaged(ZIP))
def test_a_zip_is_taken_whole_or_refused_and_the_draft_stays(content):
    with TemporaryDirectory() as folder:
        draft = Path(folder, "valley", "draft")
        with suppress(ContentError):
            import_zip(io.BytesIO(content), draft, "valley")
            assert (draft / "guide.yaml").is_file()
            return
        assert not draft.exists()
        assert not tree(Path(folder))
