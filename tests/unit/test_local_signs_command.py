"""`meguri guide signs`: a town's signs as files, made of what visitors see."""

import json

import pypdfium2
import pytest
import zxingcpp
from fakes.guide_folder import write_guide
from meguri.cli import main
from meguri_qrguide.content.guides import Guides

URL = "https://guide.example"


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def published(data):
    guides = Guides(data / "guides")
    write_guide(guides.draft("valley"))
    guides.editions("valley").publish(guides.draft("valley"), 1)


@pytest.fixture
def signs(data, monkeypatch, capsys, tmp_path):
    """Run the command: its exit status, and what it printed to each stream."""

    def run(*arguments, url=URL, out=tmp_path / "signs"):
        named = ("--town", "valley", "--data", data, "--public-url", url, "--out", out)
        monkeypatch.setattr("sys.argv", ["meguri", "guide", "signs", *map(str, (*named, *arguments))])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


def codes(file):
    pages = pypdfium2.PdfDocument(file.read_bytes())
    found = (zxingcpp.read_barcodes(page.render(scale=200 / 72).to_pil()) for page in pages)
    return [code.text for page in found for code in sorted(page, key=lambda each: each.position.top_left.x)]


def test_every_paper_has_a_file_with_entrance_sights_in_the_order_of_the_route_and_exit(
    signs, published, tmp_path
):
    status, out, err = signs("--language", "ja", "--language", "fr")
    assert (status, err) == (0, "4 signs of valley: entrance, 2 sights, exit.\n")
    files = [tmp_path / "signs" / f"valley-signs-{paper}.pdf" for paper in ("a4", "a6", "stickers")]
    assert out.split() == [str(file) for file in files]
    expected = [f"{URL}/{path}" for path in ("g/valley", "s/102", "s/101", "x/valley")]
    wifi = "WIFI:T:WPA;S:Valley\\; guests;P:tea\\:time;;"
    assert codes(files[0]) == codes(files[1]) == [wifi, *expected]
    assert sorted(codes(files[2])) == sorted(expected)


def test_a_program_reads_what_was_written(signs, published, tmp_path):
    _, out, _ = signs("--json")
    said = json.loads(out)
    assert (said["town"], said["signs"], len(said["files"])) == ("valley", 4, 3)


@pytest.mark.parametrize(
    ("url", "arguments", "says"),
    [
        ("http://guide.example", (), "over https alone"),
        ("http://127.0.0.1:8602", (), "leads each phone to itself"),
        (URL, ("--language", "xx"), "not written in xx"),
    ],
)
def test_signs_that_would_not_do_are_refused_and_nothing_is_written(
    signs, published, tmp_path, url, arguments, says
):
    status, out, err = signs(*arguments, url=url)
    assert (status, out, says in err) == (1, "", True)
    assert not (tmp_path / "signs").exists()


def test_before_anything_is_published_there_are_no_signs(signs):
    status, _, err = signs()
    assert (status, "run `meguri guide publish --town valley` first" in err) == (1, True)


def test_a_folder_that_cannot_be_written_is_named(signs, published, tmp_path):
    (tmp_path / "file").touch()
    status, _, err = signs(out=tmp_path / "file" / "signs")
    assert (status, "cannot be written to" in err) == (1, True)
