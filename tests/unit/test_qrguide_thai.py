import io
import wave

import numpy as np
import pytest
from meguri_qrguide import speech
from meguri_qrguide.voices.thai import sounds
from meguri_qrguide.voices.thai_numbers import cardinal, in_letters
from meguri_qrguide.voices.thai_reading import BREATH, TONES, Syllable, phrases, read
from meguri_qrguide.voices.thai_words import Words
from meguri_qrguide.voices.tones import with_melody

HERTZ, NOTE_HZ = 22_050, 118.5


def letters(syllable):
    return f"{syllable.initial}{syllable.vowel}{syllable.final}{syllable.tone}"


def heard(text):
    """Syllables by spaces, phrases by strokes; the last figure is the tone, 0 is mid and 4 rising."""
    return " / ".join(" ".join(map(letters, phrase)) for phrase in phrases(text))


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        # A vowel is written before, after, above, below or around its consonant, or not at all.
        ("ถ้ำ", "tham2"),
        ("เดินทาง", "d@@n0 thaaN0"),
        ("ทางลาด", "thaaN0 laat2"),
        ("ยาวนาน", "jaaw0 naan0"),
        ("ไร่นา", "raj2 naa0"),
        ("กลั้นหายใจ", "klan2 haaj4 caj0"),
        ("หินงอกหินย้อย", "hin4 NOOk2 hin4 jOOj3"),
        ("ล้านปี", "laan3 pii0"),
        ("อากาศ", "?aa0 kaat1"),
        ("เพราะ", "phrO3"),
        ("เหมือน", "mUUan4"),
        ("เขียว", "khiiaw4"),
        # A consonant that leads lends its tone to the next syllable, and has one of its own.
        ("ตลอด", "ta1 lOOt1"),
        ("อร่อย", "?a1 rOOj1"),
        ("แมลง", "ma3 lxxN0"),
        ("ผนัง", "pha1 naN4"),
        ("เสมอ", "sa1 m@@4"),
        ("ถนน", "tha1 non4"),
        ("สาหร่าย", "saa4 raaj1"),
        ("อยู่", "juu1"),
        # ทร is s in some words; other clusters drop their r.
        ("ทราย", "saaj0"),
        ("ทรงเลือก", "soN0 lUUak2"),
        ("จริง", "ciN0"),
        ("สร้าง", "saaN2"),
        ("ประตู", "pra1 tuu0"),
        # Words from Pali and Sanskrit.
        ("ธรรมชาติ", "tham0 ma3 chaat2"),
        ("จักรพรรดิ", "cak1 kra1 phat3"),
        ("มกุฎราชกุมาร", "ma3 kut1 raat2 cha3 ku1 maan0"),
        ("มหาสมุทร", "ma3 haa4 sa1 mut1"),
        ("อุณหภูมิ", "?un0 ha1 phuum0"),
        ("ศตวรรษ", "sa1 ta1 wat3"),
        ("นักวิทยาศาสตร์", "nak3 wit3 tha3 jaa0 saat1"),
        ("ฤดูใบไม้ผลิ", "rU3 duu0 baj0 maaj3 phli1"),
        ("สัตว์", "sat1"),
        # Short before a nasal, though written as the long ones are.
        ("เส้น", "sen2"),
        ("แห่ง", "hxN1"),
        ("แห้ง", "hxxN2"),
        # Loan words and names.
        ("เซนติเมตร", "seen0 ti1 meet3"),
        ("คาร์บอนไดออกไซด์", "khaa0 bOOn0 daj0 ?OOk1 saj0"),
        ("ลิฟต์", "lip3"),
        ("อาคิโยชิได", "?aa0 khi3 joo0 chi3 daj0"),
        ("เกียวโต", "kiiaw0 too0"),
        ("โชวะ", "choo0 wa3"),
        ("ริวกาบูจิ", "riw0 kaa0 buu0 ci1"),
    ],
)
def test_a_word_is_read_as_thais_read_it(word, syllables):
    assert heard(word) == syllables


