import io
import wave

import av
import numpy as np
import pytest
from meguri_qrguide import speech
from meguri_qrguide.sound_encoding import HERTZ, speech_as_m4a
from meguri_qrguide.voices import open_jtalk


def seconds(wav):
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getnframes() / file.getframerate()


@pytest.fixture(scope="module")
def english():
    return speech.speak(
        "Close your eyes and listen.\nIn the dark you hear water long before you see it.", "en"
    )


def test_a_text_is_spoken_whole_with_all_its_lines(english):
    one_line = speech.speak("Close your eyes and listen.", "en")
    assert 1 < seconds(one_line) < seconds(english) - 2


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Fermez les yeux et écoutez l'eau."),
        ("ko", "눈을 감고 물소리에 귀를 기울여 보세요."),
        ("th", "ลองหลับตาแล้วฟังเสียงน้ำ"),
        ("vi", "Hãy nhắm mắt và lắng nghe tiếng nước."),
        ("zh-Hans", "请闭上眼睛听一听水的声音。"),
        ("zh-Hant", "請閉上眼睛聽一聽水的聲音。"),
        ("ja", "目を閉じて、耳をすましてください。"),
        ("ja-x-easy", "{目|め}を {閉|と}じて、{水|みず}の {音|おと}を {聞|き}いて ください。"),
    ],
)
def test_the_languages_of_the_guide_have_voices(language, text):
    assert 1 < seconds(speech.speak(text, language)) < 10


@pytest.mark.parametrize("language", ["la", "tlh", "x"])
def test_a_language_without_a_voice_stays_silent(language):
    assert not speech.has_voice(language)
    assert speech.speak("Salve.", language) is None


@pytest.mark.parametrize("text", ["", " \n", "a" * (speech.LONGEST_TEXT + 1)])
def test_nothing_and_far_too_much_are_not_spoken(text):
    assert speech.speak(text, "en") is None


def test_an_engine_that_fails_leaves_the_text_unspoken(monkeypatch):
    monkeypatch.setattr(speech, "ESPEAK_LANGUAGES", ("en", "xx"))
    assert speech.speak("No voice is called so.", "xx") is None


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("{水|みず}の {音|おと}を {聞|き}く。", "水の音を聞く。"),
        ("ここは{秋芳洞|あきよしどう}です。", "ここはあきよしどうです。"),
        ("{竜ヶ淵|りゅうがふち}。", "りゅうがふち。"),
        ("雨が降る。", "雨が降る。"),
    ],
)
def test_a_word_keeps_its_kanji_only_if_they_are_read_as_its_reading_says(sentence, said):
    assert open_jtalk.as_read(sentence.replace(" ", "")) == said


def test_speech_becomes_a_small_file_that_plays_while_it_comes(english):
    encoded, length = speech_as_m4a(english)
    assert encoded[4:12] == b"ftypM4A "
    assert encoded.index(b"moov") < encoded.index(b"mdat")
    assert length == pytest.approx(seconds(english), abs=0.3)
    assert len(encoded) < 7_000 * length
    with av.open(io.BytesIO(encoded)) as file:
        sound = file.streams.audio[0]
        assert (sound.codec_context.name, sound.rate, sound.layout.name) == ("aac", HERTZ, "mono")


def test_a_quiet_voice_becomes_as_loud_as_others(english):
    with wave.open(io.BytesIO(english)) as file:
        hertz, samples = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2")
    quiet = io.BytesIO()
    with wave.open(quiet, "wb") as file:
        file.setparams((1, 2, hertz, 0, "NONE", ""))
        file.writeframes((samples // 10).astype("<i2").tobytes())
    assert power(quiet.getvalue()) == pytest.approx(power(english), rel=0.35)


def power(wav):
    encoded, _ = speech_as_m4a(wav)
    with av.open(io.BytesIO(encoded)) as file:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
    return float((samples**2).mean())
