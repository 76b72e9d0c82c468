import io
import wave

import pytest
from meguri_qrguide import make_sounds
from meguri_qrguide.content.reading import read_guide
from meguri_qrguide.content.sound_files import MadeBy, SoundFacts
from meguri_qrguide.make_sounds import make, to_speak, words

GUIDE = """\
town: valley
languages: [ja, en, la]
source: ja
title: {ja: 谷}
sights: [7]
"""
TEXT = "---\ntitle: The pool\nlead: It is {deep|dip}.\n---\n\nLook *down*.\n"
SAID = "The pool\nIt is {deep|dip}.\nLook down."


@pytest.fixture
def guides(tmp_path):
    sight = tmp_path / "valley/sights/7"
    sight.mkdir(parents=True)
    (tmp_path / "valley/guide.yaml").write_text(GUIDE, "utf-8")
    (sight / "en.md").write_text(TEXT, "utf-8")
    for language in ("ja", "la"):
        (sight / f"{language}.md").write_text("---\ntitle: 淵\nlead: 深い。\n---\n\n見る。\n", "utf-8")
    return tmp_path


@pytest.fixture
def sight(guides):
    return guides / "valley/sights/7"


def voice(text, _language):
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setparams((1, 2, 22_050, 0, "NONE", ""))
        file.writeframes(bytes([0, 40]) * 1_000 * len(text))
    return made.getvalue()


def languages(guides):
    return [each.language for each in to_speak(guides)]


def test_what_a_machine_can_speak_is_spoken_once_and_belongs_to_the_guide(guides):
    assert languages(guides) == ["en", "ja"]
    assert all(make(each, voice) for each in to_speak(guides))
    assert languages(guides) == []
    (sight,) = read_guide(guides / "valley").sights
    assert sight.sounds.keys() == {"en", "ja"}
    assert sight.sounds["en"].says == sight.texts["en"].digest
    assert sight.sounds["en"].made_by == "speech engine"
    assert sight.sounds["en"].seconds == pytest.approx(1_000 * len(SAID) / 22_050, abs=0.3)


def test_title_lead_and_body_are_said_without_marks_and_with_readings(guides):
    english = next(each for each in to_speak(guides) if each.language == "en")
    assert words(english.text) == SAID


def test_a_text_that_has_changed_is_spoken_again(guides, sight):
    for each in to_speak(guides):
        make(each, voice)
    (sight / "en.md").write_text(TEXT.replace("down", "up"), "utf-8")
    assert languages(guides) == ["en"]


def test_a_recording_is_never_replaced(guides, sight):
    (sight / "sound.en.m4a").write_bytes(b"read aloud")
    (sight / "sound.en.yaml").write_text(SoundFacts(MadeBy.RECORDING, 3, "0" * 16).written(), "utf-8")
    assert languages(guides) == ["ja"]


@pytest.mark.parametrize("left", ["sound.en.m4a", "sound.en.yaml"])
def test_a_sound_that_was_left_half_made_is_made_again(guides, sight, left):
    for each in to_speak(guides):
        make(each, voice)
    for other in {"sound.en.m4a", "sound.en.yaml"} - {left}:
        (sight / other).unlink()
    assert languages(guides) == ["en"]


def test_a_text_that_cannot_be_spoken_gets_no_sound(guides, sight):
    assert not any(make(each, lambda *_: None) for each in to_speak(guides))
    assert not list(sight.glob("sound.*"))


def test_the_command_fails_where_a_voice_does_and_is_done_where_all_is_said(guides, monkeypatch, capsys):
    monkeypatch.setattr(make_sounds, "GUIDES", guides)
    monkeypatch.setattr(make_sounds, "make", lambda each: each.language != "ja")
    assert make_sounds.main() == 1
    assert "1 of 2 texts could not be spoken" in capsys.readouterr().err
    monkeypatch.setattr(make_sounds, "make", make)
    monkeypatch.setattr(make_sounds, "to_speak", lambda _: iter(()))
    assert make_sounds.main() == 0
