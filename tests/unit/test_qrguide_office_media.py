"""Media from the office: made ready for phones, refused where they are not what they say."""

import io
import stat

import pytest
from fakes.guide_folder import SUBTITLES, mp4, sound, track, video
from fakes.office import NoFfmpeg, OfficeWorld
from meguri_qrguide.content.reading import read_guide
from meguri_qrguide.office import pictures
from meguri_qrguide.office.pictures import phone_pictures
from meguri_qrguide.office.refusals import RefusedError
from meguri_qrguide.office.transcoding import Transcoder
from meguri_qrguide.office.voices import Voices
from PIL import Image

SIGHT = "/office/guides/mine/sights/101"
EXIF_ORIENTATION, EXIF_MAKE, EXIF_GPS = 0x0112, 0x010F, 0x8825


def nothing(_share):
    pass


@pytest.fixture
def world(tmp_path):
    world = OfficeWorld(tmp_path, transcoder=NoFfmpeg())
    yield world
    world.close()


@pytest.fixture
def browser(world):
    return world.signed_in()


def sight(world):
    return read_guide(world.draft).sights[0]


def upload(browser, path, content, name="file", **fields):
    return browser.post(f"{SIGHT}/{path}", of=SIGHT, files={"file": (name, content)}, **fields)


def photo(size=(40, 30), form="JPEG", mode="RGB", colour="green", **options):
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, form, **options)
    return file.getvalue()


def with_camera():
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6  # held upright
    exif[EXIF_MAKE] = "Camera"
    exif.get_ifd(EXIF_GPS)[1] = "N"
    return photo((40, 30), exif=exif)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF"])
def test_a_picture_of_any_usual_kind_becomes_webp_and_avif(form):
    made = phone_pictures(io.BytesIO(photo(form=form)), nothing)
    kinds = {suffix: Image.open(io.BytesIO(content)).format for suffix, content in made.items()}
    assert kinds == {"webp": "WEBP", "avif": "AVIF"}


def test_a_picture_is_turned_as_it_was_held_and_says_nothing_of_place_or_camera():
    assert b"Camera" in with_camera()
    for content in phone_pictures(io.BytesIO(with_camera()), nothing).values():
        made = Image.open(io.BytesIO(content))
        assert made.size == (30, 40)
        assert not made.getexif()
        assert b"Camera" not in content


def test_a_large_picture_gets_a_longest_side_of_1600():
    made = phone_pictures(io.BytesIO(photo((4_000, 1_000))), nothing)
    assert {Image.open(io.BytesIO(content)).size for content in made.values()} == {(1_600, 400)}


def test_what_is_clear_stays_clear():
    made = phone_pictures(io.BytesIO(photo(form="PNG", mode="RGBA", colour=(0, 99, 0, 99))), nothing)
    assert Image.open(io.BytesIO(made["webp"])).mode == "RGBA"


def test_a_picture_that_would_be_too_large_is_made_plainer():
    noise = Image.effect_noise((1_600, 1_600), 200).convert("RGB")
    file = io.BytesIO()
    noise.save(file, "JPEG", quality=95)
    for content in phone_pictures(file, nothing).values():
        assert len(content) <= 1_000_000


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", photo()[:200], b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4", sound()],
    ids=["nothing", "text", "cut off", "svg", "pdf", "sound"],
)
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(RefusedError, match="refused_picture"):
        phone_pictures(io.BytesIO(content), nothing)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(pictures, "MOST_PIXELS", 1_000)
    with pytest.raises(RefusedError, match="refused_picture_pixels"):
        phone_pictures(io.BytesIO(photo((40, 30))), nothing)


def test_a_picture_joins_a_sight_with_its_description(world, browser):
    done = browser.finished(upload(browser, "pictures", photo(), "Cave Mouth.JPG", **{"alt-ja": "暗い入口"}))
    assert done.headers["location"] == f"{SIGHT}?said=saved"
    (found,) = sight(world).pictures
    assert (found.name, dict(found.alt)) == ("cave-mouth", {"ja": "暗い入口"})
    assert [file.type for file in found.files] == ["image/avif", "image/webp"]
    shown = browser.get(f"/office/guides/mine/media/{found.files[1].name}")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")