def test_words_without_spaces_are_read_as_the_words_that_they_are():
    assert heard("หน้าหนาวถอดออกหนึ่งตัว") == "naa2 naaw4 thOOt1 ?OOk1 nUN1 tuua0"
    assert heard("จากจานบนสู่จานล่าง") == "caak1 caan0 bon0 suu1 caan0 laaN2"
    assert heard("ประมาณสิบเจ็ดองศา") == "pra1 maan0 sip1 cet1 ?oN0 saa4"


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("เฟซบุ๊ก", "feet2 buk3"),
        ("แบคกราวนด์", "bxxk1 kraa0 won0"),
        ("ค้างคาวปีกจุด", "khaaN3 khaaw0 piik1 cut1"),
        ("เนติก", "nee0 tik1"),
        ("ฌลิ", "chOO0 lOO0"),
    ],
)
def test_where_syllables_are_cut_wrong_none_is_lost(word, syllables):
    assert " ".join(map(letters, read(word))) == syllables


def test_a_mark_of_repetition_says_the_word_before_it_again():
    assert heard("ค่อย ๆ ละลาย") == "khOOj2 khOOj2 / la3 laaj0"
    assert heard("หยดต่อ ๆ") == "jot1 tOO1 tOO1"
    assert heard("ต่างๆ ฯลฯ") == "taaN1 taaN1 / lx3 ?UUn1 ?UUn1"


def test_a_reading_is_what_is_said_and_hyphens_part_its_syllables():
    assert heard("คือ{โดราเอมอน|โด-รา-เอ-มอน}") == "khUU0 doo0 raa0 ?ee0 mOOn0"


def test_what_looks_the_same_is_read_the_same():
    assert heard("น้ํา เเม่") == heard("น้ำ แม่")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "ศูนย์"),
        (1, "หนึ่ง"),
        (10, "สิบ"),
        (11, "สิบเอ็ด"),
        (20, "ยี่สิบ"),
        (101, "หนึ่งร้อยเอ็ด"),
        (1926, "หนึ่งพันเก้าร้อยยี่สิบหก"),
        (350_000_000, "สามร้อยห้าสิบล้าน"),
        (1_000_001, "หนึ่งล้านเอ็ด"),
    ],
)
def test_a_number_is_said_in_words(number, said):
    assert cardinal(number) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("๑๒", "สิบสอง"),
        ("1,250", "หนึ่งพันสองร้อยห้าสิบ"),
        ("12.5%", "สิบสองจุดห้า เปอร์เซ็นต์"),
        ("0836", "ศูนย์แปดสามหก"),
        ("QR", "คิว อาร์"),
        ("A4", "เอ สี่"),
    ],
)
def test_figures_latin_letters_and_signs_are_said_in_thai(text, said):
    assert in_letters(text).split() == said.split()


def test_text_is_cut_where_its_words_are_most_probable_together():
    known = ["ตา", "กลม", "ตาก", "ลม", "ฤดูใบไม้ผลิ"]
    words = Words(known, {"ตา": 90, "กลม": 50, "ตาก": 5, "ลม": 60}, {"คิ": 10})
    assert words.cut("ตากลม") == ["ตา", "กลม"]
    assert words.cut("ตาคิตา") == ["ตา", "คิ", "ตา"]
    assert words.cut("ตาซูกิตา") == ["ตา", "ซูกิ", "ตา"]


@pytest.mark.parametrize(
    ("syllable", "phonemes"),
    [
        (Syllable("th", "aa", "N", 0), ["t_h", "a::4", "N"]),
        (Syllable("khw", "aa", "m", 0), ["k_h", "w", "a::4", "m"]),
        (Syllable("pr", "a", "", 1), ["p", "*", "a4"]),
        (Syllable("m", "UUa", "n", 4), ["m", "i.4", "@4", "n"]),
        (Syllable("kh", "iia", "w", 4), ["k_h", "i4", "au4"]),
        (Syllable("h", "aa", "j", 4), ["h", "a:i4"]),
        (Syllable("c", "a", "j", 0), ["dZ;", "ai4"]),
    ],
)
def test_a_syllable_has_its_phonemes_in_the_voice(syllable, phonemes):
    assert sounds(syllable) == phonemes


