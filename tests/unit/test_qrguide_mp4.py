"""What an MP4 file says of itself, by its boxes."""

import io

import pytest
from fakes.guide_folder import box, mp4, picture, sound, track, video
from meguri_qrguide.content.boxes import BoxError
from meguri_qrguide.content.inspecting import NotWhatItSaysError, check
from meguri_qrguide.content.layout import FileKind
from meguri_qrguide.content.mp4 import read_mp4

TYPE = box(b"ftyp", b"isom", bytes(4))


def read(content):
    return read_mp4(io.BytesIO(content), len(content))


def index(header):
    return box(b"moov", box(b"mvhd", header), track(b"soun", b"mp4a"))


def test_a_file_says_its_tracks_and_how_long_it_is():
    found = read(video())
    assert found.tracks == (("vide", "avc1"), ("soun", "mp4a"))
    assert found.seconds == 2.0


def test_a_length_in_64_bits_is_read():
    header = b"\x01" + bytes(19) + (48_000).to_bytes(4, "big") + (144_000).to_bytes(8, "big") + bytes(80)
    assert read(TYPE + index(header) + box(b"mdat", b"x")).seconds == 3.0


def test_data_whose_size_is_in_64_bits_or_reaches_to_the_files_end_is_read():
    whole = sound()
    start = whole.index(b"mdat") - 4
    data = whole[start + 8 :]
    large = (1).to_bytes(4, "big") + b"mdat" + (len(data) + 16).to_bytes(8, "big") + data
    to_the_end = bytes(4) + b"mdat" + data
    for end in (large, to_the_end):
        assert read(whole[:start] + end).tracks == (("soun", "mp4a"),)


def test_an_index_behind_the_data_is_read():
    whole = sound()
    start = whole.index(b"mdat") - 4
    assert read(whole[:16] + whole[start:] + whole[16:start]).tracks == (("soun", "mp4a"),)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "its first box is not ftyp"),
        (b"\x89PNG\r\n\x1a\n" + bytes(16), "It is cut off, or not of its format"),
        (box(b"free") + sound(), "its first box is not ftyp"),
        (TYPE + box(b"moov"), "lacks its index"),
        (TYPE + box(b"mdat", b"x"), "lacks its index"),
        (TYPE + box(b"moov", bytes(8_000_001)) + box(b"mdat", b"x"), "larger than its data can need"),
        (TYPE + box(b"moov", b"\x00\x00\xff\xfftrak") + box(b"mdat", b"x"), "Its index is damaged"),
    ],
)
def test_a_file_is_refused_whose_boxes_do_not_fit(content, sentence):
    with pytest.raises(BoxError, match=sentence):
        read(content)


def test_a_file_with_two_sounds_is_refused():
    two = mp4(track(b"soun", b"mp4a"), track(b"soun", b"mp4a"))
    with pytest.raises(NotWhatItSaysError, match="It has soun mp4a, soun mp4a; expected one track of AAC"):
        check(io.BytesIO(two), len(two), FileKind.SOUND)


@pytest.mark.parametrize(
    ("kind", "form"), [(FileKind.AVIF, "AVIF"), (FileKind.WEBP, "WEBP"), (FileKind.JPEG, "JPEG")]
)
def test_a_picture_without_its_last_bytes_is_refused(kind, form):
    cut = picture(form, side=64)[:-8]
    with pytest.raises(NotWhatItSaysError, match=r"damaged|cut off"):
        check(io.BytesIO(cut), len(cut), kind)