def test_a_picture_without_a_description_is_refused(world, browser):
    refused = upload(browser, "pictures", photo(), "cave.jpg", **{"alt-en": "A dark entrance"})
    assert refused.status_code == 422
    assert "Describe the picture in 日本語" in refused.text
    assert sight(world).pictures == ()


def test_a_picture_that_is_none_is_refused_with_a_sentence_and_the_draft_stays(world, browser):
    end = browser.finished(upload(browser, "pictures", b"GIF89a but no more", "a.gif", **{"alt-ja": "入口"}))
    assert end.status_code == 422
    assert "This is no picture that can be read." in end.text
    assert sight(world).pictures == ()


@pytest.mark.parametrize("name", ["sound", "Cave", "-a", "a/b", "../a"])
def test_a_name_that_no_picture_has_is_refused(browser, name):
    refused = upload(browser, "pictures", photo(), name=name, **{"alt-ja": "入口"})
    refused = browser.post(
        f"{SIGHT}/pictures", of=SIGHT, files={"file": ("a.jpg", photo())}, **{"alt-ja": "入口", "name": name}
    )
    assert refused.status_code == 422


def test_a_description_is_changed_and_a_picture_taken_away(world, browser):
    browser.finished(upload(browser, "pictures", photo(), "cave.jpg", **{"alt-ja": "入口"}))
    browser.post(f"{SIGHT}/pictures/cave", of=SIGHT, **{"alt-ja": "暗い入口"})
    assert dict(sight(world).pictures[0].alt) == {"ja": "暗い入口"}
    browser.post(f"{SIGHT}/pictures/cave/remove", of=SIGHT)
    assert sight(world).pictures == ()
    assert "pictures" not in world.read("sights/101/ja.md")


def test_a_description_that_somebody_else_changed_meanwhile_is_not_written_over(world, browser):
    browser.finished(upload(browser, "pictures", photo(), "cave.jpg", **{"alt-ja": "入口"}))
    mine = browser.hidden(SIGHT)
    browser.post(f"{SIGHT}/pictures/cave", of=SIGHT, **{"alt-ja": "同僚の説明"})
    refused = browser.client.post(f"{SIGHT}/pictures/cave", data={**mine, "alt-ja": "わたしの説明"})
    assert refused.status_code == 409
    assert dict(sight(world).pictures[0].alt) == {"ja": "同僚の説明"}


def test_without_ffmpeg_an_m4a_file_is_taken_as_it_is(world, browser):
    browser.finished(upload(browser, "sounds/ja", sound(), "ja.m4a"))
    found = sight(world).sounds["ja"]
    assert (found.seconds, found.made_by) == (2.0, "recording")
    assert found.says == sight(world).texts["ja"].digest
    assert (world.draft / "sights/101/sound.ja.m4a").read_bytes() == sound()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"RIFF\0\0\0\0WAVEfmt ", "apt-get install ffmpeg"),
        (b"ID3\x04" + bytes(40), "apt-get install ffmpeg"),
        (b"OggS" + bytes(40), "apt-get install ffmpeg"),
        (b"#EXTM3U\nhttp://evil.example/a.m4a", "neither a sound nor a video"),
        (b"ffconcat version 1.0\nfile /etc/passwd", "neither a sound nor a video"),
        (b"<html>", "neither a sound nor a video"),
        (video(), "not what phones play: It has vide avc1, soun mp4a"),
        (mp4(track(b"soun", b"alac")), "not what phones play: It has soun alac"),
        (b"\0\0\0\x10ftypM4A \0\0\0\0", "not what phones play"),
    ],
    ids=["wav", "mp3", "ogg", "playlist", "concat", "page", "video", "other codec", "cut off"],
)
def test_a_sound_that_phones_do_not_play_is_refused_with_what_to_do(world, browser, content, sentence):
    end = browser.finished(upload(browser, "sounds/ja", content, "sound.m4a"))
    assert end.status_code == 422
    assert sentence in end.text
    assert sight(world).sounds == {}


def test_a_sound_of_a_text_that_changed_since_is_marked(world, browser):
    browser.finished(upload(browser, "sounds/ja", sound(), "ja.m4a"))
    of = f"{SIGHT}/ja"
    browser.post(of, of=of, title="洞口", lead="口。", body="別の文。")
    assert "101 日本語: original, sound says an earlier text" in browser.get("/office/guides/mine").text


