"""Sounds, pictures and videos by their hash: whole, in parts as RFC 9110 has them, and kept for ever."""

from dataclasses import replace

import pytest
from fakes.guide import GUIDE, SOUND, PublishedGuides, media
from fakes.log import MemoryLog
from fakes.town_day import TOWN
from fastapi.testclient import TestClient
from meguri_qrguide.app import create_app
from meguri_qrguide.visitor.ranges import NotSatisfiableError, Part, asked_part

SIZE = len(SOUND)
ADDRESS = f"/m/{media('sound.ja.m4a', SOUND, 'audio/mp4').name}"
LAST = SIZE - 1


@pytest.fixture
def guides(tmp_path):
    return PublishedGuides(tmp_path, GUIDE)


@pytest.fixture
def client(guides):
    with TestClient(create_app(towns={TOWN.town: TOWN}, log=MemoryLog(), guides=guides)) as client:
        yield client


def test_a_file_is_whole_with_its_type_and_for_ever(client):
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.content) == (200, SOUND)
    assert answer.headers["content-type"] == "audio/mp4"
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["accept-ranges"] == "bytes"
    assert "immutable" in answer.headers["cache-control"]
    again = client.get(ADDRESS, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-1", 0, 1),
        ("bytes=100-199", 100, 199),
        ("bytes=-100", SIZE - 100, LAST),
        (f"bytes=-{SIZE + 1}", 0, LAST),
        ("bytes=0-", 0, LAST),
        (f"bytes={LAST}-", LAST, LAST),
        (f"bytes=500-{SIZE + 1000}", 500, LAST),
        ("Bytes = 7-8", 7, 8),
    ],
)
def test_a_part_is_what_was_asked_for(client, asked, first, last):
    answer = client.get(ADDRESS, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == SOUND[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert answer.headers["content-length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 9}", "bytes=-0", "bytes=999999-"])
def test_past_the_end_is_416_with_the_size(client, asked):
    answer = client.get(ADDRESS, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=9-3", "lines=0-1", "bytes=-", "bytes=a-b", "bytes"]
)
def test_what_is_no_single_range_of_bytes_gets_the_whole(client, asked):
    answer = client.get(ADDRESS, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, SOUND)


def test_a_part_of_another_file_than_the_phone_has_is_the_whole(client):
    etag = client.get(ADDRESS).headers["etag"]
    same = client.get(ADDRESS, headers={"Range": "bytes=0-9", "If-Range": etag})
    other = client.get(ADDRESS, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (same.status_code, other.status_code) == (206, 200)


def test_head_says_the_same_without_the_content(client):
    answer = client.head(ADDRESS, headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer.headers["content-length"]) == (206, "10")


@pytest.mark.parametrize("name", ["0" * 32 + ".m4a", "..%2Fguide.yaml", "guide.yaml", "%00"])
def test_what_is_no_file_of_the_guide_is_not_there(client, name):
    assert client.get(f"/m/{name}").status_code == 404


def test_a_phone_that_still_stores_the_edition_before_gets_its_files(client, guides):
    assert client.get(ADDRESS).status_code == 200
    silent = replace(GUIDE.sights[0], sounds={})
    guides.publish(replace(GUIDE, sights=(silent,)))
    for _ in range(50):
        assert client.get(ADDRESS).status_code == 200
    assert b"audio" not in client.get("/s/1").content


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_every_part_lies_within_the_file(size):
    for first in ["", *map(str, range(size + 2))][:20]:
        for last in ["", *map(str, range(size + 2))][:20]:
            try:
                part = asked_part(f"bytes={first}-{last}", size)
            except NotSatisfiableError:
                assert (first and int(first) >= size) or (not first and int(last) == 0)
                continue
            if part is not None:
                assert 0 <= part.first <= part.last < size


def test_without_a_header_there_is_no_part():
    assert asked_part(None, 10) is None
    assert asked_part("bytes=2-", 10) == Part(2, 9)