def test_every_syllable_that_thai_has_can_be_spoken():
    initials = ("?", "N", "b", "c", "ch", "d", "f", "h", "j", "kh", "khr", "kl", "kw", "phl", "s", "thr", "w")
    short = ("a", "i", "U", "u", "e", "x", "o", "O", "@", "ia", "Ua", "ua")
    vowels = (*short, *(vowel[0] + vowel for vowel in short))
    finals = ("", "N", "f", "j", "k", "l", "m", "n", "p", "s", "t", "w")
    for initial in initials:
        for vowel in vowels:
            for final in finals:
                assert all(sounds(Syllable(initial, vowel, final, 0)))


def notes(samples):
    """Hertz at 0.2, 0.5 and 0.9 of each stretch of sound, by autocorrelation of what is below 400 Hz."""
    smooth = np.convolve(samples, np.hanning(41) / np.hanning(41).sum(), "same")
    loud = np.convolve(np.abs(samples), np.ones(400) / 400, "same") > 300
    edges = np.flatnonzero(np.diff(np.pad(loud.astype(int), 1)))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin > HERTZ / 10:
            yield [_note(smooth, int(begin + share * (end - begin))) for share in (0.2, 0.5, 0.9)]


def _note(smooth, place):
    lags = range(HERTZ // 200, HERTZ // 80)
    alike = [np.corrcoef(smooth[place - lag : place], smooth[place : place + lag])[0, 1] for lag in lags]
    return HERTZ / lags[int(np.argmax(alike))]


def test_the_five_tones_rise_and_fall_as_they_should():
    with wave.open(io.BytesIO(speech.speak("มา หม่า ม่า ม้า หมา", "th"))) as file:
        assert file.getframerate() == HERTZ
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)
    mid, low, falling, high, rising = notes(samples)
    assert len(TONES) == 5
    assert max(mid) / min(mid) < 1.12
    assert low[0] > low[1] > low[2]
    assert low[2] < 0.85 * mid[2]
    assert falling[1] > 1.15 * mid[1]
    assert falling[2] < 0.8 * falling[1]
    assert high[0] < high[1] < high[2]
    assert high[2] > 1.15 * mid[2]
    assert rising[1] < 0.85 * mid[1]
    assert rising[2] > 1.15 * rising[1]


def test_a_text_is_spoken_at_the_pace_of_speech_and_not_too_loud():
    text = "หินย้อยเริ่มจากน้ำหยดเดียว ขณะที่หยดน้ำเกาะอยู่บนเพดาน"
    with wave.open(io.BytesIO(speech.speak(text, "th"))) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    syllables = sum(map(len, phrases(text)))
    assert 3 < syllables / (len(samples) / HERTZ) < 5.5
    assert np.abs(samples.astype(int)).max() < 32_000


def test_another_melody_changes_neither_length_nor_what_has_no_voice():
    period = round(HERTZ / NOTE_HZ)
    voiced = np.zeros(HERTZ)
    voiced[::period] = 20_000.0
    voiced = np.convolve(voiced, np.hanning(60), "same")
    sung = with_melody(voiced, period, np.full(HERTZ, HERTZ / 150))
    assert len(sung) == HERTZ
    assert _note(sung, HERTZ // 2) == pytest.approx(150, rel=0.02)
    hiss = np.random.default_rng(3).normal(0, 2_000, HERTZ)
    assert with_melody(hiss, period, np.full(HERTZ, HERTZ / 150)) == pytest.approx(hiss)


def test_a_long_text_without_spaces_is_spoken_with_a_breath_between_words():
    text = "น้ำใต้ดินที่ละลายหินปูนไว้ไหลลงมาตามทางลาด" * 20
    parts = [*phrases(text)]
    assert max(map(len, parts)) <= BREATH
    once = heard(text[: len(text) // 20]).split()
    assert [letters(syllable) for part in parts for syllable in part] == once * 20
    with wave.open(io.BytesIO(speech.speak("เคลื่อน" * 80, "th"))) as file:
        assert file.getnframes() / HERTZ > 20


def test_text_without_thai_and_nothing_at_all_are_silence():
    assert heard("…!") == ""
    assert speech.speak("…!", "th") is None