def test_a_language_without_a_text_gets_no_sound(browser):
    refused = upload(browser, "sounds/fr", sound(), "fr.m4a")
    assert refused.status_code == 422
    assert "There is no text in this language yet." in refused.text


def test_a_sound_is_taken_away(world, browser):
    browser.finished(upload(browser, "sounds/ja", sound(), "ja.m4a"))
    browser.post(f"{SIGHT}/sounds/ja/remove", of=SIGHT)
    assert sight(world).sounds == {}


def test_a_video_comes_with_subtitles_and_goes_with_them(world, browser):
    browser.finished(upload(browser, "video", video(), "cave.mp4"))
    assert upload(browser, "video/subtitles", SUBTITLES.encode(), "ja.vtt", language="ja").status_code == 303
    assert list(sight(world).video.subtitles) == ["ja"]
    refused = upload(
        browser, "video/subtitles", b"1\n00:00:01,000 --> 00:00:02,000\nsrt\n", "en.srt", language="en"
    )
    assert refused.status_code == 422
    assert "It is no WebVTT file" in refused.text
    browser.post(f"{SIGHT}/video/remove", of=SIGHT)
    assert sight(world).video is None


def test_a_form_without_a_file_is_refused(browser):
    for path in ("pictures", "sounds/ja", "video"):
        refused = browser.post(f"{SIGHT}/{path}", of=SIGHT, **{"alt-ja": "入口"})
        assert refused.status_code == 422
        assert "No file was chosen" in refused.text


def program(folder, script):
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_what_ffmpeg_cannot_read_is_refused_and_leaves_nothing_behind(tmp_path):
    world = OfficeWorld(tmp_path, transcoder=Transcoder(program(tmp_path, "exit 1")))
    browser = world.signed_in()
    end = browser.finished(upload(browser, "sounds/ja", b"OggS" + bytes(40), "a.ogg"))
    assert "ffmpeg cannot read this file" in end.text
    assert sight(world).sounds == {}
    assert not [path for path in world.draft.parent.iterdir() if path.name.startswith(".work-")]
    world.close()


def test_closing_the_office_ends_ffmpeg_and_leaves_the_draft_as_it_was(tmp_path):
    endless = "while :; do echo out_time_us=1; sleep 0.05; done"
    world = OfficeWorld(tmp_path, transcoder=Transcoder(program(tmp_path, endless)))
    browser = world.signed_in()
    begun = upload(browser, "sounds/ja", b"OggS" + bytes(40), "a.ogg")
    state = f"{begun.headers['location']}/state"
    while browser.get(state).json() == {"ended": False, "share": 0.0} and not world.office._jobs._threads:
        pass
    world.close()
    assert sight(world).sounds == {}
    assert not [path for path in world.draft.parent.iterdir() if path.name.startswith(".work-")]


class OneVoice(Voices):
    """A machine that speaks Japanese alone."""

    def has(self, language):
        return language == "ja"

    def spoken(self, text, language):
        return sound(f"{language} {text.title}".encode()), 2.0


def test_the_machine_speaks_a_text_for_now_and_visitors_are_told(tmp_path):
    world = OfficeWorld(tmp_path, voices=OneVoice(), transcoder=NoFfmpeg())
    browser = world.signed_in()
    browser.post(f"{SIGHT}/en", of=f"{SIGHT}/en", title="The mouth", lead="Of the cave.")
    assert browser.get(SIGHT).text.count("Let the machine speak it for now") == 1
    browser.finished(browser.post(f"{SIGHT}/sounds/ja/speak", of=SIGHT))
    found = sight(world).sounds["ja"]
    assert (found.made_by, found.says) == ("speech engine", sight(world).texts["ja"].digest)
    assert "spoken by a machine" in browser.get(SIGHT).text
    refused = browser.post(f"{SIGHT}/sounds/en/speak", of=SIGHT)
    assert "This machine has no voice for this language." in refused.text
    world.close()


def test_a_recording_takes_the_place_of_the_machines_voice(tmp_path):
    world = OfficeWorld(tmp_path, voices=OneVoice(), transcoder=NoFfmpeg())
    browser = world.signed_in()
    browser.finished(browser.post(f"{SIGHT}/sounds/ja/speak", of=SIGHT))
    browser.finished(upload(browser, "sounds/ja", sound(), "ja.m4a"))
    assert sight(world).sounds["ja"].made_by == "recording"
    world.close()
